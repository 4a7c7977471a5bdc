#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes samples.npy, a sound in float32, and decibels.npy, its log-mel frames, computed in double
precision.

The definition is that of librosa.feature.melspectrogram(y, sr=16000, n_fft=1024, hop_length=512,
n_mels=128, power=2.0, center=False) and 10 * log10(mel + epsilon), written out in NumPy: a Hann
window, bands of Slaney's mel scale, each of area 2.
usage: make.py [FOLDER]
"""
import os
import sys

import numpy as np

RATE, FFT, HOP, MELS, FRAMES = 16000, 1024, 512, 128, 5


def hertz(mel):
    """Slaney: linear up to 1000 Hz, 15 mel, then 27 mel for a factor of 6.4."""
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp(np.log(6.4) / 27 * (mel - 15)))


def bands():
    highest = 15 + np.log(RATE / 2 / 1000) / (np.log(6.4) / 27)
    edges = hertz(np.linspace(0, highest, MELS + 2))
    frequency = np.arange(FFT // 2 + 1) * RATE / FFT
    weights = []
    for low, centre, high in zip(edges, edges[1:], edges[2:]):
        rising, falling = (frequency - low) / (centre - low), (high - frequency) / (high - centre)
        weights.append(np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low))
    return np.array(weights)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    random = np.random.RandomState(20261128)
    time = np.arange(FFT + (FRAMES - 1) * HOP) / RATE
    sound = 0.02 * random.standard_normal(time.size)  # a machine: noise, and harmonics of its shaft
    for harmonic, level in ((1, 0.3), (2, 0.2), (3, 0.1), (7, 0.05), (40, 0.02)):
        sound += level * np.sin(2 * np.pi * 157.3 * harmonic * time + harmonic)
    sound[-HOP:] = 0  # and then it stops
    samples = np.round(sound * 32768).clip(-32768, 32767) / 32768
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FFT) / FFT)
    filters = bands()
    decibels = []
    for first in range(0, time.size - FFT + 1, HOP):
        power = np.abs(np.fft.rfft(samples[first:first + FFT] * window)) ** 2
        decibels.append(10 * np.log10(filters @ power + np.finfo(float).eps))
    np.save(os.path.join(folder, "samples.npy"), samples.astype(np.float32))
    np.save(os.path.join(folder, "decibels.npy"), np.array(decibels, np.float32))


main()
