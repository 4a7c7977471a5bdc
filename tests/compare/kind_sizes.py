# SPDX-License-Identifier: MIT
# Fits the sizes of tools/footprint/image_sizes.cpp to linked images and prints them as they stand
# there: code by least squares, a kind's stack from the images that have no other kind but dense
# layers.
# usage: kind_sizes.py PROCESSOR < IMAGES
# IMAGES are lines of "NUMBERS<tab>LAYERS<tab>CODE<tab>STACK<tab>STACK".
import re
import sys

import numpy

# Entries of layer lists, in the order of struct ImageSize.
KINDS = [("dense", r"\d+"), ("reshape", r"flat|\d+x\d+x\d+"), ("conv2d", r"conv\d.*"),
         ("depthwise_conv2d", r"depthwise.*"), ("transposed_conv2d", r"deconv.*"),
         ("max_pool2d", r"pool.*"), ("average_pool2d", r"avgpool.*"), ("upsample2d", r"up\d.*"),
         ("batch_norm", r"norm")]
NAMES = [name for name, _ in KINDS]
# What several kinds share: linked with the first layer of any of them.
SHARED = [{"dense", "conv2d", "transposed_conv2d"}, {"conv2d", "transposed_conv2d"},
          set(NAMES) - {"dense"}]


def kinds_of(layers):
    entries = [entry.split(":")[0] for entry in layers.split(",")]
    return [next(name for name, form in KINDS if re.fullmatch(form, entry)) for entry in entries]


def parts_of(kinds):
    """How often each number of code is in an image: start, what is shared, further layers; first
    ones."""
    present = set(kinds)
    return ([1] + [bool(of & present) for of in SHARED] + [len(kinds) - len(present)] +
            [name in present for name in NAMES])


def fit(parts, measured):
    matrix, used = numpy.array(parts, float), numpy.any(parts, axis=0)
    sizes = numpy.zeros(matrix.shape[1])
    sizes[used] = numpy.linalg.lstsq(matrix[:, used], numpy.array(measured, float), rcond=None)[0]
    return [round(size) for size in sizes]


def others(kinds):
    return set(kinds) - {"dense"}


def is_deep(kinds):
    return len(kinds) > 3


def middle(numbers):
    return (min(numbers) + max(numbers)) / 2 if numbers else 0


def has_single(layers):
    """A convolution with one channel behind it."""
    return re.search(r"conv1k", layers) is not None


class Stacks:
    """Of a check: by kind, and what more than three layers add. Of an inference: by kind, what a
    convolution of each kind to a single channel adds, and what each layer does where there are
    several kinds."""

    def __init__(self, images):
        dense = [[image["check"] for image in images
                  if not others(image["kinds"]) and is_deep(image["kinds"]) == deep]
                 for deep in (False, True)]
        self.deep = max(dense[1]) - max(dense[0])
        self.check_of = self.by_kind(
            images, lambda image: image["check"] - self.deep * is_deep(image["kinds"]))
        several = [image for image in images if not has_single(image["layers"])]
        self.run_of = self.by_kind(several, lambda image: image["run"])
        self.single = [self.of_single(images, kind) for kind in ("conv2d", "transposed_conv2d")]
        self.mixed = 0
        mixed = [image for image in images if len(others(image["kinds"])) > 1]
        self.mixed = max(0, fit([[self.mixture(image)] for image in mixed],
                                [image["run"] - self.run(image) for image in mixed])[0])

    @staticmethod
    def of_single(images, kind):
        stacks = {single: [image["run"] for image in images
                           if others(image["kinds"]) == {kind} and
                           image["kinds"].count(kind) > 1 and
                           has_single(image["layers"]) == single] for single in (True, False)}
        return round(max(0, middle(stacks[True]) - middle(stacks[False])))

    @staticmethod
    def mixture(image):
        return len(image["kinds"]) * max(0, len(others(image["kinds"])) - 1)

    @staticmethod
    def by_kind(images, stack):
        """Of the images that have no other kind; what dense layers beside it take says nothing of
        a kind."""
        alone = {name: [] for name in NAMES}
        for image in images:
            if not others(image["kinds"]):
                alone["dense"].append(stack(image))
        dense = middle(alone["dense"])
        for image in images:
            kinds = others(image["kinds"])
            if len(kinds) == 1 and ("dense" not in image["kinds"] or stack(image) > 1.05 * dense):
                alone[kinds.pop()].append(stack(image))
        return {name: round(middle(stacks) if stacks else dense) for name, stacks in alone.items()}

    def check(self, image):
        return (max(self.check_of[kind] for kind in image["kinds"]) +
                self.deep * is_deep(image["kinds"]))

    def run(self, image):
        most = 0
        for kind, entry in zip(image["kinds"], image["layers"].split(",")):
            stack = self.run_of[kind]
            if has_single(entry):
                stack += self.single[kind == "transposed_conv2d"]
            most = max(most, stack)
        return most + self.mixed * self.mixture(image)

    def most(self, image):
        return max(self.check(image), self.run(image))


def off(estimates, measured):
    return max(abs(e / m - 1) for e, m in zip(estimates, measured)) * 100


def braces(numbers):
    return "{" + ", ".join(map(str, numbers)) + "}"


images = {"int8": [], "float": []}
for line in sys.stdin:
    numbers, layers, *sizes = line.rstrip("\n").split("\t")
    image = dict(zip(("code", "check", "run"), map(int, sizes)))
    images[numbers].append({"layers": layers, "kinds": kinds_of(layers), **image})
name = sys.argv[1].replace("cortex-m", "M").replace("riscv", "Riscv").replace("a", "A", 1)
for numbers, of in images.items():
    matrix = [parts_of(image["kinds"]) for image in of]
    code = fit(matrix, [image["code"] for image in of])
    stacks = Stacks(of)
    shared = len(SHARED) + 2
    parts = [code[:shared], code[shared:],
             [stacks.check_of[kind] for kind in NAMES],
             [stacks.run_of[kind] for kind in NAMES],
             [stacks.deep, stacks.mixed, *stacks.single]]
    print(f"constexpr ImageSize k{name}{numbers.title()}{{")
    print(",\n".join("    " + braces(part) for part in parts) + "};")
    codes = numpy.dot(matrix, code)
    needed = [max(image["check"], image["run"]) for image in of]
    print(f"// At most {off(codes, [image['code'] for image in of]):.1f} % off, "
          f"stack {off(map(stacks.most, of), needed):.0f} %.")
    if "-v" in sys.argv:
        for c, s, image in zip(codes, needed, of):
            e = stacks.most(image)
            print(f"{c-image['code']:7.0f} {s:6} {image['check']:6} {image['run']:6}  "
                  f"{e-s:6} {e/s-1:7.2%}", image['layers'])
