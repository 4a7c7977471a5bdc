#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Prints how many instructions one sample through 784-24-784 (float, relu, sigmoid) takes on 64-bit
# Arm Linux, piece by piece, and those of int8 layers without and with the dot product; counted
# under user emulation by count_instructions.sh.
# usage: aarch64_instructions.sh [BUILD_DIR]     BUILD_DIR keeps the cross-compiled library
# Needs Debian's g++-aarch64-linux-gnu and qemu-user.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
build=${1:-$scratch/build}

cd "$root"
cmake --preset aarch64 -B "$build" >/dev/null
cmake --build "$build" --target nutshell --parallel "$(nproc)" >/dev/null
count() {
    local program=$scratch/$1
    [[ -f $program ]] || aarch64-linux-gnu-g++ -std=c++17 -O2 -static -I . -I lib "$here/$1.cpp" \
        "$build/libnutshell.a" -o "$program"
    shift
    bash "$here/count_instructions.sh" "$program" qemu-aarch64 -cpu max "$program" "$@"
}
count counted_inference
count counted_int8 neon
count counted_int8 neon_dot
