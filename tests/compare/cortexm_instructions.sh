#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Prints, for each Cortex-M core, how many instructions int8 layers take and how many words they
# load, and float inference and training where there are floats, counted under emulation; and the
# bytes of stack and of code of the int8 kernels.
# usage: cortexm_instructions.sh [PRESET...]     for example: cortexm_instructions.sh cortex-m4
# Needs Debian's gcc-arm-none-eabi, libnewlib-arm-none-eabi and qemu-system-arm.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
[[ $# -gt 0 ]] || set -- cortex-m0 cortex-m3 cortex-m4 cortex-m7 cortex-m33 cortex-m55

cd "$root"
for preset in "$@"; do
    build=$scratch/$preset
    printf '%s\n' "$preset"
    cmake --preset "$preset" -B "$build" >/dev/null
    cmake --build "$build" --parallel "$(nproc)" >/dev/null
    ctest --test-dir "$build" --verbose -R firmware |
        sed -nE 's/^[0-9]+: ([^\t]*)\t([0-9]+)$/  \1: \2/p
                   s/^[0-9]+: ([^\t]*)\t([0-9]+)\t([0-9]+)$/  \1: \2, words \3/p
                   s/^[0-9]+: (stack of .*)/  \1/p'
    arm-none-eabi-nm -S --radix=d -C "$build/tests/firmware/int8_kernels.elf" |
        awk '(/nutshell::(Armv6m|Armv7m|Dsp|Helium|cortexm)/ ||
              /nutshell::\(anonymous namespace\)::(run|widen|make_unsigned)/) &&
             $3 ~ /[tTW]/ { bytes += $2 }
             END { printf "  code of dense_int8 and look_up, bytes: %d\n", bytes }'
done
