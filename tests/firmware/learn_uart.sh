#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A board learns from images that come over its UART one after the other: what the host learns from
# them with the same arithmetic, to the bit.
# usage: learn_uart.sh FOLDER IMAGE EMULATOR [OPTION...]
. "$(dirname "$0")/../rules/common.sh"
. "$(dirname "$0")/course.sh"
usage='usage: learn_uart.sh FOLDER IMAGE EMULATOR [OPTION...]'
folder=${1:?$usage}
image=${2:?$usage}
shift 2
need "$1"
scratch
# A UART is emulated byte by byte: a moment for each image.
course "$folder"/{learned,held_out} 1 60 1 3000 10 10 >"$scratch/input"

timeout 200 "$@" "$image" <"$scratch/input" >"$scratch/board" || violation "the board fails"
"$folder/twin" <"$scratch/input" >"$scratch/host" || violation "the host fails"
cat "$scratch/board"
cmp <(grep -v stack "$scratch/board") <(grep -v stack "$scratch/host") ||
    violation "the board has not learned what the host has: $(cat "$scratch/host")"
better=$(awk '/loss/ && $(NF - 1) < $(NF - 2)' "$scratch/board" | wc -l)
[[ $better -eq 1 ]] || violation "the loss does not fall"
finish "claims of the board that learns over its UART" 2
