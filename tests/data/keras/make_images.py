#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Keras models of images and of signals, laid out as make.py does, and what they compute in double
precision, by Keras' documented shapes and TensorFlow's padding.

usage: make_images.py      in this folder; running it again gives the same models
"""
import numpy as np
from make import (ACTIVATIONS, Layer, batch_norm, dense, functional_json, layer_json, leaky_relu,
                  numbers, put_vars, run, same, save, sequential_json, write_h5, write_keras)


def places(size, taps, stride, dilation, padding):
    """How many, and the zeros in front of and behind the pixels."""
    reach = (taps - 1) * dilation + 1
    if padding == "causal":
        return (size - 1) // stride + 1, reach - 1, 0
    if padding == "valid":
        return (size - reach) // stride + 1, 0, 0
    count = -(-size // stride)
    total = max((count - 1) * stride + reach - size, 0)
    return count, total // 2, total - total // 2


def windows(x, taps, strides, dilations, padding, fill):
    """[n][rows][columns][taps down][taps across][channels] of [n][h][w][channels]."""
    rows, top, bottom = places(x.shape[1], taps[0], strides[0], dilations[0], padding)
    columns, left, right = places(x.shape[2], taps[1], strides[1], dilations[1], padding)
    x = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=fill)
    out = np.empty((x.shape[0], rows, columns, *taps, x.shape[3]))
    for i, j, a, b in np.ndindex(rows, columns, *taps):
        y, z = i * strides[0] + a * dilations[0], j * strides[1] + b * dilations[1]
        out[:, i, j, a, b] = x[:, y, z]
    return out


def pair(value):
    return (1, value[0]) if len(value) == 1 else tuple(value)


def image_of(x):
    """A signal is an image one pixel high."""
    return x[:, None] if x.ndim == 3 else x


def shaped(compute, sides):
    return lambda x: compute(image_of(x)) if sides == 2 else compute(image_of(x))[:, 0]


def convolution(kind, name, shape, seed, strides=(1, 1), padding="same", dilation=(1, 1),
                activation="linear", bias=True, groups=1):
    """The kernel's shape; a depthwise one's last sides are channels and multiplier."""
    arrays = {"kernel": numbers(seed, *shape)}
    depthwise = kind.startswith("Depthwise")
    outputs = shape[-1] * (shape[-2] if depthwise else 1)
    if bias:
        arrays["bias"] = numbers(seed + 1, outputs)
    sides = len(shape) - 2
    w = arrays["kernel"].astype(np.float64)
    w = w if sides == 2 else w[None]
    b = arrays["bias"].astype(np.float64) if bias else 0
    config = {"kernel_size": list(shape[:sides]), "strides": list(strides), "padding": padding,
              "dilation_rate": list(dilation), "activation": activation, "use_bias": bias,
              "data_format": "channels_last"}
    config.update({"depth_multiplier": shape[-1]} if depthwise
                  else {"filters": outputs, "groups": groups})

    def compute(x):
        seen = windows(x, w.shape[:2], pair(strides), pair(dilation), padding, 0)
        if depthwise:
            y = np.einsum("nijabc,abcm->nijcm", seen, w).reshape(*seen.shape[:3], outputs)
        else:
            each, out = w.shape[2], outputs // groups
            parts = [np.einsum("nijabc,abco->nijo", seen[..., g * each:(g + 1) * each],
                               w[..., g * out:(g + 1) * out]) for g in range(groups)]
            y = np.concatenate(parts, axis=-1)
        return ACTIVATIONS[activation](y + b)

    return Layer(kind, name, config, arrays, shaped(compute, sides))


def transposed(kind, name, shape, seed, strides, padding, more=None, activation="linear"):
    """The gradient of a convolution: each input is added, times the kernel, where it came from."""
    arrays = {"kernel": numbers(seed, *shape), "bias": numbers(seed + 1, shape[-2])}
    sides = len(shape) - 2
    w = arrays["kernel"].astype(np.float64)
    w = w if sides == 2 else w[None]
    config = {"filters": shape[-2], "kernel_size": list(shape[:sides]), "strides": list(strides),
              "padding": padding, "output_padding": more, "dilation_rate": [1] * sides,
              "activation": activation, "use_bias": True, "data_format": "channels_last"}

    def length(n, taps, stride, extra):
        if extra is None:
            return n * stride + (max(taps - stride, 0) if padding == "valid" else 0)
        return (n - 1) * stride + taps - (2 * (taps // 2) if padding == "same" else 0) + extra

    def compute(x):
        taps, step = w.shape[:2], pair(strides)
        extra = (None, None) if more is None else (pair(more) if sides == 2 else (0, more[0]))
        out = [length(x.shape[1 + i], taps[i], step[i], extra[i]) for i in range(2)]
        front = []
        for i in range(2):
            count, before, _ = places(out[i], taps[i], step[i], 1, padding)
            assert count == x.shape[1 + i]
            front.append(before)
        y = np.zeros((x.shape[0], out[0] + 64, out[1] + 64, w.shape[2]))
        for i, j, a, b in np.ndindex(x.shape[1], x.shape[2], *taps):
            r, c = i * step[0] + a - front[0], j * step[1] + b - front[1]
            if r >= 0 and c >= 0:
                y[:, r, c] += x[:, i, j] @ w[a, b].T
        y = y[:, :out[0], :out[1]]
        return ACTIVATIONS[activation](y + arrays["bias"].astype(np.float64))

    return Layer(kind, name, config, arrays, shaped(compute, sides))


def pool(kind, name, size, strides=None, padding="valid"):
    config = {"pool_size": list(size), "strides": None if strides is None else list(strides),
              "padding": padding, "data_format": "channels_last"}

    def compute(x):
        step = pair(size if strides is None else strides)
        seen = windows(x, pair(size), step, (1, 1), padding, np.nan)
        reduce = np.nanmax if kind.startswith("Max") else np.nanmean
        return reduce(seen, axis=(3, 4))

    return Layer(kind, name, config, {}, shaped(compute, len(size)))


def upsampling(kind, name, size, interpolation="nearest"):
    config = {"size": list(size), "data_format": "channels_last"}
    if kind == "UpSampling2D":
        config["interpolation"] = interpolation
    else:
        config["size"] = size[0]

    def spread(x, axis, factor):
        if interpolation == "nearest":
            return np.repeat(x, factor, axis=axis)
        n = x.shape[axis]
        at = np.clip((np.arange(n * factor) + 0.5) / factor - 0.5, 0, n - 1)
        first = np.floor(at).astype(int)
        part = (at - first).reshape([-1 if i == axis else 1 for i in range(4)])
        second = np.minimum(first + 1, n - 1)
        return np.take(x, first, axis) * (1 - part) + np.take(x, second, axis) * part

    down, across = pair(size)
    return Layer(kind, name, config, {},
                 shaped(lambda x: spread(spread(x, 1, down), 2, across), len(size)))


def reshape(name, *shape):
    return Layer("Reshape", name, {"target_shape": list(shape)}, {},
                 lambda x: x.reshape(x.shape[0], *shape))


def flatten(name):
    return Layer("Flatten", name, {"data_format": "channels_last"}, {},
                 lambda x: x.reshape(x.shape[0], -1))


def pictures(keras):
    """A code that is a vector: Flatten and Dense in front of it, Dense and Reshape behind."""
    encoder = [convolution("Conv2D", "conv2d", (3, 2, 2, 4), 101, strides=(2, 1), bias=False),
               batch_norm("batch_normalization", 4, 103),
               Layer("Activation", "activation", {"activation": "relu"}, {}, ACTIVATIONS["relu"]),
               batch_norm("batch_normalization_1", 4, 111),
               convolution("DepthwiseConv2D", "depthwise_conv2d", (3, 3, 4, 1), 121,
                           activation="tanh"),
               pool("MaxPooling2D", "max_pooling2d", (2, 2), padding="same"),
               convolution("Conv2D", "conv2d_1", (2, 2, 2, 6), 131, padding="valid", groups=2,
                           dilation=(1, 2)),
               batch_norm("batch_normalization_2", 6, 135, scale=False),
               leaky_relu("leaky_re_lu", 0.125, keras), flatten("flatten"),
               dense("dense", 24, 5, "tanh", 141)]
    decoder = [dense("dense_1", 5, 24, "relu", 151), reshape("reshape", 3, 2, 4),
               batch_norm("batch_normalization_3", 4, 155),
               transposed("Conv2DTranspose", "conv2d_transpose", (3, 2, 5, 4), 161, (2, 3), "same",
                          activation="tanh"),
               upsampling("UpSampling2D", "up_sampling2d", (1, 2)),
               transposed("Conv2DTranspose", "conv2d_transpose_1", (3, 4, 3, 5), 165, (2, 2),
                          "same", more=[0, 1]),
               pool("AveragePooling2D", "average_pooling2d", (2, 3), strides=(1, 2),
                    padding="same"),
               upsampling("UpSampling2D", "up_sampling2d_1", (2, 3), "bilinear"),
               convolution("DepthwiseConv2D", "depthwise_conv2d_1", (2, 3, 3, 2), 171,
                           padding="valid", activation="relu"),
               convolution("Conv2D", "conv2d_2", (3, 3, 6, 2), 175, activation="sigmoid")]
    return encoder, decoder


def signals(keras):
    """One direction; a code that is a signal itself; a dense layer of the channels."""
    encoder = [convolution("Conv1D", "conv1d", (3, 2, 4), 201, (2,), "same", (1,), "relu"),
               batch_norm("batch_normalization", 4, 205),
               convolution("Conv1D", "conv1d_1", (2, 4, 5), 211, (1,), "valid", (1,), "tanh"),
               pool("MaxPooling1D", "max_pooling1d", (2,)),
               convolution("Conv1D", "conv1d_2", (3, 5, 3), 221, (1,), "causal", (2,)),
               leaky_relu("leaky_re_lu", 0.25, keras)]
    decoder = [dense("dense", 3, 6, "tanh", 231), upsampling("UpSampling1D", "up_sampling1d", (2,)),
               transposed("Conv1DTranspose", "conv1d_transpose", (4, 5, 6), 235, (2,), "valid",
                          activation="relu"),
               pool("AveragePooling1D", "average_pooling1d", (3,), (1,), "same"),
               transposed("Conv1DTranspose", "conv1d_transpose_1", (3, 2, 5), 241, (2,), "same",
                          more=[0])]
    return encoder, decoder


def write(name, shape, halves, seed):
    """Sub-models: functional in Keras 2, Sequential in Keras 3."""
    encoder, decoder = halves(2)
    x = numbers(seed, 3, *shape)
    code = run(encoder, x)
    save(name + "_input.npy", x.reshape(3, -1))
    save(name + "_code.npy", code.reshape(3, -1))
    save(name + "_output.npy", run(decoder, code).reshape(3, -1))
    sides = (("encoder", list(shape)), ("decoder", list(code.shape[1:])))
    parts = [functional_json(part, side, [layer_json(layer, 2) for layer in half], 2)
             for (part, side), half in zip(sides, (encoder, decoder))]
    write_h5(name + ".h5", functional_json("autoencoder", list(shape), parts, 2),
             {"autoencoder_input": [], "encoder": encoder, "decoder": decoder})
    encoder, decoder = halves(3)
    parts = [sequential_json(part, side, [layer_json(layer, 3) for layer in half], 3)
             for (part, side), half in zip(sides, (encoder, decoder))]

    def put(file):
        put_vars(file.create_group("layers/sequential"), encoder)
        put_vars(file.create_group("layers/sequential_1"), decoder)

    write_keras(name + ".keras", sequential_json("autoencoder", list(shape), parts, 3), put)


if __name__ == "__main__":
    write("pictures", (9, 7, 2), pictures, 251)
    write("signals", (23, 2), signals, 261)
