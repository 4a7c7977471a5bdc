#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes Keras files that must be refused, one for each way in which loaders of models were
attacked or fooled, into refused/.

usage: make_refused.py      in this folder
"""
import json
import os
import zipfile

import h5py
import numpy as np

from make import dense, functional_json, layer_json, numbers, put_group, same


def write(name, change, config=None, groups=None):
    """The tutorial's encoder with a change."""
    layer = dense("dense", 12, 4, "relu", 1)
    if config is None:
        config = functional_json("model", [12], [layer_json(layer, 2)], 2)
    text = config if isinstance(config, str) else json.dumps(config)
    with h5py.File(f"refused/{name}.h5", "w") as file:
        file.attrs["model_config"] = text.encode()
        root = file.create_group("model_weights")
        for group, layers in (groups or {"dense": [layer]}).items():
            put_group(root, group, layers)
        change(file, root["dense"])


def replace(root, create):
    """Puts something else in the place of the kernel."""
    group = root["dense"]
    del group["kernel:0"]
    create(group)


def rings(file, root):
    file["model_weights/ring"] = file["model_weights"]


def deep(file, root):
    for _ in range(40):
        root = root.create_group("group")


def virtual(group):
    layout = h5py.VirtualLayout(shape=(12, 4), dtype="f4")
    layout[:] = h5py.VirtualSource("elsewhere.h5", "kernel", shape=(12, 4))
    group.create_virtual_dataset("kernel:0", layout)


def external(group):
    group.create_dataset("kernel:0", (12, 4), dtype="f4", external=[("elsewhere.bin", 0, 192)])


def soft(group):
    group["kernel:0"] = h5py.SoftLink("/model_weights/dense/dense/bias:0")


def elsewhere(group):
    group["kernel:0"] = h5py.ExternalLink("elsewhere.h5", "/kernel")


def shape_bomb(group):
    group.create_dataset("kernel:0", (1 << 40, 1 << 20), dtype="f4", chunks=(64, 64))


def chunk_bomb(group):
    group.create_dataset("kernel:0", (1 << 14, 1 << 13), dtype="f4", chunks=(64, 64))


def values(shape, fill=None):
    def create(group):
        data = numbers(1, *shape)
        if fill is not None:
            data[0, 0] = fill
        group.create_dataset("kernel:0", data=data)
    return create


def in_place(create):
    return lambda file, root: replace(root, create)


def nothing(file, root):
    pass


def branch():
    config = functional_json("model", [12], [layer_json(dense("dense", 12, 4, "relu", 1), 2),
                                             layer_json(same("Add", "add"), 2)], 2)
    config["config"]["layers"][2]["inbound_nodes"] = [[["dense", 0, 0, {}], ["dense", 0, 0, {}]]]
    return config


def code():
    lines = layer_json(same("Lambda", "lambda", function=["4wEAAAA=", None, None]), 2)
    first = layer_json(dense("dense", 12, 4, "relu", 1), 2)
    return functional_json("model", [12], [first, lines], 2)


def inflates():
    """A member of 8 MB of spaces in a file of 8 KB."""
    path = "refused/inflates.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr(zipfile.ZipInfo("config.json"), b" " * (1 << 23), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    os.makedirs("refused", exist_ok=True)
    write("external_link", in_place(elsewhere))
    write("soft_link", in_place(soft))
    write("external_storage", in_place(external))
    write("virtual_array", in_place(virtual))
    write("shape_bomb", in_place(shape_bomb))
    write("chunk_bomb", in_place(chunk_bomb))
    write("ring", rings)
    write("deep", deep)
    write("weights_alone", lambda file, root: file.attrs.__delitem__("model_config"))
    write("lambda", nothing, code())
    write("branch", nothing, branch())
    write("missing_array", in_place(lambda group: None))
    write("text_for_array", in_place(lambda group: group.create_dataset("kernel:0", data=b"text")))
    write("wrong_shape", in_place(values((12, 5))))
    write("not_finite", in_place(values((12, 4), np.nan)))
    write("not_json", nothing, "{\"class_name\": ")
    inflates()
