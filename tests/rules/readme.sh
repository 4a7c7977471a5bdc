#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The program that README opens with compiles as it stands there, runs, and is the example it names.
# usage: readme.sh COMPILER
# shellcheck disable=SC2016  # the backticks are those of Markdown
. "$(dirname "$0")/common.sh"
compiler=${1:?usage: readme.sh COMPILER}
need "$compiler"
scratch

sed -n '/^```cpp$/,/^```$/{/^```/d;p}' README.md >"$scratch/readme.cpp"
cmp -s "$scratch/readme.cpp" examples/3_train.cpp ||
    violation 'the program in README.md is not examples/3_train.cpp'
if "$compiler" "${house_flags[@]}" -O1 -I lib -DNUTSHELL_PLATFORM=Reference "$scratch/readme.cpp" \
    lib/nutshell/*.cpp platform/bind.cpp -I . "${library_flags[@]}" -o "$scratch/readme"; then
    "$scratch/readme" || violation 'the program in README.md does not end well'
else
    violation 'the program in README.md does not compile'
fi
finish 'programs in README.md' 1
