#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# No open ends, no machine's own paths, no overlong files, no overwide lines of scripts and build
# files (clang-format holds those of C++), and a licence line on top of each source.
. "$(dirname "$0")/common.sh"
max_lines=450
max_columns=100

# The brackets keep these lines from matching themselves.
open_ends='TO[D]O|FIX[M]E|\bX[X]X\b|HA[C]K|TB[D]|not implemente[d]|#[[:space:]]*if 0[[:space:]]*$'
machine_paths='(^|[^A-Za-z0-9._$}-])/(wor[k]|hom[e]|roo[t]|User[s]|tm[p])/[A-Za-z]'

files=0
while read -r file; do
    files=$((files + 1))
    while read -r match; do
        violation "$file:$match: an open end"
    done < <(grep -nIE "$open_ends" "$file" | cut -c1-100 || true)
    while read -r match; do
        violation "$file:$match: a path of one machine"
    done < <(grep -nIE "$machine_paths" "$file" | cut -c1-100 || true)
    case $file in
        *.hpp | *.cpp | *.cmake | */CMakeLists.txt | CMakeLists.txt | *.sh | .ci/run)
            lines=$(wc -l <"$file")
            [[ $lines -le $max_lines ]] || violation "$file has $lines lines, more than $max_lines"
            head -n 2 "$file" | grep -v '^#!' | head -n 1 |
                grep -qE '^(//|#) SPDX-License-Identifier: MIT$' ||
                violation "$file does not begin with its SPDX line"
            ;;
    esac
    case $file in
        *.sh | *.py | *.cmake | */CMakeLists.txt | CMakeLists.txt | .ci/run)
            while read -r line; do
                violation "$file:$line: wider than $max_columns columns"
            done < <(awk -v most="$max_columns" 'length($0) > most { print FNR }' "$file")
            ;;
    esac
done < <(project_files '*')
finish "files for open ends, machine paths, length, width and licence" "$files"
