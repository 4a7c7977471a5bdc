#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The smallest encoder gives the host's code on its board, keeps to its bytes of flash, RAM (the stack
# included) and stack, and links no floating-point arithmetic of the compiler's library.
# usage: smallest_encoder.sh PROCESSOR CODE IMAGE EMULATOR [OPTION...]
. "$(dirname "$0")/../rules/common.sh"
usage='usage: smallest_encoder.sh PROCESSOR CODE IMAGE EMULATOR [OPTION...]'
processor=${1:?$usage}
code=${2:?$usage}
image=${3:?$usage}
shift 3
need arm-none-eabi-size arm-none-eabi-nm "$1"
scratch

timeout 100 "$@" "$image" >"$scratch/printed" || violation "the image fails"
grep -v stack "$scratch/printed" | cmp - "$code" || violation "the code is not the host's"
stack=$(awk '$1 == "stack" { print $2 }' "$scratch/printed")
read -r text data bss < <(arm-none-eabi-size "$image" | awk 'NR == 2 { print $1, $2, $3 }')
within() {
    printf '%s: %d bytes, at most %d\n' "$1" "$2" "$3"
    [[ $2 -le $3 ]] || violation "$1 is over its budget"
}
ram=2560
case $processor in
    cortex-m4 | cortex-m7 | cortex-m33) ram=$((ram + 784)) ;;  # inputs become 16 bits there, not 8
esac
within flash $((text + data)) 24576
within RAM $((data + bss + stack)) $ram
within stack "$stack" 300
floats=$(arm-none-eabi-nm "$image" | awk '$3 ~ /^__aeabi_c?[fd]|^__[a-z]+[sd]f[0-9]*$/ { print $3 }')
[[ -z $floats ]] || violation "floating-point functions are linked:" "$floats"
finish "budgets of the smallest encoder" 4
