# SPDX-License-Identifier: MIT
"""Checks ONNX files with ONNX's own checker and runs them in double precision, by none of the
project's code: from the operators' published description. (Debian's onnx 1.12 has no evaluator of
its own, which came with 1.13.)
usage: run_onnx.py MODEL.onnx INPUT.npy EXPECTED.npy LARGEST_DIFFERENCE
"""
import sys

import numpy as np
import onnx
from onnx import numpy_helper


def attributes(node):
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def along(values, rank, axis):
    """A vector so that it broadcasts along an axis; a single value as it is."""
    if values.ndim == 0:
        return values
    return values.reshape([-1 if i == axis % rank else 1 for i in range(rank)])


def quantize(x, scale, zero, axis=1):
    scaled = x / along(scale.astype(float), x.ndim, axis)
    codes = np.rint(scaled) + along(zero.astype(float), x.ndim, axis)
    limits = np.iinfo(zero.dtype)
    return np.clip(codes, limits.min, limits.max).astype(zero.dtype)


def dequantize(codes, scale, zero, axis=1):
    shifted = codes.astype(float) - along(zero.astype(float), codes.ndim, axis)
    return shifted * along(scale.astype(float), codes.ndim, axis)


def places(size, taps, stride, dilation, before, after):
    return (size + before + after - ((taps - 1) * dilation + 1)) // stride + 1


def windows(x, kernel_shape, strides, pads, dilations=(1, 1), outside=0.0, **_):
    """x[n][c][h][w] -> [n][c][places down][places across][taps down][taps across]."""
    top, left, bottom, right = pads
    padded = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=outside)
    rows = places(x.shape[2], kernel_shape[0], strides[0], dilations[0], top, bottom)
    columns = places(x.shape[3], kernel_shape[1], strides[1], dilations[1], left, right)
    down = np.arange(rows)[:, None] * strides[0] + np.arange(kernel_shape[0]) * dilations[0]
    across = np.arange(columns)[:, None] * strides[1] + np.arange(kernel_shape[1]) * dilations[1]
    return padded[:, :, down[:, None, :, None], across[None, :, None, :]]


def conv(x, weight, bias, group=1, **window):
    patches = windows(x, **window)
    shape = patches.shape
    patches = patches.reshape(shape[0], group, shape[1] // group, *shape[2:])
    weight = weight.reshape(group, weight.shape[0] // group, *weight.shape[1:])
    y = np.einsum("ngchwij,gocij->ngohw", patches, weight, optimize=True)
    return y.reshape(shape[0], -1, *shape[2:4]) + along(bias, 4, 1)


def conv_transpose(x, weight, bias, strides, pads, dilations, output_padding, **_):
    top, left, bottom, right = pads
    n, _, height, width = x.shape
    taps = weight.shape[2:]
    reach = [(taps[i] - 1) * dilations[i] + 1 for i in (0, 1)]
    whole = np.zeros((n, weight.shape[1], (height - 1) * strides[0] + reach[0] + output_padding[0],
                      (width - 1) * strides[1] + reach[1] + output_padding[1]))
    for i in range(taps[0]):
        for j in range(taps[1]):
            row, column = i * dilations[0], j * dilations[1]
            down = slice(row, row + (height - 1) * strides[0] + 1, strides[0])
            across = slice(column, column + (width - 1) * strides[1] + 1, strides[1])
            whole[:, :, down, across] += np.einsum("nchw,co->nohw", x, weight[:, :, i, j])
    cut = whole[:, :, top:whole.shape[2] - bottom, left:whole.shape[3] - right]
    return cut + along(bias, 4, 1)


def mean_pool(x, **window):
    inside = windows(np.ones_like(x), **window).sum((4, 5))
    return windows(x, **window).sum((4, 5)) / inside


def resize(x, _, scales, mode, coordinate_transformation_mode, **__):
    for axis in (2, 3):
        count, size = round(x.shape[axis] * float(scales[axis])), x.shape[axis]
        if mode == b"nearest":
            assert coordinate_transformation_mode == b"asymmetric"
            x = np.take(x, np.arange(count) // round(float(scales[axis])), axis)
            continue
        assert coordinate_transformation_mode == b"half_pixel"
        at = np.clip((np.arange(count) + 0.5) / float(scales[axis]) - 0.5, 0, size - 1)
        first = np.floor(at).astype(int)
        part = along(at - first, 4, axis)
        second = np.minimum(first + 1, size - 1)
        x = (1 - part) * np.take(x, first, axis) + part * np.take(x, second, axis)
    return x


def batch_norm(x, gamma, beta, mean, variance, epsilon):
    factor = gamma / np.sqrt(variance + epsilon)
    return (x - along(mean, x.ndim, 1)) * along(factor, x.ndim, 1) + along(beta, x.ndim, 1)


OPERATORS = {
    "QuantizeLinear": quantize,
    "DequantizeLinear": dequantize,
    "Gemm": lambda x, weight, bias, transB: x @ (weight.T if transB else weight) + bias,
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "MaxPool": lambda x, **window: windows(x, outside=-np.inf, **window).max((4, 5)),
    "AveragePool": mean_pool,
    "Resize": resize,
    "BatchNormalization": batch_norm,
    "Reshape": lambda x, shape: x.reshape([x.shape[i] if n == 0 else n
                                           for i, n in enumerate(shape)]),
    "Transpose": lambda x, perm: x.transpose(perm),
    "Relu": lambda x: np.maximum(x, 0),
    "LeakyRelu": lambda x, alpha: np.where(x < 0, alpha * x, x),
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "Tanh": np.tanh,
}


def run(model, x):
    sides = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    values = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    values = {name: v.astype(float) if v.dtype == np.float32 else v for name, v in values.items()}
    values[""] = None
    values[model.graph.input[0].name] = x.astype(float).reshape([-1] + sides[1:])
    for node in model.graph.node:
        inputs = [values[name] for name in node.input]
        values[node.output[0]] = OPERATORS[node.op_type](*inputs, **attributes(node))
    return values[model.graph.output[0].name]


def main():
    path, inputs, expected, largest = sys.argv[1:]
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    stated = [d.dim_value for d in model.graph.output[0].type.tensor_type.shape.dim][1:]
    y = run(model, np.load(inputs))
    if list(y.shape[1:]) != stated:
        sys.exit(f"{path}: the output is {y.shape[1:]}, the graph says {stated}")
    off = np.abs(y.reshape(len(y), -1) - np.load(expected).reshape(len(y), -1))
    print(f"{path}: {len(y)} rows, largest difference {off.max():.3g}, "
          f"{np.mean(off > 1e-4):.2%} differ")
    if not off.max() <= float(largest):
        sys.exit(f"{path}: differs by {off.max():.3g}, more than {largest}")


main()
