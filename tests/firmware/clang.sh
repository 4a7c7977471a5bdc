#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every source of every firmware image compiles with clang++ for the same processor, without a
# warning, over the C library's headers of the other toolchain; and the images link with its linker.
# usage: clang.sh BUILD_DIR TARGET MEMORY_LD GCC [OPTION...]
. "$(dirname "$0")/../rules/common.sh"
usage='usage: clang.sh BUILD_DIR TARGET MEMORY_LD GCC [OPTION...]'
build=${1:?$usage}
target=${2:?$usage}
memory=${3:?$usage}
shift 3
gcc=${1:?$usage}
need clang++ "$gcc"
commands=$build/compile_commands.json
[[ -f $commands ]] || { printf 'skipped: the build writes no compile_commands.json\n'; exit 77; }
scratch

# The folders that gcc finds headers in, but its own.
headers=()
while read -r folder; do
    [[ $folder == */lib/gcc/* && $folder != */../* ]] || headers+=(-isystem "$folder")
done < <("$@" -E -x c++ -v /dev/null 2>&1 | sed -n '/^#include </,/^End/s/^ //p')

# compile COMMAND: the command with clang++ in place of gcc, into a folder of the target.
compile() { # COMMAND
    local -a words options=()
    local word skip=false
    eval "words=($1)"
    while [[ ${words[0]} != *g++ ]]; do words=("${words[@]:1}"); done
    for word in "${words[@]:1}"; do
        if $skip; then skip=false; continue; fi
        case $word in
            -o | -MT | -MF) skip=true ;;
            --specs=* | -MD | -save-temps) ;;
            *) options+=("$word") ;;
        esac
    done
    # Of the names of the objects only the image's folder counts.
    local image
    image=$(sed -nE 's/.* -o [^ ]*CMakeFiles\/([^ /]+)\.dir\/.*/\1/p' <<<"$1")
    mkdir -p "$scratch/$image"
    # (Enumerations as small as gcc makes them for a bare machine.)
    local clang=(clang++ --target="$target" -fshort-enums "${headers[@]}" "${options[@]}" -Werror
        -o "$scratch/$image/$((++compiled)).o")
    "${clang[@]}" 2>"$scratch/log" && return
    if grep -q 'frontend command failed' "$scratch/log"; then  # clang 14's vectorizer for Helium
        printf 'clang++ crashes on a source of %s; compiled without its vectorizer\n' "$image"
        "${clang[@]}" -fno-vectorize 2>"$scratch/log" && return
    fi
    violation "clang++ refuses a source of $image: $(grep -m 3 -E 'error|warning' "$scratch/log")"
}
compiled=0
while read -r command; do
    compile "$(sed 's/\\"/"/g; s/\\\\/\\/g' <<<"$command")"
done < <(sed -nE 's/^ *"command": "(.*)",?$/\1/p' "$commands")

linked=0
for image in "$scratch"/*/; do
    name=$(basename "$image")
    [[ $name != nutshell ]] || continue
    linked=$((linked + 1))
    "$@" -nostdlib -Wl,--gc-sections -L "$(dirname "$memory")/../common" -T "$memory" \
        "$image"*.o "$scratch"/nutshell/*.o -Wl,--start-group -lc -lm -lgcc -Wl,--end-group \
        -o "$scratch/image.elf" 2>"$scratch/log" ||
        violation "$name does not link:" \
            "$(grep -m 3 -E 'error|undefined|overflow|room|constructor' "$scratch/log")"
done
finish "sources with clang++ for $target, images: $linked; sources" "$compiled"
