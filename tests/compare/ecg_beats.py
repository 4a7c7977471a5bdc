#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Cuts five minutes of an electrocardiogram into beats: normal.npy, of the first half, other
normal ones, test.npy, and unusual.npy, 128 readings each, a beat's own mean taken away.

The record is no. 208 of the MIT-BIH Arrhythmia Database (Moody and Mark, 2001; PhysioNet,
Goldberger et al., 2000), as Debian's python3-scipy brings it. It has no labels: the two kinds of
beats are what 2-means finds. They are not a cardiologist's.
usage: ecg_beats.py ECG_DAT FOLDER
"""
import sys

import numpy as np

RATE, BEFORE, SIZE = 360, 48, 128


def beats_of(signal):
    """Windows around the largest deviations from the mean of a second, at least 0.4 s apart."""
    drift = np.convolve(signal, np.ones(RATE) / RATE, "same")
    size = np.convolve((signal - drift) ** 2, np.ones(36) / 36, "same")
    lowest = 0.2 * np.quantile(size, 0.99)
    peaks = []
    for at in np.argsort(-size):
        if size[at] < lowest:
            break
        if all(abs(at - peak) > 0.4 * RATE for peak in peaks):
            peaks.append(at)
    whole = [at for at in sorted(peaks) if at >= BEFORE and at + SIZE - BEFORE <= signal.size]
    beats = np.array([signal[at - BEFORE:at - BEFORE + SIZE] for at in whole])
    return beats - beats.mean(axis=1, keepdims=True)


def two_means(beats):
    """Which beats belong to the smaller kind."""
    offset = beats - beats.mean(axis=0)
    order = (offset @ np.linalg.svd(offset, full_matrices=False)[2][0]).argsort()
    tenth = len(beats) // 10
    centres = np.array([beats[order[:tenth]].mean(axis=0), beats[order[-tenth:]].mean(axis=0)])
    for _ in range(100):
        kind = ((beats[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        centres = np.array([beats[kind == k].mean(axis=0) for k in range(2)])
    return kind == np.bincount(kind).argmin()


def main():
    with np.load(sys.argv[1]) as record:
        signal = (record["ecg"].astype(float) - 1024) / 200  # mV
    beats = beats_of(signal)
    unusual = two_means(beats)
    normal = beats[~unusual]
    half = len(normal) // 2
    for name, some in (("normal", normal[:half]), ("test", normal[half:]),
                       ("unusual", beats[unusual])):
        np.save(f"{sys.argv[2]}/{name}.npy", some.astype(np.float32))
        print(f"{name}: {len(some)} beats")


main()
