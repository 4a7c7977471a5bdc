#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# From 2,000 real digits, seen once, a board learns to restore 200 others with a loss below 0.19,
# from three different beginnings; in 192 KB of RAM, the stack included; and its weights are those
# that the host computes with the same arithmetic, to the bit.
# usage: learn.sh FOLDER IMAGE EMULATOR [OPTION...]
. "$(dirname "$0")/../rules/common.sh"
usage='usage: learn.sh FOLDER IMAGE EMULATOR [OPTION...]'
folder=${1:?$usage}
image=${2:?$usage}
shift 2
need arm-none-eabi-size "$1"
scratch
cd "$folder"

timeout 300 "$@" "$image" >"$scratch/board" || violation "the board fails"
./twin >"$scratch/host" || violation "the host fails"
cat "$scratch/board"
grep loss "$scratch/board" | cmp - <(grep loss "$scratch/host") ||
    violation "the board has not learned what the host has: $(cat "$scratch/host")"
seeds=$(grep -c loss "$scratch/board" || true)
good=$(awk '/loss/ && $(NF - 2) > 600000 && $(NF - 1) < 190000' "$scratch/board" | wc -l)
[[ $seeds -eq 3 && $good -eq 3 ]] || violation "$good of $seeds losses fall below 0.19"

stack=$(awk '$1 == "stack" { print $2 }' "$scratch/board")
read -r text data bss < <(arm-none-eabi-size "$image" | awk 'NR == 2 { print $1, $2, $3 }')
within() {
    printf '%s: %d bytes, at most %d\n' "$1" "$2" "$3"
    [[ $2 -le $3 ]] || violation "$1 is over its budget"
}
within "RAM with stack" $((data + bss + stack)) $((192 * 1024))
within stack "$stack" 768
within flash $((text + data)) 16384
finish "claims of the board that learns" 6
