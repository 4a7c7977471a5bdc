#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The float kernels of a Cortex-M keep to their instructions: a reconstruction by 784-24-784 without
# the sigmoid to those of hand-written kernels for packed weights and 5 %, though the weights lie in
# the order of the file; a training step to five inferences.
# usage: cortexm_float_budget.sh PROCESSOR PROGRAM EMULATOR [OPTION...]     PROGRAM is counted_float
. "$(dirname "$0")/../rules/common.sh"
processor=${1:?usage: cortexm_float_budget.sh PROCESSOR PROGRAM EMULATOR [OPTION...]}
program=${2:?usage: cortexm_float_budget.sh PROCESSOR PROGRAM EMULATOR [OPTION...]}
shift 2
need "$1" g++ nm
scratch

bash tests/compare/count_instructions.sh "$program" "$@" "$program" | tee "$scratch/counts"

case $processor in
    cortex-m4 | cortex-m7 | cortex-m33) reconstruct=55600 sigmoid=$((36 * 784)) ;;
    cortex-m55) reconstruct=24700 sigmoid=$((20 * 784)) ;;
    *) printf 'skipped: no budget for %s\n' "$processor" && exit 77 ;;
esac
inference=$(awk -F '\t' '$1 == "reconstruct" { print $2 }' "$scratch/counts")
hold_budgets "$scratch/counts" <<END
reconstruct without sigmoid:$reconstruct
sigmoid of 784:$sigmoid
training step:$((5 * ${inference:-0}))
END
awk -F '\t' -v inference="${inference:-0}" '$1 == "training step" && inference > 0 {
    printf "a training step takes %.2f inferences (with sigmoid), at most 5\n", $2 / inference
}' "$scratch/counts"
finish "budgets of instructions" "$budgets"
