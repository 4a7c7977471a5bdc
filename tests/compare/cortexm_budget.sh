#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The int8 kernels of a Cortex-M take no more instructions than the hand-written ones for fixed
# sizes and one scale a tensor that they were measured against; with a scale for each output, at most
# six an output and two an input more. A table's look-up takes at most six an element.
# usage: cortexm_budget.sh PROCESSOR PROGRAM EMULATOR [OPTION...]     PROGRAM is counted_int8
. "$(dirname "$0")/../rules/common.sh"
processor=${1:?usage: cortexm_budget.sh PROCESSOR PROGRAM EMULATOR [OPTION...]}
program=${2:?usage: cortexm_budget.sh PROCESSOR PROGRAM EMULATOR [OPTION...]}
shift 2
need "$1" g++ nm
scratch

bash tests/compare/count_instructions.sh "$program" "$@" "$program" | tee "$scratch/counts"

inputs=808 outputs=808  # of both layers of 784-24-784
type=
case $processor in
    cortex-m0) small=182694 ad01=1008277 ;;
    cortex-m3) small=101549 ad01=652851 ;;
    cortex-m4 | cortex-m7 | cortex-m33) small=56419 ad01=344025 type=', inputs int16' ;;
    # (The tail of ad01's eight inputs and the choice of the loop cost 0.5 %.)
    cortex-m55) small=10543 ad01=$((49249 * 1005 / 1000)) ;;
    *) printf 'skipped: no budget for %s\n' "$processor" && exit 77 ;;
esac
hold_budgets "$scratch/counts" <<END
784-24-784 per tensor$type:$small
ad01 per tensor$type:$ad01
784-24-784 per output:$((small + 6 * outputs + 2 * inputs))
look_up of 784:$((6 * 784))
END
finish "budgets of instructions" "$budgets"
