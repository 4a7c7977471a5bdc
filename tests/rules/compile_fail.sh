#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A misuse stops the build with one readable message, and the same program used well compiles.
# The case names the message in a line "// expect: ..." and may add flags to the misuse alone in a
# line "// bad flags: ...". usage: compile_fail.sh COMPILER CASE.cpp
. "$(dirname "$0")/common.sh"
compiler=${1:?usage: compile_fail.sh COMPILER CASE.cpp}
case=${2:?usage: compile_fail.sh COMPILER CASE.cpp}
need "$compiler"
scratch

expected=$(sed -n 's|^// expect: ||p' "$case")
read -ra bad_flags < <(sed -n 's|^// bad flags: ||p' "$case"; echo)
[[ -n $expected ]] || violation "$case: no line '// expect: ...'"
compile=("$compiler" -std=c++17 -I lib -fsyntax-only)

"${compile[@]}" -DGOOD "$case" || violation "$case: the good twin does not compile with $compiler"
if "${compile[@]}" "${bad_flags[@]}" "$case" 2>"$scratch/output"; then
    violation "$case: the misuse compiles with $compiler"
elif ! grep -qF "$expected" "$scratch/output"; then
    violation "$case: $compiler does not say '$expected' but:"
    head -n 20 "$scratch/output" >&2
fi
printf 'the message is: %s\n' "$expected"
finish "the misuse and its good twin in $(basename "$case") with $compiler" 1
