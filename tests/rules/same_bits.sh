#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The reference platform gives the same float bits on every machine: the program same_bits.cpp,
# optimized for another processor and run under emulation, prints what it prints here unoptimized.
# usage: same_bits.sh COMPILER [EMULATOR [ARGUMENT...]]
. "$(dirname "$0")/common.sh"
compiler=${1:?usage: same_bits.sh COMPILER [EMULATOR [ARGUMENT...]]}
shift
need g++ "$compiler" "${@:1:1}"
scratch

# build COMPILER LEVEL OUTPUT: the program over the reference platform. The user's part may be built
# with contraction, as compilers do when nobody tells them.
build() {
    local source objects=()
    for source in lib/nutshell/*.cpp platform/bind.cpp; do
        objects+=("$scratch/$(basename "$source").o")
        "$1" "${house_flags[@]}" "${library_flags[@]}" "$2" -DNUTSHELL_PLATFORM=Reference \
            -I . -I lib -c "$source" -o "${objects[-1]}"
    done
    "$1" "${house_flags[@]}" -ffp-contract=fast "$2" -I lib -static tests/rules/same_bits.cpp \
        "${objects[@]}" -o "$3"
}

build g++ -O0 "$scratch/plain"
"$scratch/plain" >"$scratch/expected"
levels=0
for level in -O1 -O3; do
    levels=$((levels + 1))
    build "$compiler" "$level" "$scratch/other"
    "$@" "$scratch/other" >"$scratch/found"
    diff "$scratch/expected" "$scratch/found" || violation "$compiler $level gives other bits"
done
cat "$scratch/expected"
finish "optimization levels of $compiler for the same bits" "$levels"
