# SPDX-License-Identifier: MIT
# What the checks of firmware images share; sourced by them, behind rules/common.sh.
# shellcheck shell=bash

# tool_of IMAGE TOOL: the name of a tool of the toolchain that makes such images.
tool_of() {
    case $(od -An -j18 -N2 -t u2 "$1" | tr -d ' ') in # the machine in an ELF header
        40) printf 'arm-none-eabi-%s\n' "$2" ;;
        243) printf 'riscv64-unknown-elf-%s\n' "$2" ;;
        *) printf 'objdump-of-an-unknown-machine\n' ;;
    esac
}

# within WHAT BYTES BUDGET: prints it, and is a violation when there are more.
within() {
    printf '%s: %s bytes, at most %d\n' "$1" "$2" "$3"
    [[ $2 =~ ^[0-9]+$ && $2 -le $3 ]] || violation "$1 is over its budget: $2 bytes"
}

# bytes_of IMAGE: reads what it takes into $flash and $ram, the stack not counted.
bytes_of() {
    local text data bss
    read -r text data bss < <("$(tool_of "$1" size)" "$1" | awk 'NR == 2 { print $1, $2, $3 }')
    # shellcheck disable=SC2034
    flash=$((text + data)) ram=$((data + bss))
}

# stack_bound IMAGE FUNCTION: the most stack that the function whose name begins so can need.
stack_bound() {
    # shellcheck disable=SC2154
    "$(tool_of "$1" objdump)" -d -C --no-show-raw-insn "$1" |
        awk -v root="$2" -f "$root/tests/firmware/stack_bound.awk"
}
