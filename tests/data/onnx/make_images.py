#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Exports convolutional PyTorch models with torch.onnx, and what they compute in double precision,
as images whose channels are last.

usage: make_images.py      in this folder; PyTorch 1.13, NumPy 1.24
"""
import sys
import warnings

import numpy as np
import torch
from torch import nn

warnings.filterwarnings("ignore")
sys.path.insert(0, "../keras")
from make import numbers  # noqa: E402


def set_weights(model):
    """Numbers that other scripts make too; what scales or divides is positive."""
    for seed, values in enumerate(list(model.parameters()) + list(model.buffers()), 301):
        if values.dtype != torch.float32:
            continue
        numbered = torch.from_numpy(numbers(seed, *values.shape))
        positive = values.numel() > 0 and values.min() == 1
        values.data.copy_(numbered + 1 if positive else numbered)
    return model.eval()


class View(nn.Module):
    def __init__(self, *sides):
        super().__init__()
        self.sides = sides

    def forward(self, x):
        return x.view(x.size(0), *self.sides)


class Permute(nn.Module):
    def __init__(self, *order):
        super().__init__()
        self.order = order

    def forward(self, x):
        return x.permute(*self.order)


class Autoencoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = nn.Sequential(*encoder), nn.Sequential(*decoder)

    def forward(self, x):
        return self.decoder(self.encoder(x))


def pictures():
    """2 x 12 x 8, a code that is a vector."""
    encoder = [nn.BatchNorm2d(2), nn.Conv2d(2, 4, 3, stride=(2, 1), padding=1, bias=False),
               nn.BatchNorm2d(4), nn.LeakyReLU(0.125),
               nn.Conv2d(4, 4, (3, 2), padding=(2, 1), dilation=2, groups=4), nn.MaxPool2d(2),
               nn.ReLU(), nn.AvgPool2d(3, stride=1, padding=1), nn.Conv2d(4, 6, 2, groups=2),
               nn.Flatten(), nn.BatchNorm1d(36), nn.Linear(36, 5), nn.Tanh()]
    decoder = [nn.Linear(5, 24), nn.BatchNorm1d(24), nn.ReLU(), View(6, 2, 2),
               nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, output_padding=(1, 0), groups=2),
               nn.BatchNorm2d(4), nn.Tanh(), nn.Upsample(scale_factor=(1, 2)),
               nn.ConvTranspose2d(4, 3, (2, 3), padding=(0, 1)),
               nn.AvgPool2d(2, stride=(1, 2), ceil_mode=True, count_include_pad=False),
               nn.Conv2d(3, 2, 3, padding=1), nn.Sigmoid()]
    return Autoencoder(encoder, decoder)


def bilinear():
    """3 x 4 x 5, a code that is an image."""
    encoder = [nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, padding=1)]
    decoder = [nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
               nn.Conv2d(4, 3, 3, padding=1)]
    return Autoencoder(encoder, decoder)


def signals():
    """2 x 24."""
    encoder = [nn.Conv1d(2, 4, 5, stride=2, padding=2), nn.BatchNorm1d(4), nn.ReLU(),
               nn.MaxPool1d(2), nn.Flatten(), nn.Linear(24, 4)]
    decoder = [nn.Linear(4, 24), nn.ReLU(), View(4, 6),
               nn.ConvTranspose1d(4, 3, 4, stride=2, padding=1), nn.Upsample(scale_factor=2),
               nn.Conv1d(3, 2, 3, padding=2, dilation=2)]
    return Autoencoder(encoder, decoder)


def channels_last():
    """4 x 6 x 2 with the channels last outside, as exporters from TensorFlow write it."""
    encoder = [Permute(0, 3, 1, 2), nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), Permute(0, 2, 3, 1),
               nn.Flatten(), nn.Linear(72, 4)]
    decoder = [nn.Linear(4, 72), View(4, 6, 3), Permute(0, 3, 1, 2), nn.Conv2d(3, 2, 3, padding=1),
               Permute(0, 2, 3, 1)]
    return Autoencoder(encoder, decoder)


def last(x):
    """Rows of values, the channels of an image or a signal last."""
    x = np.moveaxis(x, 1, -1) if x.ndim > 2 else x
    return np.ascontiguousarray(x.reshape(x.shape[0], -1), dtype=np.float32)


def write(name, model, shape, opsets, is_last=False):
    x = numbers(401, 3, *shape)
    model = set_weights(model)
    for opset in opsets:
        # Of one opset the number of samples is fixed.
        axes = {"input": {0: "n"}, "output": {0: "n"}} if opset != 11 else None
        torch.onnx.export(model, torch.from_numpy(x), f"{name}_opset{opset}.onnx",
                          opset_version=opset, input_names=["input"], output_names=["output"],
                          dynamic_axes=axes)
    exact = model.double()
    double = torch.from_numpy(x).double()
    code = exact.encoder(double)
    arrays = {"input": x, "code": code.detach().numpy(),
              "output": exact.decoder(code).detach().numpy()}
    for what, values in arrays.items():
        rows = last(values) if not is_last else values.astype(np.float32).reshape(3, -1)
        np.save(f"{name}_{what}.npy", rows)


if __name__ == "__main__":
    write("pictures", pictures(), (2, 12, 8), (9, 11, 17))
    write("bilinear", bilinear(), (3, 4, 5), (11, 17))
    write("signals", signals(), (2, 24), (9, 17))
    write("channels_last", channels_last(), (4, 6, 2), (9, 17), is_last=True)
