#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes Keras models as Keras 2 (.h5) and Keras 3 (.keras) lay them out, with h5py alone, and what
they compute in double precision.

usage: make.py      in this folder; running it again gives the same models
"""
import io
import json
import re
import zipfile

import h5py
import numpy as np


def numbers(seed, *shape):
    """Values in -0.5..0.5 that other languages make too: see make.mjs."""
    count = int(np.prod(shape))
    values = [((i * 7919 + seed * 104729 + 13) % 1009) / 1009 - 0.5 for i in range(count)]
    return np.array(values, dtype=np.float32).reshape(shape)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
}


class Layer:
    """One layer: its kind, its configuration without the name, arrays by name, what it computes."""

    def __init__(self, kind, name, config, arrays, compute):
        self.kind, self.name, self.config = kind, name, config
        self.arrays, self.compute = arrays, compute


def dense(name, inputs, units, activation, seed, bias=True):
    arrays = {"kernel": numbers(seed, inputs, units)}
    if bias:
        arrays["bias"] = numbers(seed + 1, units)
    w = arrays["kernel"].astype(np.float64)
    b = arrays["bias"].astype(np.float64) if bias else 0
    config = {"units": units, "activation": activation, "use_bias": bias}
    return Layer("Dense", name, config, arrays, lambda x: ACTIVATIONS[activation](x @ w + b))


def batch_norm(name, channels, seed, scale=True):
    arrays = {"gamma": numbers(seed, channels) + 1} if scale else {}
    arrays["beta"] = numbers(seed + 1, channels)
    arrays["moving_mean"] = numbers(seed + 2, channels)
    arrays["moving_variance"] = numbers(seed + 3, channels) + np.float32(0.75)
    a = {name: values.astype(np.float64) for name, values in arrays.items()}

    def compute(x):
        root = np.sqrt(a["moving_variance"] + 1e-3)
        return a.get("gamma", 1.0) * (x - a["moving_mean"]) / root + a["beta"]

    config = {"axis": [1], "momentum": 0.99, "epsilon": 0.001, "center": True, "scale": scale}
    return Layer("BatchNormalization", name, config, arrays, compute)


def same(kind, name, **config):
    return Layer(kind, name, config, {}, lambda x: x)


def leaky_relu(name, slope, keras):
    config = {"alpha": slope} if keras == 2 else {"negative_slope": slope}
    return Layer("LeakyReLU", name, config, {}, lambda x: np.where(x > 0, x, slope * x))


def run(layers, x):
    x = x.astype(np.float64)
    for layer in layers:
        x = layer.compute(x)
    return x


# How Keras writes a configuration.


def layer_json(layer, keras):
    config = {"name": layer.name, "trainable": True, "dtype": "float32", **layer.config}
    if keras == 3:
        policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}
        config["dtype"] = {**policy, "registered_name": None}
        if layer.kind == "BatchNormalization":
            config["axis"] = -1
        head = {"module": "keras.layers", "class_name": layer.kind, "config": config}
        return {**head, "registered_name": None, "build_config": {}}
    return {"class_name": layer.kind, "config": config}


def input_json(name, shape, keras):
    batch = [None, *shape]
    config = {"name": name, "dtype": "float32", "sparse": False}
    if keras == 3:
        config["batch_shape"] = batch
        return {"module": "keras.layers", "class_name": "InputLayer", "config": config}
    config.update({"batch_input_shape": batch, "ragged": False})
    return {"class_name": "InputLayer", "config": config}


def call_json(name, keras, call=0):
    """The call of a layer with the output of another one."""
    if keras == 2:
        return [[name, call, 0, {}]]
    tensor = {"shape": [None, 1], "dtype": "float32", "keras_history": [name, call, 0]}
    return {"args": [{"class_name": "__keras_tensor__", "config": tensor}], "kwargs": {}}


def sequential_json(name, shape, parts, keras):
    layers = [input_json(name + "_input", shape, keras)] + parts
    config = {"name": name, "layers": layers}
    if keras == 3:
        config.update({"trainable": True, "build_input_shape": [None, *shape]})
        return {"module": "keras", "class_name": "Sequential", "config": config}
    return {"class_name": "Sequential", "config": config}


def functional_json(name, shape, parts, keras):
    entries = [input_json(name + "_input", shape, keras)] + parts
    previous, call = name + "_input", 0
    for i, entry in enumerate(entries):
        entry["name"] = entry["config"]["name"]
        entry["inbound_nodes"] = []
        if i > 0:
            entry["inbound_nodes"] = [call_json(previous, keras, call)]
            # Keras 2 counts the call that a model inside a model was made with.
            inner = entry["class_name"] in ("Functional", "Sequential")
            previous, call = entry["name"], 1 if inner and keras == 2 else 0
    config = {"name": name, "trainable": True, "layers": entries}
    config["input_layers"] = [[name + "_input", 0, 0]]
    config["output_layers"] = [[previous, call, 0]]
    head = {"class_name": "Functional", "config": config}
    return {"module": "keras", **head} if keras == 3 else head


# How Keras writes weights.


def put_group(root, name, layers):
    """Keras 2: one list for all layers of a group, those that are trained first."""
    group = root.create_group(name)
    arrays = [(layer, what) for layer in layers for what in layer.arrays]
    arrays.sort(key=lambda entry: entry[1].startswith("moving_"))
    names = [f"{layer.name}/{what}:0".encode() for layer, what in arrays]
    group.attrs["weight_names"] = names if names else np.array([], dtype="S1")
    for (layer, what), path in zip(arrays, names):
        group.create_dataset(path.decode(), data=layer.arrays[what])


def write_h5(path, config, groups):
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config).encode()
        file.attrs["keras_version"] = b"2.11.0"
        file.attrs["backend"] = b"tensorflow"
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [name.encode() for name in groups]
        for name, layers in groups.items():
            put_group(root, name, layers)


def snake_case(name):
    """Conv2DTranspose -> conv2d_transpose, as Keras does it."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def put_vars(root, layers):
    """Keras 3: every array under its layer's place."""
    used = {}
    for layer in layers:
        name = snake_case(layer.kind)
        used[name] = used.get(name, -1) + 1
        place = name if used[name] == 0 else f"{name}_{used[name]}"
        group = root.create_group(f"layers/{place}/vars")
        for i, values in enumerate(layer.arrays.values()):
            group.create_dataset(str(i), data=values)


def write_keras(path, config, put):
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        put(file)
    with zipfile.ZipFile(path, "w") as archive:
        metadata = {"keras_version": "3.3.3", "date_saved": "2024-05-01@12:00:00"}
        for name, data in (("metadata.json", json.dumps(metadata).encode()),
                           ("config.json", json.dumps(config).encode()),
                           ("model.weights.h5", content.getvalue())):
            archive.writestr(zipfile.ZipInfo(name), data)


def save(path, values):
    np.save(path, np.ascontiguousarray(values, dtype=np.float32))


def tutorial():
    """Input, one dense layer, one dense layer; the encoder and the decoder share those layers."""
    encoded = dense("dense", 12, 4, "relu", 1)
    decoded = dense("dense_1", 4, 12, "sigmoid", 3)
    x = numbers(9, 5, 12) + np.float32(0.5)
    save("tutorial_input.npy", x)
    save("tutorial_code.npy", run([encoded], x))
    save("tutorial_output.npy", run([encoded, decoded], x))
    models = {"autoencoder": [encoded, decoded], "encoder": [encoded], "decoder": [decoded]}
    for name, layers in models.items():
        shape = [4] if name == "decoder" else [12]
        for keras in (2, 3):
            parts = [layer_json(layer, keras) for layer in layers]
            config = functional_json("model", shape, parts, keras)
            if keras == 2:
                groups = {"model_input": [], **{layer.name: [layer] for layer in layers}}
                write_h5(f"tutorial_{name}.h5", config, groups)
            else:
                write_keras(f"tutorial_{name}.keras", config, lambda f, l=layers: put_vars(f, l))


def deep():
    """Every layer that is read, in models of models: functional in Keras 2, Sequential in 3."""
    def halves(keras):
        encoder = [same("Flatten", "flatten", data_format="channels_last"),
                   dense("dense", 12, 9, "linear", 21, bias=False),
                   batch_norm("batch_normalization", 9, 23),
                   leaky_relu("leaky_re_lu", 0.125, keras), same("Dropout", "dropout", rate=0.25),
                   dense("dense_1", 9, 3, "tanh", 31)]
        decoder = [same("GaussianNoise", "gaussian_noise", stddev=0.1),
                   dense("dense_2", 3, 9, "relu", 41),
                   batch_norm("batch_normalization_1", 9, 43, scale=False),
                   dense("dense_3", 9, 12, "linear", 51),
                   Layer("Activation", "activation", {"activation": "sigmoid"}, {}, sigmoid),
                   same("Reshape", "reshape", target_shape=[2, 6])]
        return encoder, decoder

    encoder, decoder = halves(2)
    x = numbers(61, 5, 12)
    save("deep_input.npy", x)
    save("deep_code.npy", run(encoder, x))
    save("deep_output.npy", run(encoder + decoder, x))
    parts = [functional_json(name, shape, [layer_json(layer, 2) for layer in half], 2)
             for name, shape, half in (("encoder", [2, 6], encoder), ("decoder", [3], decoder))]
    write_h5("deep.h5", functional_json("autoencoder", [2, 6], parts, 2),
             {"autoencoder_input": [], "encoder": encoder, "decoder": decoder})

    encoder, decoder = halves(3)
    parts = [sequential_json(name, shape, [layer_json(layer, 3) for layer in half], 3)
             for name, shape, half in (("encoder", [2, 6], encoder), ("decoder", [3], decoder))]

    def put(file):
        put_vars(file.create_group("layers/sequential"), encoder)
        put_vars(file.create_group("layers/sequential_1"), decoder)

    write_keras("deep.keras", sequential_json("autoencoder", [2, 6], parts, 3), put)


if __name__ == "__main__":
    tutorial()
    deep()
