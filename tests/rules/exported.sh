#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What nutshell convert writes compiles freestanding, without any C++ standard header and without a
# warning, and its bytes lie in a read-only section. usage: exported.sh TOOL OBJDUMP COMPILER
# [FLAG...]
. "$(dirname "$0")/common.sh"
tool=${1:?usage: exported.sh TOOL OBJDUMP COMPILER [FLAG...]}
objdump=${2:?usage: exported.sh TOOL OBJDUMP COMPILER [FLAG...]}
compiler=${3:?usage: exported.sh TOOL OBJDUMP COMPILER [FLAG...]}
shift 3
need "$compiler" "$objdump"
scratch
poison_headers "$scratch/poison"
compile=("$compiler" "$@" "${house_flags[@]}" "${library_flags[@]}" -ffreestanding -nostdinc++
    -Os -I "$scratch/poison" -I lib -I "$scratch")

# Images too: a convolution, and reshapes of an image to another one and of a vector to an image.
"$tool" train --data sample --epochs 1 --out "$scratch/images_float.nut" --json \
    --layers 28x28x1,conv4k3s4,14x14x1,10,196,7x7x4,up4,conv1k3 >/dev/null
"$tool" quantize "$scratch/images_float.nut" --calibrate sample \
    --out "$scratch/images_int8.nut" >/dev/null
models=(tests/data/models/exported_{float,int8}.nut "$scratch"/images_{float,int8}.nut)
sources=0
for model in "${models[@]}"; do
    for part in whole encoder decoder; do
        name=$(basename "$model" .nut)_$part
        "$tool" convert "$model" "$scratch/$name.hpp" --part "$part" >/dev/null
        "$tool" convert "$model" "$scratch/half.nut" --part "$part" >/dev/null
        "$tool" convert "$scratch/half.nut" "$scratch/${name}_alone.hpp" --section .model >/dev/null
        for pair in "$name" "${name}_alone"; do
            sources=$((sources + 1))
            "${compile[@]}" -c "$scratch/$pair.cpp" -o "$scratch/$pair.o" ||
                violation "$pair.cpp does not compile with $compiler $*"
            "$objdump" -h "$scratch/$pair.o" | grep -A 1 -E ' \.(rodata[^ ]*|model) ' |
                grep -q READONLY || violation "the bytes of $pair.cpp are not read-only"
        done
    done
done
finish "exported sources with $compiler $*" "$sources"
