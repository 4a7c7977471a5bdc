#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Prints what dense layers and activations cost on each core: the numbers that nutshell footprint
# estimates instructions with (tools/footprint/targets.cpp), fitted to layers counted under
# emulation.
# usage: layer_costs.sh [PRESET...]     Needs python3-numpy besides what the presets need.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
[[ $# -gt 0 ]] ||
    set -- cortex-m0 cortex-m3 cortex-m4 cortex-m7 cortex-m33 cortex-m55 riscv32 aarch64 armhf
python=/usr/bin/python3

cd "$root"
for preset in "$@"; do
    cmake --preset "$preset" >/dev/null
    cmake --build "build/$preset" --target counted_layers --parallel "$(nproc)" >/dev/null
    image=build/$preset/tests/firmware/counted_layers
    IFS=';' read -r -a emulator <"$image.emulator"
    bash tests/compare/count_instructions.sh "$image.elf" "${emulator[@]}" "$image.elf" |
        "$python" tests/compare/layer_costs.py "$preset"
done
