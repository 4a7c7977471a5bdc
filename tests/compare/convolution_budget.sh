#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# int8 layers over images on a board take no more instructions than they did when they were last
# worked on, and 2 %. Prints the layers with their instructions.
# usage: convolution_budget.sh PROCESSOR PROGRAM EMULATOR [OPTION...]
# PROGRAM is counted_convolutions.
. "$(dirname "$0")/../rules/common.sh"
processor=${1:?usage: convolution_budget.sh PROCESSOR PROGRAM EMULATOR [OPTION...]}
program=${2:?usage: convolution_budget.sh PROCESSOR PROGRAM EMULATOR [OPTION...]}
shift 2
need "$1" g++ nm
scratch
bash tests/compare/count_instructions.sh "$program" "$@" "$program" | tee "$scratch/counts"

case $processor in
    cortex-m0) column=2 ;;
    cortex-m3) column=3 ;;
    cortex-m4 | cortex-m7 | cortex-m33) column=4 ;;
    cortex-m55) column=5 ;;
    *) printf 'skipped: no budget for %s\n' "$processor" && exit 77 ;;
esac
cat >"$scratch/budgets" <<'END'
conv2d 3x3, 14x14x8 to 8:637000:360000:222500:99200
conv2d 3x3 stride 2, 14x14x16 to 16:492000:298500:153500:43000
conv2d 3x3, 14x14x1 to 16:337500:181500:149500:87300
conv2d 3x3, 14x14x16 to 1:698500:357500:185500:102300
conv2d 1x1, 14x14x16 to 16:359000:188000:116500:45600
conv1d 5, 128x8 to 16:421000:239000:129500:40300
depthwise 3x3, 14x14x16:596500:317500:303000:143000
transposed 3x3 stride 2, 7x7x16 to 8:430500:253000:168500:92900
max pool 2x2, 14x14x16:52600:31000:31500:29400
average pool 2x2, 14x14x16:101000:42400:42600:38100
upsample 2x2, 7x7x16:8900:5800:6000:6000
END
cut -d: -f "1,$column" "$scratch/budgets" >"$scratch/own"
hold_budgets "$scratch/counts" <"$scratch/own"
finish "budgets of instructions" "$budgets"
