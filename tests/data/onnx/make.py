#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Exports PyTorch models with torch.onnx, their weights as .npz and .safetensors, and what they
compute in double precision; then graphs of our own in the patterns of tf2onnx and of int8 (QDQ).

usage: make.py      in this folder; PyTorch 1.13, onnx 1.12, NumPy 1.24
"""
import json
import struct
import sys
import warnings

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

warnings.filterwarnings("ignore")
sys.path.insert(0, "../keras")
from make import numbers  # noqa: E402


def save(path, values):
    np.save(path, np.ascontiguousarray(values, dtype=np.float32))


class Autoencoder(torch.nn.Module):
    """An encoder and a decoder with every layer that is read, and a decoder that makes images."""

    def __init__(self):
        super().__init__()
        nn = torch.nn
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(12, 9, bias=False), nn.BatchNorm1d(9),
                                     nn.LeakyReLU(0.125), nn.Dropout(0.2), nn.Linear(9, 3),
                                     nn.Tanh())
        self.decoder = nn.Sequential(nn.Linear(3, 9), nn.ReLU(), nn.Linear(9, 12), nn.Sigmoid())

    def forward(self, x):
        return self.decoder(self.encoder(x)).view(x.size(0), 2, 6)


class TwoOutputs(torch.nn.Module):
    """Gives the code beside the reconstruction."""

    def __init__(self):
        super().__init__()
        self.first, self.second = torch.nn.Linear(12, 4), torch.nn.Linear(4, 12)

    def forward(self, x):
        code = torch.relu(self.first(x))
        return torch.sigmoid(self.second(code)), code


def set_weights(model):
    seed = 71
    for values in list(model.parameters()) + list(model.buffers()):
        if values.dtype != torch.float32:
            continue
        numbered = torch.from_numpy(numbers(seed, *values.shape))
        positive = values.min() == 1  # a batch normalization's scale or variance
        values.data.copy_(numbered + 1 if positive else numbered)
        seed += 1
    return model.eval()


def export(model, x, path, opset, outputs):
    names = ["input"] + outputs
    torch.onnx.export(model, torch.from_numpy(x), path, opset_version=opset, input_names=["input"],
                      output_names=outputs, dynamic_axes={name: {0: "n"} for name in names})


def write_safetensors(path, arrays):
    """As the safetensors library does: the names sorted, the header padded with spaces."""
    header, data = {}, b""
    for name in sorted(arrays):
        content = arrays[name].astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(arrays[name].shape),
                        "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def pytorch():
    x = numbers(61, 5, 12)
    save("input.npy", x)
    model = set_weights(Autoencoder())
    for opset in (9, 11, 13, 15, 17):
        export(model, x.reshape(5, 2, 6), f"autoencoder_opset{opset}.onnx", opset, ["output"])
    exact = set_weights(Autoencoder()).double()
    image = torch.from_numpy(x.reshape(5, 2, 6)).double()
    save("autoencoder_code.npy", exact.encoder(image).detach())
    save("autoencoder_output.npy", exact(image).detach().reshape(5, 12))

    model = set_weights(TwoOutputs())
    export(model, x, "two_outputs.onnx", 13, ["reconstruction", "code"])
    nn = torch.nn
    chain = nn.Sequential(nn.Linear(12, 4), nn.ReLU(), nn.Linear(4, 12), nn.Sigmoid())
    set_weights(chain)
    export(chain, x, "sequential.onnx", 9, ["output"])
    state = {name: values.numpy() for name, values in chain.state_dict().items()}
    np.savez("../npz/sequential.npz", **state)
    np.savez_compressed("../npz/sequential_compressed.npz", **state)
    write_safetensors("../safetensors/sequential.safetensors", state)
    named = {("encoder.0" if name[0] == "0" else "decoder.0") + name[1:]: values
             for name, values in state.items()}
    write_safetensors("../safetensors/encoder_decoder.safetensors", named)
    exact = chain.double()
    double = torch.from_numpy(x).double()
    save("sequential_code.npy", exact[:2](double).detach())
    save("sequential_output.npy", exact(double).detach())


def constant(name, values, kind=np.float32):
    return numpy_helper.from_array(np.asarray(values, dtype=kind), name)


def write_graph(path, nodes, constants, inputs, outputs):
    """Shapes are [n][values]."""
    def value(name, size):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", size])

    graph = helper.make_graph(nodes, "chain", [value(*inputs)], [value(*outputs)], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)],
                              producer_name="made by hand")
    model.ir_version = 7
    onnx.checker.check_model(model)
    onnx.save(model, path)


def tf2onnx():
    """Keras' tutorial model as tf2onnx writes it: MatMul and Add, kernels [in][out]; in front of it
    a division by a constant."""
    w1, b1, w2, b2 = numbers(1, 12, 4), numbers(2, 4), numbers(3, 4, 12), numbers(4, 12)
    nodes = [helper.make_node("Cast", ["input"], ["cast"], to=TensorProto.FLOAT),
             helper.make_node("Div", ["cast", "half"], ["scaled"]),
             helper.make_node("MatMul", ["scaled", "kernel"], ["product"], "model/dense/MatMul"),
             helper.make_node("Add", ["product", "bias"], ["sum"], "model/dense/BiasAdd"),
             helper.make_node("Relu", ["sum"], ["code"], "model/dense/Relu"),
             helper.make_node("Identity", ["kernel_1_read"], ["kernel_1"]),
             helper.make_node("MatMul", ["code", "kernel_1"], ["product_1"]),
             helper.make_node("Add", ["bias_1", "product_1"], ["sum_1"]),
             helper.make_node("Sigmoid", ["sum_1"], ["output"])]
    constants = [constant("kernel", w1), constant("bias", b1), constant("kernel_1_read", w2),
                 constant("bias_1", b2), constant("half", 0.5)]
    write_graph("tf2onnx.onnx", nodes, constants, ("input", 12), ("output", 12))
    x = np.load("input.npy").astype(np.float64)
    code = np.maximum(x / 0.5 @ w1 + b1, 0)
    save("tf2onnx_output.npy", 1 / (1 + np.exp(-(code @ w2 + b2))))


class Int8:
    """A chain with QuantizeLinear and DequantizeLinear, and what its floats are."""

    def __init__(self, unsigned):
        self.nodes, self.constants, self.tensor, self.count = [], [], "input", 0
        self.unsigned = unsigned

    def add(self, kind, inputs, **attributes):
        self.count += 1
        self.tensor = f"{kind}_{self.count}"
        self.nodes.append(helper.make_node(kind, inputs, [self.tensor], **attributes))
        return self.tensor

    def codes(self, x, scale, zero):
        """Zero point in int8 terms; uint8 graphs count from 128 more."""
        shift, kind = (128, np.uint8) if self.unsigned else (0, np.int8)
        name = f"codes_{self.count}"
        self.constants += [constant(name + "_scale", scale),
                           constant(name + "_zero", zero + shift, kind)]
        self.add("QuantizeLinear", [self.tensor, name + "_scale", name + "_zero"])
        self.add("DequantizeLinear", [self.tensor, name + "_scale", name + "_zero"])
        return (np.clip(np.round(x / scale) + zero, -128, 127) - zero) * scale

    def dense(self, x, name, weight, bias, in_scale, per_channel):
        scale = np.abs(weight).max(axis=1 if per_channel else None) / 127
        scale = scale.astype(np.float32)
        codes = np.round(weight / (scale[:, None] if per_channel else scale))
        unit = (scale * np.float32(in_scale)).astype(np.float32)
        bias_codes = np.round(bias / unit)
        count = np.size(scale)
        self.constants += [constant(name + "_w", codes, np.int8), constant(name + "_s", scale),
                           constant(name + "_z", np.zeros(count) if per_channel else 0, np.int8),
                           constant(name + "_b", bias_codes, np.int32),
                           constant(name + "_u", unit),
                           constant(name + "_bz", np.zeros(count) if per_channel else 0, np.int32)]
        before = self.tensor
        w = self.add("DequantizeLinear", [name + "_w", name + "_s", name + "_z"], axis=0)
        b = self.add("DequantizeLinear", [name + "_b", name + "_u", name + "_bz"], axis=0)
        self.add("Gemm", [before, w, b], transB=1)
        scale = scale.astype(np.float64)
        return x @ (codes * (scale[:, None] if per_channel else scale)).T + bias_codes * unit


def int8(path, unsigned, per_channel):
    w1, b1, w2, b2 = numbers(81, 4, 12), numbers(82, 4), numbers(83, 12, 4), numbers(84, 12)
    chain = Int8(unsigned)
    x = chain.codes(np.load("input.npy").astype(np.float64), np.float32(1 / 255), 0)
    x = chain.dense(x, "first", w1, b1, 1 / 255, per_channel)
    chain.add("Relu", [chain.tensor])
    x = chain.codes(np.maximum(x, 0), np.float32(1.25 / 255), -128)
    code = x
    x = chain.dense(x, "second", w2, b2, 1.25 / 255, per_channel)
    x = chain.codes(x, np.float32(0.015), 4)
    chain.add("Sigmoid", [chain.tensor])
    x = chain.codes(1 / (1 + np.exp(-x)), np.float32(1 / 256), -128)
    write_graph(path + ".onnx", chain.nodes, chain.constants, ("input", 12), (chain.tensor, 12))
    save(path + "_code.npy", code)
    save(path + "_output.npy", x)


if __name__ == "__main__":
    pytorch()
    tf2onnx()
    int8("int8_tensor", unsigned=True, per_channel=False)
    int8("int8_channel", unsigned=False, per_channel=True)
