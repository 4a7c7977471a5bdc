#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A log-mel frame, of 1,024 samples and 128 bands, and a search among 1,024 codes of 24 bytes keep
# to their instructions.
# usage: stream_budget.sh PROCESSOR PROGRAM EMULATOR [OPTION...]     PROGRAM is counted_stream
. "$(dirname "$0")/../rules/common.sh"
processor=${1:?usage: stream_budget.sh PROCESSOR PROGRAM EMULATOR [OPTION...]}
program=${2:?usage: stream_budget.sh PROCESSOR PROGRAM EMULATOR [OPTION...]}
shift 2
need "$1" g++ nm
scratch

search=175000
[[ $processor != cortex-m55 ]] || search=46000
bash tests/compare/count_instructions.sh "$program" "$@" "$program" | tee "$scratch/counts"
hold_budgets "$scratch/counts" <<END
512 samples into the window:24000
log-mel frame:170000
nearest 5 of 1,024 codes of 24 bytes:$search
END
finish "budgets of instructions" "$budgets"
