#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every header of the library compiles alone, without a warning. usage: headers_alone.sh COMPILER
. "$(dirname "$0")/common.sh"
compiler=${1:?usage: headers_alone.sh COMPILER}
need "$compiler"
scratch

headers=0
while read -r header; do
    headers=$((headers + 1))
    printf '#include "%s"\n' "$header" >"$scratch/alone.cpp"
    "$compiler" "${house_flags[@]}" -I . -I lib -fsyntax-only "$scratch/alone.cpp" ||
        violation "$header does not compile alone with $compiler"
done < <(project_files 'lib/*.hpp' 'platform/*.hpp')
finish "headers alone with $compiler" "$headers"
