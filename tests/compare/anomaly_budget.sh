#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A score costs little more than the inference that it stands on: at most 20 instructions a feature
# (34 on a Cortex-M0 or RISC-V), and less memory, since the reconstruction is never stored.
# usage: anomaly_budget.sh PROCESSOR PROGRAM EMULATOR [OPTION...]     PROGRAM is counted_anomaly
. "$(dirname "$0")/../rules/common.sh"
processor=${1:?usage: anomaly_budget.sh PROCESSOR PROGRAM EMULATOR [OPTION...]}
program=${2:?usage: anomaly_budget.sh PROCESSOR PROGRAM EMULATOR [OPTION...]}
shift 2
need "$1" g++ nm
scratch

feature=20
[[ ! $processor =~ ^(cortex-m0|riscv32)$ ]] || feature=34
cd "$scratch"
bash "$root/tests/compare/count_instructions.sh" "$program" "$@" "$program" | tee counts
inference() { awk -F '\t' -v piece="reconstruct, $1" '$1 == piece { print $2 }' counts; }
hold_budgets counts <<END
$(for model in '784-24-784 float' '784-24-784 int8'; do
    plain=$(inference "$model")
    [[ -z $plain ]] || printf 'score, %s:%d\n' "$model" $((plain + feature * 784))
done)
END

printf 1 >memory
timeout 100 "$@" "$program" >printed || violation "the program fails"
cat printed
awk -F '\t' '
    NF == 1 { model = $1; next }
    { bytes[model, $1] = $2 }
    $1 == "stack of a reconstruction" {
        score = bytes[model, "memory of a score"] + bytes[model, "stack of a score"]
        whole = bytes[model, "memory of a stored reconstruction"] + $2
        element = model ~ /float/ ? 4 : 1
        printf "%s: %d bytes of memory and stack, %d with the reconstruction stored\n",
            model, score, whole
        # All but a slice of 112 outputs is saved, less some stack for the sums.
        if (whole - score < (784 - 112) * element - 128) bad = 1
    }
    END { exit bad }' printed || violation "a score takes the memory of a reconstruction"
finish "budgets of a score" $((budgets + 2))
