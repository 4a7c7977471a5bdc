#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Small .tflite files of kinds that the project's own writer does not make, with inputs and what
TensorFlow Lite's documented arithmetic gives for them. Nothing but Python's own library: the
FlatBuffers are laid out here, from the format's description, by field numbers of TensorFlow Lite's
schema.

usage: make.py FOLDER
"""
import math
import random
import struct
import sys

FLOAT32, FLOAT16, INT32, UINT8, INT8 = 0, 1, 2, 3, 9
DEQUANTIZE, FULLY_CONNECTED, LOGISTIC, MUL, ADD = 6, 9, 14, 18, 0
RESHAPE, TANH, LEAKY_RELU, QUANTIZE = 22, 28, 98, 114
NONE, RELU, RELU6 = 0, 1, 3


class Table:
    """Fields by number: ('b'|'i'|'I'|'f', value) or ('o', Table, Vector or bytes)."""

    def __init__(self, **fields):
        self.fields = {int(name[1:]): value for name, value in fields.items()}


class Vector:
    """Numbers of one kind, or tables."""

    def __init__(self, kind, items, align=4):
        self.kind, self.items, self.align = kind, list(items), align


class File:
    """Parents in front of their children, so that every offset is positive."""

    def __init__(self, root):
        self.out = bytearray(struct.pack('<I', 0) + b'TFL3')
        self.patch(0, self.table(root))

    def align(self, n, ahead=0):
        while (len(self.out) + ahead) % n:
            self.out.append(0)

    def patch(self, at, target):
        struct.pack_into('<I', self.out, at, target - at)

    def put(self, item):
        if isinstance(item, Table):
            return self.table(item)
        if isinstance(item, bytes):
            self.align(4)
            at = len(self.out)
            self.out += struct.pack('<I', len(item)) + item + b'\0'
            return at
        size = struct.calcsize('<' + item.kind) if item.kind != 'o' else 4
        self.align(max(4, item.align))
        self.align(max(item.align, size), 4)
        at = len(self.out)
        self.out += struct.pack('<I', len(item.items))
        if item.kind != 'o':
            self.out += struct.pack(f'<{len(item.items)}{item.kind}', *item.items)
            return at
        places = [len(self.out) + 4 * i for i in range(len(item.items))]
        self.out += bytes(4 * len(item.items))
        for place, child in zip(places, item.items):
            self.patch(place, self.put(child))
        return at

    def table(self, table):
        count = max(table.fields, default=-1) + 1
        sizes = {'b': 1, 'i': 4, 'I': 4, 'f': 4, 'o': 4}
        offsets, at = [0] * count, 4
        for number, (kind, _) in sorted(table.fields.items(), key=lambda f: -sizes[f[1][0]]):
            offsets[number], at = at, at + sizes[kind]
        self.align(4, 4 + 2 * count)
        vtable = len(self.out)
        self.out += struct.pack(f'<HH{count}H', 4 + 2 * count, at, *offsets)
        start = len(self.out)
        self.out += struct.pack('<i', start - vtable) + bytes(at - 4)
        children = []
        for number, (kind, value) in table.fields.items():
            place = start + offsets[number]
            if kind == 'o':
                children.append((place, value))
            else:
                struct.pack_into('<' + kind, self.out, place, value)
        for place, child in children:
            self.patch(place, self.put(child))
        return start


class Model:
    def __init__(self):
        self.tensors, self.buffers, self.codes, self.operators = [], [Table()], [], []

    def tensor(self, name, shape, kind, scales=(), zeros=(), data=None, side=0):
        buffer = 0
        if data is not None:
            self.buffers.append(Table(_0=('o', Vector('B', data, 16))))
            buffer = len(self.buffers) - 1
        fields = dict(_0=('o', Vector('i', shape)), _1=('b', kind), _2=('I', buffer),
                      _3=('o', name.encode()))
        if scales:
            meaning = dict(_2=('o', Vector('f', scales)), _3=('o', Vector('q', zeros, 8)))
            if side:
                meaning['_6'] = ('i', side)
            fields['_4'] = ('o', Table(**meaning))
        self.tensors.append(Table(**fields))
        return len(self.tensors) - 1

    def operator(self, code, inputs, output, options=None):
        if code not in self.codes:
            self.codes.append(code)
        fields = dict(_0=('I', self.codes.index(code)), _1=('o', Vector('i', inputs)),
                      _2=('o', Vector('i', [output])))
        if options:
            fields['_3'], fields['_4'] = ('b', options[0]), ('o', options[1])
        self.operators.append(Table(**fields))
        return output

    def bytes(self, source, sink):
        graph = Table(_0=('o', Vector('o', self.tensors)), _1=('o', Vector('i', [source])),
                      _2=('o', Vector('i', [sink])), _3=('o', Vector('o', self.operators)))
        codes = [Table(_0=('b', code), _3=('i', code)) for code in self.codes]
        return bytes(File(Table(_0=('I', 3), _1=('o', Vector('o', codes)),
                                _2=('o', Vector('o', [graph])), _3=('o', b'make.py'),
                                _4=('o', Vector('o', self.buffers)))).out)


def dense_options(activation):
    return 8, Table(_0=('b', activation))


def single(x):
    return struct.unpack('<f', struct.pack('<f', x))[0]


def floats(values, form='f'):
    return struct.pack(f'<{len(values)}{form}', *values)


def numbers(rng, n, low=-1.0, high=1.0):
    return [single(rng.uniform(low, high)) for _ in range(n)]


def dense(w, b, x):
    return [sum(wi * xi for wi, xi in zip(w[o * len(x):], x)) + b[o] for o in range(len(b))]


def save_npy(path, rows, form):
    kind = {'f': '<f4', 'b': '|i1'}[form]
    header = (f"{{'descr': '{kind}', 'fortran_order': False, "
              f"'shape': ({len(rows)}, {len(rows[0])}), }}")
    header += ' ' * (-(len(header) + 11) % 64) + '\n'
    with open(path, 'wb') as out:
        out.write(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header.encode())
        for row in rows:
            out.write(floats(row, form))


def finish(folder, name, model, source, sink, rows, run, form):
    with open(f'{folder}/{name}.tflite', 'wb') as out:
        out.write(model.bytes(source, sink))
    save_npy(f'{folder}/{name}.in.npy', rows, form)
    save_npy(f'{folder}/{name}.out.npy', [run(row) for row in rows], form)


def weights_only(folder, name, rng, half):
    """A float model with weights of 8 bits (dynamic range) or of 16 (DEQUANTIZE in front of each
    layer)."""
    model, x = Model(), None
    source = at = model.tensor('x', [1, 7], FLOAT32)
    layers = []
    for index, (n, m, activation) in enumerate([(7, 3, RELU), (3, 7, NONE)]):
        w, b = numbers(rng, n * m), numbers(rng, m)
        if half:
            w = [struct.unpack('<e', struct.pack('<e', v))[0] for v in w]
            stored = model.tensor(f'w{index}/half', [m, n], FLOAT16, data=floats(w, 'e'))
            weight = model.tensor(f'w{index}', [m, n], FLOAT32)
            model.operator(DEQUANTIZE, [stored], weight)
        else:
            scale = single(max(map(abs, w)) / 127)
            codes = [round(v / scale) for v in w]
            w = [single(scale * c) for c in codes]
            weight = model.tensor(f'w{index}', [m, n], INT8, [scale], [0], floats(codes, 'b'))
        bias = model.tensor(f'b{index}', [m], FLOAT32, data=floats(b))
        y = model.tensor(f'y{index}', [1, m], FLOAT32)
        at = model.operator(FULLY_CONNECTED, [at, weight, bias], y, dense_options(activation))
        layers.append((w, b, activation))

    def run(x):
        for w, b, activation in layers:
            x = [max(v, 0) if activation == RELU else v for v in dense(w, b, x)]
        return x
    finish(folder, name, model, source, at, [numbers(rng, 7) for _ in range(4)], run, 'f')


def batch_norm(folder, rng):
    """RESHAPE, a layer whose batch normalization is left as MUL and ADD behind its relu, TANH,
    LEAKY_RELU."""
    model = Model()
    source = model.tensor('image', [1, 2, 4, 1], FLOAT32)
    shape = model.tensor('shape', [2], INT32, data=floats([1, 8], 'i'))
    flat = model.operator(RESHAPE, [source, shape], model.tensor('flat', [1, 8], FLOAT32))
    sizes = [(8, 5), (5, 3), (3, 8)]
    w, b = [numbers(rng, n * m) for n, m in sizes], [numbers(rng, m) for _, m in sizes]
    gamma, beta = numbers(rng, 5, 0.5, 2), numbers(rng, 5)

    def layer(i, at, activation):
        n, m = sizes[i]
        weight = model.tensor(f'w{i}', [m, n], FLOAT32, data=floats(w[i]))
        bias = model.tensor(f'b{i}', [m], FLOAT32, data=floats(b[i]))
        y = model.tensor(f'y{i}', [1, m], FLOAT32)
        return model.operator(FULLY_CONNECTED, [at, weight, bias], y, dense_options(activation))
    at = layer(0, flat, RELU)
    g, s = [model.tensor(n, [5], FLOAT32, data=floats(v))
            for n, v in (('gamma', gamma), ('beta', beta))]
    at = model.operator(MUL, [at, g], model.tensor('mul', [1, 5], FLOAT32),
                        (21, Table(_0=('b', NONE))))
    at = model.operator(ADD, [at, s], model.tensor('add', [1, 5], FLOAT32),
                        (11, Table(_0=('b', NONE))))
    at = layer(1, at, NONE)
    at = model.operator(TANH, [at], model.tensor('tanh', [1, 3], FLOAT32))
    at = layer(2, at, NONE)
    at = model.operator(LEAKY_RELU, [at], model.tensor('leaky', [1, 8], FLOAT32),
                        (75, Table(_0=('f', 0.25))))

    def run(x):
        x = [max(v, 0) * m + a for v, m, a in zip(dense(w[0], b[0], x), gamma, beta)]
        x = [math.tanh(v) for v in dense(w[1], b[1], x)]
        return [v if v > 0 else 0.25 * v for v in dense(w[2], b[2], x)]
    finish(folder, 'batch_norm', model, source, at, [numbers(rng, 8) for _ in range(4)], run, 'f')


def sparse(folder):
    """A weight of which only some values lie in the file, with a table of their places that leads
    outside."""
    model = Model()
    source = model.tensor('x', [1, 3], FLOAT32)
    weight = model.tensor('w', [2, 3], FLOAT32, data=floats([1, 2]))
    places = Vector('i', [0, 0x7fffffff])
    model.tensors[weight].fields[6] = ('o', Table(_0=('o', places), _1=('o', places)))
    sink = model.operator(FULLY_CONNECTED, [source, weight], model.tensor('y', [1, 2], FLOAT32),
                          dense_options(NONE))
    with open(f'{folder}/sparse.tflite', 'wb') as out:
        out.write(model.bytes(source, sink))


def multiplied(x, real):
    """gemmlowp's two roundings of x * real."""
    q, shift = math.frexp(real)
    q = math.floor(q * 2 ** 31 + 0.5)
    if q == 2 ** 31:
        q, shift = q // 2, shift + 1
    high = (x * 2 ** max(shift, 0) * q + 2 ** 30) >> 31
    right = max(-shift, 0)
    if right == 0:
        return high
    return (high + (1 << (right - 1)) + (-1 if high < 0 else 0)) >> right


def integers(folder, name, rng, outside):
    """Full integer, a weight scale for each output, RELU6 that no code reaches; floats or uint8
    outside."""
    model = Model()
    scales = [single(v) for v in (0.0081, 0.0173, 0.0127)]
    zeros = [-11, -128, 7]
    sizes = [(6, 4), (4, 6)]
    if outside == FLOAT32:
        source = model.tensor('x', [1, 6], FLOAT32)
    else:
        source = model.tensor('x', [1, 6], UINT8, [scales[0]], [zeros[0] + 128])
    at = model.operator(QUANTIZE, [source],
                        model.tensor('codes', [1, 6], INT8, [scales[0]], [zeros[0]]))
    layers = []
    for i, (n, m) in enumerate(sizes):
        ws = numbers(rng, m, 0.002, 0.01)
        w = [rng.randint(-127, 127) for _ in range(n * m)]
        b = [rng.randint(-9000, 9000) for _ in range(m)]
        weight = model.tensor(f'w{i}', [m, n], INT8, ws, [0] * m, floats(w, 'b'))
        meaning = [single(scales[i] * s) for s in ws]
        bias = model.tensor(f'b{i}', [m], INT32, meaning, [0] * m, floats(b, 'i'))
        y = model.tensor(f'y{i}', [1, m], INT8, [scales[i + 1]], [zeros[i + 1]])
        at = model.operator(FULLY_CONNECTED, [at, weight, bias], y,
                            dense_options(RELU6 if i == 0 else NONE))
        real = [scales[i] * s / scales[i + 1] for s in ws]
        layers.append((w, b, real, zeros[i], zeros[i + 1], i == 0))
    last = (model.tensor('out', [1, 6], FLOAT32) if outside == FLOAT32 else
            model.tensor('out', [1, 6], UINT8, [scales[2]], [zeros[2] + 128]))
    sink = model.operator(DEQUANTIZE if outside == FLOAT32 else QUANTIZE, [at], last)

    def run(x):
        for w, b, real, zero_in, zero_out, relu in layers:
            sums = dense(w, b, [v - zero_in for v in x])
            low = zero_out if relu else -128
            x = [min(127, max(low, multiplied(s, r) + zero_out)) for s, r in zip(sums, real)]
        return x
    rows = [[rng.randint(-128, 127) for _ in range(6)] for _ in range(16)]
    finish(folder, name, model, source, sink, rows, run, 'b')


def main():
    folder, rng = sys.argv[1], random.Random(6)
    weights_only(folder, 'dynamic_range', rng, False)
    weights_only(folder, 'float16', rng, True)
    batch_norm(folder, rng)
    sparse(folder)
    integers(folder, 'float_outside', rng, FLOAT32)
    integers(folder, 'uint8_outside', rng, UINT8)


if __name__ == '__main__':
    main()
