#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The board that draws gives the host's digits for its seeds, to the byte, other ones for another
# seed, and each a picture that can be read; it keeps to its bytes of flash and RAM.
# usage: generate.sh PROCESSOR TWIN IMAGE EMULATOR [OPTION...]
. "$(dirname "$0")/../rules/common.sh"
. "$(dirname "$0")/budgets.sh"
usage='usage: generate.sh PROCESSOR TWIN IMAGE EMULATOR [OPTION...]'
processor=${1:?$usage}
twin=${2:?$usage}
image=${3:?$usage}
shift 3
need arm-none-eabi-size "$1"
scratch

printf '\7\310\0' >"$scratch/seeds"
timeout 200 "$@" "$image" <"$scratch/seeds" >"$scratch/board" || violation "the board fails"
"$twin" <"$scratch/seeds" >"$scratch/host" || violation "the host fails"
cmp "$scratch/board" "$scratch/host" || violation "the digits are not the host's"
picture=$((14 + 10 * 784)) # the head of a PGM and ten digits
[[ $(stat -c %s "$scratch/board") -eq $((2 * picture)) ]] || violation "there are not two pictures"
head -c "$picture" "$scratch/board" >"$scratch/first"
tail -c "$picture" "$scratch/board" >"$scratch/second"
for one in first second; do
    [[ $(head -n 2 "$scratch/$one" | tr '\n' ' ') == 'P5 28 280 ' ]] || violation "no PGM"
    # A digit is strokes on black: a part of the pixels bright, most of them dark.
    tail -c +15 "$scratch/$one" | od -An -v -tu1 -w784 | awk '
        { bright = dark = 0
          for (i = 1; i <= NF; i++) { bright += $i > 128; dark += $i < 30 }
          if (bright < 20 || bright > 250 || dark < 400) bad = 1 }
        END { exit bad || NR != 10 }' || violation "the $one picture holds no digits"
done
! cmp -s "$scratch/first" "$scratch/second" || violation "two seeds give the same digits"

flash_budget=225280 ram_budget=2304
[[ $processor != cortex-m0 ]] || flash_budget=229376 # floating point is software there
bytes_of "$image"
stack=$(stack_bound "$image" nutshell_reset)
within flash "$flash" $flash_budget
within stack "$stack" 448
within "RAM with stack" $((ram + ${stack//[^0-9]/})) $ram_budget
finish "claims of the board that draws" 9
