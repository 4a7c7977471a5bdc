#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The smallest encoder gives the host's code on its board, keeps to its bytes of flash, RAM (the
# stack included) and stack, and links no floating-point arithmetic of the compiler's library.
# usage: smallest_encoder.sh PROCESSOR CODE IMAGE EMULATOR [OPTION...]
. "$(dirname "$0")/../rules/common.sh"
. "$(dirname "$0")/budgets.sh"
usage='usage: smallest_encoder.sh PROCESSOR CODE IMAGE EMULATOR [OPTION...]'
processor=${1:?$usage}
code=${2:?$usage}
image=${3:?$usage}
shift 3
need "$(tool_of "$image" size)" "$1"
scratch

timeout 100 "$@" "$image" >"$scratch/printed" || violation "the image fails"
grep -v stack "$scratch/printed" | cmp - "$code" || violation "the code is not the host's"
stack=$(awk '$1 == "stack" { print $2 }' "$scratch/printed")
ram_budget=2560 stack_budget=300
case $processor in
    # Inputs become 16 bits there, not 8.
    cortex-m4 | cortex-m7 | cortex-m33) ram_budget=$((ram_budget + 784)) ;;
    # A frame there is a multiple of 16 bytes.
    riscv32) stack_budget=320 ;;
esac
bytes_of "$image"
bound=$(stack_bound "$image" "(anonymous namespace)::encode")
within flash "$flash" 24576
within stack "$bound" "$stack_budget"
within "stack, measured" "$stack" "${bound//[^0-9]/}"
within "RAM with stack" $((ram + stack)) $ram_budget
floats=$("$(tool_of "$image" nm)" "$image" |
    awk '$3 ~ /^__aeabi_c?[fd]|^__[a-z]+[sd]f[0-9]*$/ { print $3 }')
[[ -z $floats ]] || violation "floating-point functions are linked:" "$floats"
finish "budgets of the smallest encoder" 5
