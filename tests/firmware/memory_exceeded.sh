#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Firmware that needs more than its board has does not link, and the linker says of what there is
# too little: flash, RAM, or RAM that is left for the stack. Firmware that just fits links.
# usage: memory_exceeded.sh BOARD_FOLDER FLASH_KB RAM_KB COMPILER [OPTION...]
. "$(dirname "$0")/../rules/common.sh"
usage='usage: memory_exceeded.sh BOARD_FOLDER FLASH_KB RAM_KB COMPILER [OPTION...]'
board=${1:?$usage}
flash=$((${2:?$usage} * 1024))
ram=$((${3:?$usage} * 1024))
shift 3
need "${1:?$usage}"
scratch

cat >"$scratch/firmware.cpp" <<'END'
extern "C" char variables[VARIABLES] = {};
extern "C" const char constants[CONSTANTS] = {};
extern "C" int nutshell_reset() { return variables[0] + constants[0]; }
END
cases=0
# links CONSTANTS VARIABLES [MESSAGE]: with so many bytes of each it links, or not, saying so.
links() {
    cases=$((cases + 1))
    local status=0
    "$@" >"$scratch/log" 2>&1 || status=$?
    printf '%s: %s\n' "$what" "$(tail -n 2 "$scratch/log" | head -n 1)"
    if [[ -z $message ]]; then
        [[ $status -eq 0 ]] || violation "$what does not link: $(cat "$scratch/log")"
    elif [[ $status -eq 0 ]] || ! grep -qF "$message" "$scratch/log"; then
        violation "$what: the linker does not say: $message"
    fi
}
try() { # WHAT CONSTANTS VARIABLES MESSAGE COMMAND...
    local what=$1 constants=$2 variables=$3 message=$4
    shift 4
    links "$@" -DCONSTANTS="$constants" -DVARIABLES="$variables" -nostdlib -L "$board/../common" \
        -T "$board/memory.ld" "$scratch/firmware.cpp" -o "$scratch/firmware.elf"
}
stack=$(sed -n 's/^STACK_SIZE = \([0-9]*\)K;$/\1/p' "$board/memory.ld")
stack=$((stack * 1024))
try "what fits" $((flash - 256)) $((ram - stack - 64)) '' "$@"
try "too much flash" $((flash + 1)) 16 "region \`FLASH' overflowed by" "$@"
try "too much RAM" 16 $((ram + 16)) "region \`RAM' overflowed by" "$@"
try "no room for the stack" 16 $((ram - stack + 16)) \
    'the variables leave no room for the stack' "$@"
finish "programs that use memory up" "$cases"
