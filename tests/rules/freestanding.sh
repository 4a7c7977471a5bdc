#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The library compiles as a freestanding program without any C++ standard header, and its objects
# obey symbols.sh. A folder of headers that only stop the build stands in front of all others; the
# check first proves that it does. usage: freestanding.sh OBJDUMP COMPILER [FLAG...]
. "$(dirname "$0")/common.sh"
objdump=${1:?usage: freestanding.sh OBJDUMP COMPILER [FLAG...]}
compiler=${2:?usage: freestanding.sh OBJDUMP COMPILER [FLAG...]}
shift 2
need "$compiler" "$objdump"
scratch

poison=$scratch/poison
poison_headers "$poison"
compile=("$compiler" "$@" "${house_flags[@]}" "${library_flags[@]}" -ffreestanding -nostdinc++
    -Os -I "$poison" -I . -I lib)

printf '#include <type_traits>\n' >"$scratch/poisoned.cpp"
if "${compile[@]}" -c "$scratch/poisoned.cpp" -o "$scratch/poisoned.o" 2>"$scratch/output"; then
    violation "a C++ standard header could be included: the check is blind"
elif ! grep -q 'is a C++ standard header' "$scratch/output"; then
    violation "the poisoned header was not the one found: the check is blind"
fi

# Firmware's way: one platform bound at build time, plus every template instantiated once.
sources=0
objects=()
while read -r source; do
    sources=$((sources + 1))
    object=$scratch/$(basename "$source" .cpp).o
    if "${compile[@]}" -DNUTSHELL_PLATFORM=Reference -c "$source" -o "$object"; then
        objects+=("$object")
    else
        violation "$source does not compile freestanding with $compiler $*"
    fi
done < <(project_files 'lib/*.cpp' platform/bind.cpp tests/rules/everything.cpp)

# The host's way of choosing a platform at run time compiles freestanding too.
if [[ $("$compiler" -dumpmachine) == *linux* ]]; then
    for source in platform/bind.cpp platform/platform.cpp; do
        sources=$((sources + 1))
        "${compile[@]}" -c "$source" -o "$scratch/host.o" ||
            violation "$source does not compile freestanding with $compiler $*"
    done
fi

[[ ${#objects[@]} -eq 0 ]] ||
    ROOT=$root bash "$(dirname "$0")/symbols.sh" "$objdump" "${objects[@]}" ||
    violation "the objects of $compiler $* break the rules above"
finish "sources freestanding with $compiler $*" "$sources"
