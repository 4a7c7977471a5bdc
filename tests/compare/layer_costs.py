# SPDX-License-Identifier: MIT
# Fits the costs of tools/footprint/targets.cpp to counted layers, by least squares of relative
# errors, and prints them as they stand there.
# usage: layer_costs.py PROCESSOR < COUNTS, lines of "NAME INPUTS OUTPUTS<tab>INSTRUCTIONS".
import sys

import numpy

# Blocks of outputs and inputs: of int8 (the packing's), of dot products, of combined rows; where
# halves of a block are computed too, the outputs of the least of them.
IN_SOFTWARE = {"dots": (1, 1), "combined": (1, 1)}
OF_FPU = {"dots": (4, 8), "combined": (16, 1)}
BLOCKS = {
    "cortex-m0": {"int8": (4, 1), **IN_SOFTWARE},
    "cortex-m3": {"int8": (4, 1), **IN_SOFTWARE},
    "cortex-m4": {"int8": (4, 4), **OF_FPU},
    "cortex-m7": {"int8": (4, 4), **OF_FPU},
    "cortex-m33": {"int8": (4, 4), **OF_FPU},
    "cortex-m55": {"int8": (4, 16), "dots": (6, 8), "combined": (28, 1)},
    "riscv32": {"int8": (1, 1), **IN_SOFTWARE},
    "aarch64": {"int8": (16, 8, 8), "dots": (8, 16, 1), "combined": (64, 1, 4)},
    "armhf": {"int8": (8, 8, 8), "dots": (8, 8, 1), "combined": (32, 1, 4)},
}


def up(number, block):
    return (number + block - 1) // block * block


def terms(name, inputs, outputs, block):
    """What the costs are multiplied with: call, input, output, product, rest, partial, scale,
    pass."""
    int8 = name.startswith("int8")
    rest = inputs % block[1] if name == "dots" else 0
    whole = up(inputs - rest, block[1])
    scale = name == "int8_per_output"
    if len(block) == 2:
        out = up(outputs, block[0])
        by_input = name != "dots" or block == (1, 1)  # (a loop over inputs is one for each output)
        return [1, whole if by_input else 0, out, whole * out, rest * outputs,
                int8 and outputs % block[0] != 0, out if scale else 0, 0]
    out = up(outputs, block[2])
    passes = out // block[0] + bin(out % block[0] // block[2]).count("1")
    return [1, whole * passes, out, whole * out, rest * outputs, int8 and inputs % block[1] != 0,
            out if scale else 0, passes]


processor = sys.argv[1]
layers, elements, exact = {}, {}, {}
for line in sys.stdin:
    piece, count = line.rstrip("\n").split("\t")
    name, inputs, outputs = piece.split()
    if int(outputs) == 0:
        elements[name] = int(count) / int(inputs)
        continue
    exact[name, int(inputs), int(outputs)] = int(count)
    if name in ("int8", "int8_per_output", "dots", "combined"):
        product = name.replace("_per_output", "")
        layers.setdefault(product, []).append((name, int(inputs), int(outputs), int(count)))


def a_layer_of_the_model(name, layer):
    """What each of two layers takes besides: a chain's steps, the call's checks."""
    check = 16 * elements["check"] if name == "model_float" else 0
    return (exact[name, 16, 16] - check) / 2 - exact[layer, 16, 16]


def fit(product, besides):
    counted, block = layers[product], BLOCKS[processor][product]
    counts = numpy.array([count for *_, count in counted], float)
    matrix = numpy.array([terms(name, i, o, block) for name, i, o, _ in counted], float)
    used = matrix.any(axis=0)
    costs = numpy.zeros(len(used))
    costs[used] = numpy.linalg.lstsq(matrix[:, used] / counts[:, None], numpy.ones(len(counts)),
                                     rcond=None)[0]
    off = 100 * numpy.abs(matrix @ costs / counts - 1).max()
    costs[0] += besides
    numbers = [*block[:2], *costs[:-1]] + ([costs[-1], block[2]] if len(block) == 3 else [])
    return "{" + ", ".join(f"{number:.4g}" for number in numbers) + "}", off


in_int8 = a_layer_of_the_model("model_int8", "int8_per_output")
in_floats = a_layer_of_the_model("model_float", "dots")
clamp = (exact["clamped", 24, 784] - exact["int8_per_output", 24, 784]) / 784
print(processor)
costs, off = fit("int8", in_int8)
print(f"  int8: {costs}, kNone, look_up({elements['look_up']:.4g}, {clamp:.3g}), 0"
      f"    // at most {off:.1f} % off")
dots, off_dots = fit("dots", in_floats)
combined, off_combined = fit("combined", in_floats)
activations = ", ".join(f"{elements[name]:.4g}" for name in ("sigmoid", "tanh", "leaky_relu"))
print(f"  float32: {dots}, {combined}, {{{activations}, 0}}, {elements['check']:.3g}"
      f"    // at most {off_dots:.1f} and {off_combined:.1f} % off")
