#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Small .tflite files of convolutions, pools and resizes, float and int8 (a scale for each output,
or one for all), laid out as make.py does, with inputs and what TensorFlow Lite's documented
arithmetic gives for them.

usage: make_images.py FOLDER
"""
import itertools
import math
import random
import sys

from make import (FLOAT32, FULLY_CONNECTED, INT32, INT8, NONE, RELU, RESHAPE, Model, Table, dense,
                  dense_options, finish, floats, multiplied, numbers, single)

AVERAGE_POOL, CONV, DEPTHWISE, MAX_POOL, BILINEAR, TRANSPOSE_CONV, NEAREST = 1, 3, 4, 17, 23, 67, 97
SAME, VALID = 0, 1


def places(size, taps, stride, dilation, padding):
    reach = (taps - 1) * dilation + 1
    if padding == VALID:
        return (size - reach) // stride + 1, 0
    count = -(-size // stride)
    return count, max((count - 1) * stride + reach - size, 0) // 2


class Chain:
    """A model operator by operator, with the arithmetic of each. An int8 tensor is (scale, zero
    point)."""

    def __init__(self, rng, shape, codes=None):
        self.rng, self.model, self.steps = rng, Model(), []
        self.shape, self.codes, self.count = shape, codes, 0
        self.source = self.at = self.tensor('input', shape, codes)

    def tensor(self, name, shape, codes):
        if codes is None:
            return self.model.tensor(name, [1, *shape], FLOAT32)
        return self.model.tensor(name, [1, *shape], INT8, [codes[0]], [codes[1]])

    def add(self, code, inputs, shape, options, step, codes=None):
        self.count += 1
        codes = codes or self.codes
        out = self.tensor(f't{self.count}', shape, codes)
        self.at = self.model.operator(code, inputs, out, options)
        self.shape, self.codes = shape, codes
        self.steps.append(step)

    def constants(self, sides, outputs, side, out_codes, per_output):
        """Tensors of weight and bias, the numbers of both, and how a sum becomes an output."""
        count = math.prod(sides)
        if self.codes is None:
            w, b = numbers(self.rng, count, -0.5, 0.5), numbers(self.rng, outputs)
            weight = self.model.tensor('w', sides, FLOAT32, data=floats(w))
            bias = self.model.tensor('b', [outputs], FLOAT32, data=floats(b))
            return weight, bias, w, b, lambda s, o: s
        scale, (out_scale, out_zero) = self.codes[0], out_codes
        ws = numbers(self.rng, outputs if per_output else 1, 0.002, 0.01)
        w = [self.rng.randint(-127, 127) for _ in range(count)]
        b = [self.rng.randint(-2000, 2000) for _ in range(outputs)]
        meaning = [single(scale * s) for s in ws]
        weight = self.model.tensor('w', sides, INT8, ws, [0] * len(ws), floats(w, 'b'), side)
        bias = self.model.tensor('b', [outputs], INT32, meaning, [0] * len(ws), floats(b, 'i'))
        # Convolutions multiply the scales in double, whatever their number.
        real = [scale * ws[o if per_output else 0] / out_scale for o in range(outputs)]
        return weight, bias, w, b, lambda s, o: multiplied(s, real[o]) + out_zero

    def bounds(self, codes, activation):
        if codes is None:
            return 0.0 if activation == RELU else -math.inf, math.inf
        return max(-128, codes[1]) if activation == RELU else -128, 127

    def options(self, code, padding, stride, activation, dilation, multiplier):
        """Fields by the options' own numbers."""
        fields = dict(_0=('b', padding), _1=('i', stride[1]), _2=('i', stride[0]))
        if code == CONV:
            fields.update(_3=('b', activation), _4=('i', dilation[1]), _5=('i', dilation[0]))
            return 1, Table(**fields)
        if code == DEPTHWISE:
            fields.update(_3=('i', multiplier), _4=('b', activation), _5=('i', dilation[1]),
                          _6=('i', dilation[0]))
            return 2, Table(**fields)
        fields['_3'] = ('b', activation)
        return 49, Table(**fields)

    def convolution(self, code, outputs, taps, stride=(1, 1), padding=SAME, activation=NONE,
                    dilation=(1, 1), codes=None, size=None, per_output=True):
        """`size`: of a transposed convolution's output."""
        height, width, channels = self.shape
        depthwise, back = code == DEPTHWISE, code == TRANSPOSE_CONV
        sides = [1, *taps, outputs] if depthwise else [outputs, *taps, channels]
        wide = size if back else (height, width)
        fit = [places(wide[i], taps[i], stride[i], dilation[i], padding) for i in range(2)]
        shape = (*(size if back else [count for count, _ in fit]), outputs)
        if back:
            assert [count for count, _ in fit] == [height, width]
        weight, bias, w, b, scaled = self.constants(sides, outputs, 3 if depthwise else 0, codes,
                                                    per_output)
        zero = 0 if self.codes is None else self.codes[1]
        low, high = self.bounds(codes, activation)
        each = outputs // channels if depthwise else 0

        def step(x):
            sums = {}
            for y, z, a, c in itertools.product(*map(range, (*[count for count, _ in fit], *taps))):
                r = y * stride[0] + a * dilation[0] - fit[0][1]
                q = z * stride[1] + c * dilation[1] - fit[1][1]
                if not (0 <= r < wide[0] and 0 <= q < wide[1]):
                    continue
                source, target = ((y, z), (r, q)) if back else ((r, q), (y, z))
                for o in range(outputs):
                    first = (source[0] * width + source[1]) * channels
                    if depthwise:
                        s = w[(a * taps[1] + c) * outputs + o] * (x[first + o // each] - zero)
                    else:
                        row = ((o * taps[0] + a) * taps[1] + c) * channels
                        s = sum(w[row + i] * (x[first + i] - zero) for i in range(channels))
                    sums[target, o] = sums.get((target, o), 0) + s
            return [min(high, max(low, scaled(sums.get(((r, q), o), 0) + b[o], o)))
                    for r in range(shape[0]) for q in range(shape[1]) for o in range(outputs)]

        inputs = [self.at, weight, bias]
        if back:
            sizes = self.model.tensor('shape', [4], INT32, data=floats([1, *shape], 'i'))
            inputs = [sizes, weight, self.at, bias]
        options = self.options(code, padding, stride, activation, dilation, each)
        self.add(code, inputs, shape, options, step, codes)

    def pool(self, code, taps, stride, padding, activation=NONE):
        height, width, channels = self.shape
        fit = [places(n, taps[i], stride[i], 1, padding) for i, n in enumerate((height, width))]
        shape = (fit[0][0], fit[1][0], channels)
        low, high = self.bounds(self.codes, activation)
        int8 = self.codes is not None

        def mean(values):
            if not int8:
                return sum(values) / len(values)
            total, half = sum(values), len(values) // 2
            return (total + half) // len(values) if total > 0 else -((half - total) // len(values))

        def step(x):
            out = []
            for y, z, c in itertools.product(*map(range, shape)):
                rows = [y * stride[0] + a - fit[0][1] for a in range(taps[0])]
                columns = [z * stride[1] + a - fit[1][1] for a in range(taps[1])]
                values = [x[(r * width + q) * channels + c] for r in rows if 0 <= r < height
                          for q in columns if 0 <= q < width]
                value = max(values) if code == MAX_POOL else mean(values)
                out.append(min(high, max(low, value)))
            return out
        options = Table(_0=('b', padding), _1=('i', stride[1]), _2=('i', stride[0]),
                        _3=('i', taps[1]), _4=('i', taps[0]), _5=('b', activation))
        self.add(code, [self.at], shape, (5, options), step)

    def resize(self, factors, bilinear):
        height, width, channels = self.shape
        shape = (height * factors[0], width * factors[1], channels)
        int8 = self.codes is not None

        def ends(i, n, factor):
            """The two pixels and the part of the second: in 1024ths for codes, as TensorFlow Lite
            has it."""
            if int8:
                step = (1024 * n + n * factor // 2) // (n * factor)
                at = i * step + step // 2 - 512
                first = max(at // 1024, 0)  # Python rounds down
                return first, min(-(-at // 1024), n - 1), at - 1024 * first
            at = (i + 0.5) / factor - 0.5
            return max(math.floor(at), 0), min(math.ceil(at), n - 1), at - max(math.floor(at), 0)

        def step(x):
            out = []
            for y, z, c in itertools.product(*map(range, shape)):
                if not bilinear:
                    out.append(x[(y // factors[0] * width + z // factors[1]) * channels + c])
                    continue
                r, s, down = ends(y, height, factors[0])
                p, q, across = ends(z, width, factors[1])
                one = 1024 if int8 else 1
                corner = [x[(i * width + j) * channels + c] for i in (r, s) for j in (p, q)]
                total = ((corner[0] * (one - across) + corner[1] * across) * (one - down) +
                         (corner[2] * (one - across) + corner[3] * across) * down)
                if int8:  # to the nearest, ties away from zero
                    half = 1 << 19
                    total = (total + half) >> 20 if total > 0 else -((half - total) >> 20)
                out.append(total)
            return out
        size = self.model.tensor('size', [2], INT32, data=floats(shape[:2], 'i'))
        options = (15, Table(_3=('b', 1))) if bilinear else (74, Table(_1=('b', 1)))
        self.add(BILINEAR if bilinear else NEAREST, [self.at, size], shape, options, step)

    def reshape(self, *shape):
        target = self.model.tensor('shape', [1 + len(shape)], INT32, data=floats([1, *shape], 'i'))
        self.add(RESHAPE, [self.at, target], shape, None, lambda x: x)

    def dense(self, outputs, activation, codes=None):
        inputs = math.prod(self.shape)
        weight, bias, w, b, scaled = self.constants([outputs, inputs], outputs, 0, codes, True)
        zero = 0 if self.codes is None else self.codes[1]
        low, high = self.bounds(codes, activation)

        def step(x):
            sums = dense(w, b, [v - zero for v in x])
            return [min(high, max(low, scaled(s, o))) for o, s in enumerate(sums)]
        self.add(FULLY_CONNECTED, [self.at, weight, bias], (outputs,), dense_options(activation),
                 step, codes)

    def save(self, folder, name, rows):
        def run(x):
            for step in self.steps:
                x = step(x)
            return x
        finish(folder, name, self.model, self.source, self.at, rows, run,
               'f' if self.codes is None else 'b')


def codes(rng):
    return single(rng.uniform(0.01, 0.05)), rng.randint(-100, 100)


def autoencoder(folder, name, rng, int8, per_output=True):
    def fresh():
        return codes(rng) if int8 else None

    chain = Chain(rng, (9, 7, 2), fresh())
    chain.convolution(CONV, 4, (3, 2), (2, 1), SAME, RELU, codes=fresh(), per_output=per_output)
    chain.convolution(DEPTHWISE, 4, (3, 3), (1, 1), SAME, NONE, (1, 2), fresh(),
                      per_output=per_output)
    chain.pool(MAX_POOL, (2, 2), (2, 2), SAME, RELU)
    chain.pool(AVERAGE_POOL, (2, 3), (1, 1), VALID)
    chain.reshape(16)
    chain.dense(5, RELU, fresh())
    chain.dense(12, NONE, fresh())
    chain.reshape(2, 3, 2)
    chain.convolution(TRANSPOSE_CONV, 3, (3, 2), (2, 1), SAME, NONE, codes=fresh(), size=(4, 3),
                      per_output=per_output)
    chain.resize((1, 2), False)
    chain.convolution(TRANSPOSE_CONV, 2, (2, 4), (1, 3), VALID, NONE, codes=fresh(), size=(5, 19),
                      per_output=per_output)
    chain.pool(AVERAGE_POOL, (3, 3), (1, 2), SAME, RELU)
    chain.resize((2, 3), True)
    chain.convolution(DEPTHWISE, 4, (2, 3), (1, 2), VALID, RELU, codes=fresh(),
                      per_output=per_output)
    chain.convolution(CONV, 2, (3, 3), (1, 1), SAME, NONE, (2, 1), fresh(), per_output=per_output)
    if int8:
        rows = [[rng.randint(-128, 127) for _ in range(126)] for _ in range(6)]
    else:
        rows = [numbers(rng, 126) for _ in range(3)]
    chain.save(folder, name, rows)


def main():
    folder, rng = sys.argv[1], random.Random(12)
    autoencoder(folder, 'images_float', rng, False)
    autoencoder(folder, 'images_int8', rng, True)
    autoencoder(folder, 'images_int8_tensor', rng, True, per_output=False)


if __name__ == '__main__':
    main()
