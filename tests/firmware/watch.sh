#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The board that watches a machine learns, sets its threshold, decides and blames as the host does,
# number for number, weights and threshold to the bit. Each of the two faults in its spectra raises
# the alarm within five spectra and is blamed on its band; the alarm ends, and there is no other
# one. RAM keeps to its bytes.
# usage: watch.sh FOLDER IMAGE EMULATOR [OPTION...]
. "$(dirname "$0")/../rules/common.sh"
usage='usage: watch.sh FOLDER IMAGE EMULATOR [OPTION...]'
folder=${1:?$usage}
image=${2:?$usage}
shift 2
need arm-none-eabi-size "$1"
scratch

cd "$folder"
timeout 400 "$@" "$image" >"$scratch/board" || violation "the board fails"
./twin >"$scratch/host" || violation "the host fails"
cat "$scratch/board"
cmp <(grep -v stack "$scratch/board") <(grep -v stack "$scratch/host") ||
    violation "the board does not decide as the host: $(cat "$scratch/host")"

alarms=$(grep -c '^alarm' "$scratch/board" || true)
[[ $alarms -eq 2 ]] || violation "$alarms alarms, not 2"
fault() { # fault FIRST BAND HOW: an alarm that begins within five spectra blames this band first
    awk -v first="$1" -v band="band $2 too $3" '
        /^alarm/ {
            at = $3 + 0
            if (at >= first && at < first + 5 && index($0, ": " band)) found = 1
        }
        END { exit !found }' "$scratch/board" || violation "the fault at $1 is not band $2 too $3"
}
fault 4300 29 strong
fault 4700 12 weak
[[ $(grep -c '^all is well again' "$scratch/board") -eq 2 ]] || violation "an alarm does not end"

stack=$(awk '$1 == "stack" { print $2 }' "$scratch/board")
read -r _ data bss < <(arm-none-eabi-size "$image" | awk 'NR == 2 { print $1, $2, $3 }')
printf 'stack: %d bytes\n' "$stack"
printf 'RAM with stack: %d bytes, at most 4096\n' $((data + bss + stack))
[[ $((data + bss + stack)) -le 4096 ]] || violation "RAM is over its budget"
finish "claims of the board that watches" 7
