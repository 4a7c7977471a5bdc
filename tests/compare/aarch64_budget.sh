#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The kernels of 64-bit Arm take no more instructions than the best known ones: XNNPACK's
# microkernels for floats, for int8 multiply-adds and for dot products, called directly on packed
# weights, counted in the same way. (Ours for floats check the input besides.) A sigmoid takes at
# most eight an element, a table's look-up six; layers over images what they did when last worked
# on, and 2 %.
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
neon conv2d 3x3, 14x14x8 to 8:93600
neon conv2d 1x1, 14x14x16 to 16:67400
neon depthwise 3x3, 14x14x16:83500
neon transposed 3x3 stride 2, 7x7x16 to 8:102900
neon_dot conv2d 3x3, 14x14x8 to 8:67600
neon_dot conv2d 1x1, 14x14x16 to 16:49000
neon_dot depthwise 3x3, 14x14x16:83500
neon_dot transposed 3x3 stride 2, 7x7x16 to 8:83400
END
finish "budgets of instructions" "$budgets"
