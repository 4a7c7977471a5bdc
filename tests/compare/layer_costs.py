# SPDX-License-Identifier: MIT
# Fits the costs of tools/footprint_targets.cpp to counted layers: least squares of relative errors.
# usage: layer_costs.py PROCESSOR < COUNTS, lines of "NAME INPUTS OUTPUTS<tab>INSTRUCTIONS".
import sys

import numpy

# Blocks of outputs and inputs: of int8 (the packing's), of dot products, of combined rows.
BLOCKS = {
    "cortex-m0": {"int8": (4, 1), "dots": (1, 1), "combined": (1, 1)},
    "cortex-m3": {"int8": (4, 1), "dots": (1, 1), "combined": (1, 1)},
    "cortex-m4": {"int8": (4, 4), "dots": (4, 8), "combined": (16, 1)},
    "cortex-m7": {"int8": (4, 4), "dots": (4, 8), "combined": (16, 1)},
    "cortex-m33": {"int8": (4, 4), "dots": (4, 8), "combined": (16, 1)},
    "riscv32": {"int8": (1, 1), "dots": (1, 1), "combined": (1, 1)},
    "aarch64": {"int8": (8, 8), "dots": (1, 4), "combined": (4, 1)},
    "cortex-m55": {"int8": (4, 16), "dots": (6, 8), "combined": (28, 1)},
}


def up(number, block):
    return (number + block - 1) // block * block


def terms(inputs, outputs, blocks, name):
    """What the costs are multiplied with: call, input, output, product; of dot products rest; of
    int8 partial, scale."""
    out = up(outputs, blocks[0])
    if name == "dots":
        rest = inputs % blocks[1]
        return [1, 0, out, (inputs - rest) * out, rest * outputs]
    whole = up(inputs, blocks[1])
    if name == "combined":
        return [1, whole, out, whole * out]
    return [1, whole, out, whole * out, outputs % blocks[0] != 0,
            out if name == "int8_per_output" else 0]


processor = sys.argv[1]
layers, elements, exact = {}, {}, {}
for line in sys.stdin:
    piece, count = line.rstrip("\n").split("\t")
    name, inputs, outputs = piece.split()
    if int(outputs) == 0:
        elements[name] = int(count) / int(inputs)
        continue
    exact[name, int(inputs), int(outputs)] = int(count)
    if name not in ("model_int8", "clamped"):
        product = name.replace("_per_output", "")
        layers.setdefault(product, []).append((int(inputs), int(outputs), name, int(count)))

print(processor)
for product, counted in layers.items():
    blocks = BLOCKS[processor][product]
    counts = numpy.array([count for *_, count in counted], float)
    matrix = numpy.array([terms(i, o, blocks, name) for i, o, name, _ in counted], float)
    costs = numpy.linalg.lstsq(matrix / counts[:, None], numpy.ones(len(counts)), rcond=None)[0]
    off = numpy.abs(matrix @ costs / counts - 1).max()
    print(f"  {product:9} block {blocks}: " + ", ".join(f"{cost:.4g}" for cost in costs) +
          f"; at most {100 * off:.1f} % off")
elements["clamp of int8"] = (exact["clamped", 24, 784] - exact["int8_per_output", 24, 784]) / 784
print("  an element: " + ", ".join(f"{name} {cost:.3g}" for name, cost in elements.items()))
print("  an int8 model besides its layers: "
      f"{exact['model_int8', 16, 16] - 2 * exact['int8_per_output', 16, 16]}")
