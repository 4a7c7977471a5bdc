#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The int8 kernels of a Cortex-M take no more instructions, and load no more words, than the
# hand-written ones for fixed sizes and one scale a tensor that they were measured against; with a
# scale for each output, at most six instructions an output and two an input more. A table's look-up
# takes at most six an element. Prints pieces, instructions and words.
# usage: cortexm_budget.sh PROCESSOR PROGRAM EMULATOR [OPTION...]     PROGRAM is counted_int8
. "$(dirname "$0")/../rules/common.sh"
processor=${1:?usage: cortexm_budget.sh PROCESSOR PROGRAM EMULATOR [OPTION...]}
program=${2:?usage: cortexm_budget.sh PROCESSOR PROGRAM EMULATOR [OPTION...]}
shift 2
need "$1" g++ nm arm-none-eabi-objdump
scratch

inputs=808 outputs=808  # of both layers of 784-24-784
type=
case $processor in
    cortex-m0) small=182694 ad01=1008277 small_words=52122 ad01_words=340870 ;;
    cortex-m3) small=101549 ad01=652851 small_words=49094 ad01_words=334583 ;;
    cortex-m4 | cortex-m7 | cortex-m33)
        small=56419 ad01=344025 small_words=17740 ad01_words=112477 type=', inputs int16'
        ;;
    cortex-m55) small=10543 ad01=49249 small_words=14764 ad01_words=85133 ;;
    *)
        bash tests/compare/count_instructions.sh "$program" "$@" "$program"
        printf 'skipped: no budget for %s\n' "$processor"
        exit 77
        ;;
esac
bash tests/compare/count_instructions.sh --words "$program" "$@" "$program" | tee "$scratch/counts"
hold_budgets "$scratch/counts" <<END
784-24-784 per tensor$type:$small
ad01 per tensor$type:$ad01
784-24-784 per output:$((small + 6 * outputs + 2 * inputs))
look_up of 784:$((6 * 784))
END
of_instructions=$budgets
hold_budgets "$scratch/counts" 3 "words loaded" <<END
784-24-784 per tensor$type:$small_words
ad01 per tensor$type:$ad01_words
END
printf 'words loaded, at most: 784-24-784 %d, ad01 %d\n' "$small_words" "$ad01_words"
finish "budgets of instructions and words" $((of_instructions + budgets))
