#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Counts the instructions of pieces of a program under QEMU, exactly and repeatably.
# usage: count_instructions.sh [--words] PROGRAM EMULATOR [OPTION...]
#   count_instructions.sh prog qemu-aarch64 prog
#   count_instructions.sh prog.elf qemu-system-arm -M mps2-an386 -nographic -kernel prog.elf
# The program has two empty functions of C linkage that are not inlined, count_start and count_stop,
# and calls them around each piece; the first piece must be empty: it is what counting itself costs.
# It prints one line per further piece, its name. The script prints each name with its count. With
# --words, for an image of a Cortex-M, the words loaded stand behind it (words_loaded.awk).
# Needs g++ and nm besides the emulator (QEMU 4.2 to 8.1, with plugins).
set -euo pipefail
words=false
[[ ${1:-} != --words ]] || { words=true && shift; }
program=${1:?usage: count_instructions.sh [--words] PROGRAM EMULATOR [OPTION...]}
emulator=${2:?usage: count_instructions.sh [--words] PROGRAM EMULATOR [OPTION...]}
shift 2
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

address_of() {
    nm "$program" | awk -v name="$1" '$3 == name { print $1; found = 1 }
        END { if (!found) { print "no function " name > "/dev/stderr"; exit 1 } }'
}
start=$(address_of count_start)
stop=$(address_of count_stop)
g++ -std=c++17 -O2 -shared -fPIC -fvisibility=hidden "$here/instruction_counter.cpp" \
    -o "$scratch/counter.so"
plugin=$scratch/counter.so,start=$start,stop=$stop,out=$scratch/counts
! $words || plugin+=,addresses=$scratch/addresses
"$emulator" -plugin "$plugin" "$@" >"$scratch/names"
if $words; then
    # (The newest processor of the kind: all others have part of its instructions.)
    arm-none-eabi-objdump -m armv8.1-m.main -d --no-show-raw-insn "$program" |
        awk -f "$here/words_loaded.awk" - "$scratch/addresses" |
        paste "$scratch/counts" - >"$scratch/both"
    mv "$scratch/both" "$scratch/counts"
fi

awk -v OFS='\t' 'NR == 1 { empty = $1; empty_words = $2; next }
    NF > 1 { print $1 - empty, $2 - empty_words; next }
    { print $1 - empty }' "$scratch/counts" >"$scratch/net"
[[ $(wc -l <"$scratch/net") -eq $(wc -l <"$scratch/names") ]] || {
    printf 'the program named %d pieces and ran %d besides the empty one\n' \
        "$(wc -l <"$scratch/names")" "$(wc -l <"$scratch/net")" >&2
    exit 1
}
paste "$scratch/names" "$scratch/net"
