#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The device's code includes four C headers and nothing else; the folders depend on each other in
# one direction, lower headers know no higher ones, and inference knows nothing of training.
. "$(dirname "$0")/common.sh"
scratch

# Each line: a header, then the headers that stand on it and that it must not reach.
higher_headers='
status:     shape kernels layers/ sequential autoencoder trainer weights
shape:      kernels layers/ sequential autoencoder trainer weights
kernels:    layers/ sequential autoencoder loss optimizer trainer weights
layers/:    sequential autoencoder loss optimizer trainer weights
sequential: autoencoder loss optimizer trainer
autoencoder: loss optimizer trainer
loss:       trainer
optimizer:  trainer
random:     trainer
'
training='adversarial_trainer|loss|optimizer|random|trainer'

# Where an include in quotes leads: beside the file, in lib/, or at the root.
resolve() {
    local from=$1 name=$2 place
    for place in "$(dirname "$from")/$name" "lib/$name" "$name"; do
        [[ ! -f $place ]] || { realpath --relative-to=. "$place"; return; }
    done
    printf 'unknown:%s\n' "$name"
}

check_system_include() {
    local file=$1 name=$2
    case $name in stdint.h | stddef.h | string.h | math.h) return ;; esac
    case $file:$name in
        *:nutshell/*) return ;;
        platform/platform.cpp:cpuid.h | platform/platform.cpp:sys/auxv.h) return ;;
        platform/*.cpp:*intrin.h | platform/*.cpp:arm_*.h | platform/neon_*.hpp:arm_neon.h | \
            platform/avx2_*.hpp:immintrin.h | platform/avx512_*.hpp:immintrin.h) return ;;
    esac
    violation "$file includes <$name>: lib/ and platform/ may include only stdint.h, stddef.h," \
        "string.h, math.h (a source or a header of one instruction set: its intrinsics header too)"
}

files=0
: >"$scratch/edges"
while read -r file; do
    files=$((files + 1))
    while read -r kind name; do
        [[ $kind == '<' ]] && check_system_include "$file" "$name"
        [[ $kind == '"' || $name == nutshell/* ]] || continue
        target=$(resolve "$file" "$name")
        printf '%s %s\n' "$file" "$target" >>"$scratch/edges"
        case $file:$target in
            *:unknown:*) violation "$file includes $name, which is not there" ;;
            lib/*:lib/* | platform/*:lib/* | platform/*:platform/*) ;;
            *) violation "$file includes $target: the folders go one way, platform -> lib" ;;
        esac
    done < <(sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*([<"])([^>"]+)[>"].*/\1 \2/p' \
        "$file")
done < <(project_files 'lib/*.hpp' 'lib/*.cpp' 'platform/*.hpp' 'platform/*.cpp')

tsort "$scratch/edges" >/dev/null 2>"$scratch/cycles" ||
    violation "the headers include each other in a circle: $(tr '\n' ' ' <"$scratch/cycles")"

# reaches FILE: every file that FILE includes, directly or not.
reaches() {
    awk -v start="$1" '
        { to[$1] = to[$1] " " $2 }
        END {
            waiting[count = 1] = start
            while (count > 0) {
                n = split(to[waiting[count--]], next_files, " ")
                for (i = 1; i <= n; i++)
                    if (!seen[next_files[i]]++) {
                        print next_files[i]
                        waiting[++count] = next_files[i]
                    }
            }
        }' "$scratch/edges"
}

named() {  # the files of one name of the table
    case $1 in
        */) ls "lib/nutshell/$1"*.hpp 2>/dev/null || true ;;
        *) ls "lib/nutshell/$1.hpp" 2>/dev/null || true ;;
    esac
}

orders=0
while IFS=: read -r low highs; do
    [[ -n $low ]] || continue
    for file in $(named "$low"); do
        reaches "$file" >"$scratch/reached"
        for high in $highs; do
            orders=$((orders + 1))
            while read -r reached; do
                violation "$file includes (directly or not) $reached, which stands above it"
            done < <(grep -E "^lib/nutshell/$high(\.hpp)?" "$scratch/reached" || true)
        done
    done
done <<<"$higher_headers"

for file in lib/nutshell/*.hpp lib/nutshell/layers/*.hpp platform/*.hpp; do
    [[ -f $file && ! $file =~ /($training|nutshell)\.hpp$ ]] || continue
    while read -r reached; do
        violation "$file, an inference header, includes (directly or not) $reached"
    done < <(reaches "$file" | grep -E "/($training)\.hpp$" || true)
done
printf 'checked orders between headers: %d\n' "$orders"
finish "includes of device files" "$files"
