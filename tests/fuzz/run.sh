#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fuzzes the readers for as long as is wanted, with everything they call instrumented, and prints for each how
# many inputs a second it was given. New inputs stay in build/fuzz/corpus, findings in build/fuzz/findings.
# usage: tests/fuzz/run.sh [SECONDS [TARGET...]]     default: 60 seconds of each file of this folder
set -euo pipefail
seconds=${1:-60}
shift $(($# > 0 ? 1 : 0))
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$root/build/fuzz
command -v clang++ >/dev/null || {
    printf 'skipped: fuzzing needs clang++\n'
    exit 77
}
targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then
    for source in "$root"/tests/fuzz/*.cpp; do targets+=("$(basename "$source" .cpp)"); done
fi

flags='-O1 -g1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
cmake -S "$root" -B "$build" -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=None \
    -DCMAKE_CXX_FLAGS="$flags" -DNUTSHELL_BUILD_TESTS=OFF -DNUTSHELL_BUILD_EXAMPLES=OFF \
    -DNUTSHELL_FUZZ=ON >"$build.log"
cmake --build "$build" --parallel "$(nproc)" --target "${targets[@]/#/fuzz_}" >>"$build.log"

mkdir -p "$build/findings"
status=0
for target in "${targets[@]}"; do
    corpus=$build/corpus/$target
    mkdir -p "$corpus"
    seeds=()
    for folder in "$root/tests/data/$target" "$root/tests/fuzz/seeds/$target"; do
        [[ ! -d $folder ]] || seeds+=("$folder")
    done
    [[ $target != nut ]] || seeds+=("$root/tests/data/models")
    log=$build/$target.log
    "$build/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=512 \
        -max_len=16384 -print_final_stats=1 -artifact_prefix="$build/findings/$target-" "$corpus" \
        "${seeds[@]}" >"$log" 2>&1 || status=1
    awk -v target="$target" '
        /^stat::number_of_executed_units/ { runs = $2 }
        /^stat::average_exec_per_sec/ { rate = $2 }
        /^stat::peak_rss_mb/ { memory = $2 }
        /ERROR: |runtime error: / { found = found "\n    " $0 }
        END { printf "%-12s %10d executions, %6d a second, at most %3d MB%s\n", target, runs, rate, memory,
              found == "" ? ", no findings" : found }' "$log"
done
exit $status
