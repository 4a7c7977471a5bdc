#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# clang-tidy finds nothing, with the checks of .clang-tidy. usage: tidy.sh BUILD_DIR PATTERN...
. "$(dirname "$0")/common.sh"
build=${1:?usage: tidy.sh BUILD_DIR PATTERN...}
shift
need clang-tidy clang++

# Sources of other processors are not in this build's list of commands.
mapfile -t sources < <(project_files "$@" | grep '\.cpp$' | while read -r source; do
    if grep -qF "/$source\"" "$build/compile_commands.json"; then
        printf '%s\n' "$source"
    else
        printf 'not built here, not checked: %s\n' "$source" >&2
    fi
done)
printf '%s\0' "${sources[@]}" |
    xargs -0 -n 1 -P 2 clang-tidy -p "$build" --quiet --warnings-as-errors='*' \
        --extra-arg=-Wno-ignored-optimization-argument 2>&1 |  # flags that only gcc has
    sed -E '/^[0-9]+ warnings? (generated|treated)/d; /^Suppressed|^Use -header-filter/d' ||
    violation "clang-tidy has something to say"
finish "sources with clang-tidy" "${#sources[@]}"
