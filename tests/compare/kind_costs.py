# SPDX-License-Identifier: MIT
# Fits the costs of tools/footprint/loop_costs.cpp to counted layers, by least squares of relative
# errors of which no cost is negative, and prints them as they stand there; on standard error how
# far the estimates are off.
# usage: kind_costs.py NAME < what kind_loops printed, of all processors that share the costs
import sys

import numpy

FAMILIES = ["windows", "depthwise", "max_pool", "average_pool", "upsampling", "batch_norm", "copy"]


def least_squares(matrix, right):
    """x >= 0 that brings matrix * x next to right. Source: Lawson and Hanson, "Solving Least
    Squares Problems", chapter 23."""
    x = numpy.zeros(matrix.shape[1])
    used = numpy.zeros(matrix.shape[1], bool)
    for _ in range(10 * matrix.shape[1]):
        slope = numpy.where(used, 0, matrix.T @ (right - matrix @ x))
        if slope.max() <= 1e-9:
            break
        used[slope.argmax()] = True
        while True:
            best = numpy.zeros(len(x))
            best[used] = numpy.linalg.lstsq(matrix[:, used], right, rcond=None)[0]
            if not used.any() or best[used].min() > 0:
                break
            below = used & (best <= 0)
            x += (x[below] / (x[below] - best[below])).min() * (best - x)
            used &= x > 1e-12
            x[~used] = 0
        x = best
    return x


def fit(layers):
    """The costs of a family's loops, of [(use, loops, instructions)]."""
    matrix = numpy.array([loops / count for use, loops, count in layers if use == "fit"])
    size = numpy.linalg.norm(matrix, axis=0)
    size[size == 0] = 1
    return least_squares(matrix / size, numpy.ones(len(matrix))) / size


def off(layers, costs, use):
    parts = [abs(loops @ costs / count - 1) for used, loops, count in layers if used == use]
    return f"{100 * numpy.mean(parts):.1f} % off, at most {100 * max(parts):.1f} %"


name = sys.argv[1]
layers = {}
for line in sys.stdin:
    use, numbers, family, instructions, *loops = line.split()
    layers.setdefault((numbers, FAMILIES[int(family)]), []).append(
        (use, numpy.array(loops, float), float(instructions)))

print(f"constexpr LoopCosts {name}{{")
for numbers in ("int8", "float32"):
    print("    {")
    for family in FAMILIES:
        known = layers.get((numbers, family))
        if not known:
            print(f"        // {family}: there is none\n        {{}},")
            continue
        costs = fit(known)
        print(f"{name} {numbers} {family}: fit {off(known, costs, 'fit')}; held "
              f"{off(known, costs, 'held')}", file=sys.stderr)
        shown = ", ".join(f"{cost:.4g}" for cost in numpy.trim_zeros(costs, "b"))
        print(f"        // {family}\n        {{{shown}}},")
    print("    },")
print("};")
