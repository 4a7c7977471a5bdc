#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The smallest encoder gives the host's code on its board, and keeps to its bytes of flash, RAM (the
# stack included) and stack. usage: smallest_encoder.sh CODE IMAGE EMULATOR [OPTION...]
. "$(dirname "$0")/../rules/common.sh"
code=${1:?usage: smallest_encoder.sh CODE IMAGE EMULATOR [OPTION...]}
image=${2:?usage: smallest_encoder.sh CODE IMAGE EMULATOR [OPTION...]}
shift 2
need arm-none-eabi-size "$1"
scratch

timeout 100 "$@" "$image" >"$scratch/printed" || violation "the image fails"
grep -v stack "$scratch/printed" | cmp - "$code" || violation "the code is not the host's"
stack=$(awk '$1 == "stack" { print $2 }' "$scratch/printed")
read -r text data bss < <(arm-none-eabi-size "$image" | awk 'NR == 2 { print $1, $2, $3 }')
within() {
    printf '%s: %d bytes, at most %d\n' "$1" "$2" "$3"
    [[ $2 -le $3 ]] || violation "$1 is over its budget"
}
within flash $((text + data)) 27648
within RAM $((data + bss + stack)) 3072
within stack "$stack" 704
finish "budgets of the smallest encoder" 3
