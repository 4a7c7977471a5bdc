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


def terms(name, inputs, outputs, blocks):
    """What the costs are multiplied with: call, input, output, product, rest."""
    out = up(outputs, blocks[0])
    if name == "dots" and blocks[1] > 1:
        rest = inputs % blocks[1]
        return [1, 0, out, (inputs - rest) * out, rest * outputs]
    whole = up(inputs, blocks[1])
    return [1, whole, out, whole * out, 0]


processor = sys.argv[1]
layers, elements = {}, {}
for line in sys.stdin:
    piece, count = line.rstrip("\n").split("\t")
    name, inputs, outputs = piece.split()
    if int(outputs) == 0:
        elements[name] = int(count) / int(inputs)
    else:
        layers.setdefault(name, []).append((int(inputs), int(outputs), int(count)))

print(processor)
for name, counted in layers.items():
    blocks = BLOCKS[processor][name]
    counts = numpy.array([count for _, _, count in counted], float)
    matrix = numpy.array([terms(name, i, o, blocks) for i, o, _ in counted], float)
    costs = numpy.linalg.lstsq(matrix / counts[:, None], numpy.ones(len(counts)), rcond=None)[0]
    off = numpy.abs(matrix @ costs / counts - 1).max()
    print(f"  {name:9} block {blocks}: " + ", ".join(f"{cost:.4g}" for cost in costs) +
          f"; at most {100 * off:.1f} % off")
print("  an element: " + ", ".join(f"{name} {cost:.3g}" for name, cost in elements.items()))
