#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import numpy as np

rows, features, components = 12, 5, 3
data = np.array([[((i * 7 + j * 11 + i * j * 3) % 23) / 8 + 100 * (j == 1) for j in range(features)]
                 for i in range(rows)])
mean = data.mean(axis=0)
variance, directions = np.linalg.eigh(np.cov(data, rowvar=False))
order = np.argsort(variance)[::-1]
variance, directions = variance[order], directions[:, order].T
directions *= np.sign(directions[np.arange(features), np.abs(directions).argmax(axis=1)])[:, None]
kept = directions[:components]
codes = (data - mean) @ kept.T
mse = np.mean((data - mean - codes @ kept) ** 2)


def show(name, values):
    print(name, ", ".join(f"{v:.9g}" for v in np.ravel(values)))


show("mean", mean)
show("variance", variance[:components])
show("ratio", (variance / variance.sum())[:components])
show("directions", kept)
show("codes of row 4", codes[4])
show("mse", mse)
