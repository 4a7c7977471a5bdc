#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The kernels of 64-bit Arm take no more instructions than the best known ones: XNNPACK's
# microkernels for floats, for int8 multiply-adds and for dot products, called directly on packed
# weights, counted in the same way. (Ours for floats check the input besides.) A sigmoid takes at most
# eight an element, a table's look-up six.
# usage: aarch64_budget.sh FLOAT INT8 EMULATOR [OPTION...]
# FLOAT is counted_inference, INT8 is counted_int8, both linked statically.
. "$(dirname "$0")/../rules/common.sh"
float=${1:?usage: aarch64_budget.sh FLOAT INT8 EMULATOR [OPTION...]}
int8=${2:?usage: aarch64_budget.sh FLOAT INT8 EMULATOR [OPTION...]}
shift 2
need "$1" g++ nm
scratch

{
    bash tests/compare/count_instructions.sh "$float" "$@" "$float"
    for platform in neon neon_dot; do
        bash tests/compare/count_instructions.sh "$int8" "$@" "$int8" "$platform"
    done
} | tee "$scratch/counts"

hold_budgets "$scratch/counts" <<'END'
reconstruct without sigmoid:18537
sigmoid of 784:6272
neon 784-24-784:14763
neon ad01, 640-128x4-8-128x4-640:82335
neon look-up of 784:4704
neon_dot 784-24-784:9180
neon_dot ad01, 640-128x4-8-128x4-640:46432
neon_dot look-up of 784:4704
END
finish "budgets of instructions" "$budgets"
