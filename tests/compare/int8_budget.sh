#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The int8 kernels of 64-bit Arm take no more instructions than the best known ones: XNNPACK's
# microkernels for multiply-adds and for dot products, called directly on packed weights, counted in
# the same way. A table's look-up takes at most six an element.
# usage: int8_budget.sh PROGRAM EMULATOR [OPTION...]     PROGRAM is counted_int8, linked statically
. "$(dirname "$0")/../rules/common.sh"
program=${1:?usage: int8_budget.sh PROGRAM EMULATOR [OPTION...]}
shift
need "$1" g++ nm
scratch

for platform in neon neon_dot; do
    bash tests/compare/count_instructions.sh "$program" "$@" "$program" "$platform"
done | tee "$scratch/counts"

budgets=0
while IFS=: read -r piece budget; do
    budgets=$((budgets + 1))
    count=$(awk -F '\t' -v piece="$piece" '$1 == piece { print $2 }' "$scratch/counts")
    [[ -n $count && $count -le $budget ]] ||
        violation "$piece takes ${count:-an unknown number of} instructions, the budget is $budget"
done <<'END'
neon 784-24-784:14763
neon ad01, 640-128x4-8-128x4-640:82335
neon look-up of 784:4704
neon_dot 784-24-784:9180
neon_dot ad01, 640-128x4-8-128x4-640:46432
neon_dot look-up of 784:4704
END
finish "budgets of instructions" "$budgets"
