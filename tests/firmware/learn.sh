#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# From 2,000 real digits, seen once, a board learns to restore 200 others with a loss below 0.19,
# from three different beginnings; in 192 KB of RAM, the stack included; and its weights are those
# that the host computes with the same arithmetic, to the bit. Then it quantizes them over their own
# memory: the int8 model restores as well within 2 %, and gives the codes that the host's does.
# usage: learn.sh FOLDER IMAGE EMULATOR [OPTION...]
. "$(dirname "$0")/../rules/common.sh"
. "$(dirname "$0")/budgets.sh"
. "$(dirname "$0")/course.sh"
usage='usage: learn.sh FOLDER IMAGE EMULATOR [OPTION...]'
folder=${1:?$usage}
image=${2:?$usage}
shift 2
need arm-none-eabi-size "$1"
scratch
course "$folder"/{learned,held_out} 3 2000 1 3000 200 100 >"$scratch/input"
cd "$scratch"

timeout 300 "$@" "$image" >"$scratch/board" || violation "the board fails"
"$folder/twin" <input >"$scratch/host" || violation "the host fails"
cat "$scratch/board"
claims() { grep -E 'loss|error' "$1"; }
cmp <(claims "$scratch/board") <(claims "$scratch/host") ||
    violation "the board has not learned what the host has: $(cat "$scratch/host")"
seeds=$(grep -c loss "$scratch/board" || true)
good=$(awk '/loss/ && $(NF - 2) > 600000 && $(NF - 1) < 190000' "$scratch/board" | wc -l)
[[ $seeds -eq 3 && $good -eq 3 ]] || violation "$good of $seeds losses fall below 0.19"
as_good=$(awk '/error/ && $(NF - 1) < 1.02 * $(NF - 2)' "$scratch/board" | wc -l)
[[ $as_good -eq 3 ]] || violation "$as_good of 3 int8 models restore as well as the floats do"

stack=$(awk '$1 == "stack" { print $2 }' "$scratch/board")
bytes_of "$image"
within "RAM with stack" $((ram + stack)) $((192 * 1024))
within flash "$flash" 18432
within "stack of a training step" "$(stack_bound "$image" nutshell::SampleTrainer)" 768
within "stack of float inference" "$(stack_bound "$image" restore_in_float)" 512
within "stack of int8 inference" "$(stack_bound "$image" restore_in_int8)" 512
course=$(stack_bound "$image" take_course)
within "stack of the course" "$course" 1024
within "stack of the course, measured" "$stack" "${course//[^0-9]/}"
finish "claims of the board that learns" 12
