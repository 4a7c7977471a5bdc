# SPDX-License-Identifier: MIT
"""Prints the checksums of first weights that random_test.cpp expects: Philox4x32-10, Glorot's and
He's limits and CRC-32C written down once more, without the library. Needs Python only.

usage: python3 make_first_weights.py
"""
import math
import struct


def as_float(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def first_weights(sizes, seed, he):
    """The parameter array of a dense chain: each tensor padded with zeros to 16 floats."""
    floats = []
    for layer, (n_in, n_out) in enumerate(zip(sizes, sizes[1:])):
        limit = as_float(math.sqrt(as_float(6 / (n_in if he else n_in + n_out))))
        count, words = n_in * n_out, []
        for block in range((count + 3) // 4):
            words += philox([block, layer, 1, 0], [seed, 0])
        floats += [as_float(as_float(2 * (w >> 8) / 2**24 - 1) * limit) for w in words[:count]]
        floats += [0.0] * (-count % 16 + n_out + -n_out % 16)
    return struct.pack("<%df" % len(floats), *floats)


assert crc32c(b"123456789") == 0xE3069283  # the check value of CRC-32C
assert philox([0] * 4, [0] * 2)[0] == 0x6627E8D5
for what, sizes, seed, he in (
    ("tutorial, seed 1, Glorot", [784, 24, 784], 1, False),
    ("tutorial, seed 2, Glorot", [784, 24, 784], 2, False),
    ("tutorial, seed 1, He", [784, 24, 784], 1, True),
    ("deep, seed 1, Glorot", [16, 12, 9, 5, 9, 12, 16], 1, False),
):
    print("%s: 0x%08X" % (what, crc32c(first_weights(sizes, seed, he))))
