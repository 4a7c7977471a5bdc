#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fuzzes the readers for as long as is wanted, with all of the project's code that they call
# instrumented, and prints for each how many inputs it was given, at what rate, and what they
# reached. What was found goes on: new inputs stay in build/fuzz/corpus, sums over all runs in
# build/fuzz/totals, findings in build/fuzz/findings, so that a run may be interrupted and the next
# one goes on where it was.
# usage: tests/fuzz/run.sh [AMOUNT [TARGET...]]     default: 60 seconds of each file of this folder
#   AMOUNT   seconds for each target, or 10000000x: as many executions of each in all, earlier runs
#            included
set -euo pipefail
amount=${1:-60}
shift $(($# > 0 ? 1 : 0))
[[ $amount =~ ^[1-9][0-9]*x?$ ]] || {
    printf 'run.sh: %s is no amount: give seconds, as 3600, or executions, as 10000000x\n' \
        "$amount" >&2
    exit 2
}
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

# What was freed stays reserved to be watched, 256 MB of it unless told otherwise: too much beside a
# bound of 512 MB.
export ASAN_OPTIONS=quarantine_size_mb=64${ASAN_OPTIONS:+:$ASAN_OPTIONS}
flags='-O2 -g1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
mkdir -p "$build/findings" "$build/totals"
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=None \
    -DCMAKE_CXX_FLAGS="$flags" -DNUTSHELL_BUILD_TESTS=OFF -DNUTSHELL_BUILD_EXAMPLES=OFF \
    -DNUTSHELL_FUZZ=ON >"$build/build.log"
cmake --build "$build" --parallel "$(nproc)" --target "${targets[@]/#/fuzz_}" >>"$build/build.log"

# One run of a target's program, with more libFuzzer options; its numbers are added to the totals.
# Fails when something was found.
fuzz_once() {
    local target=$1 log=$build/$1.log totals=$build/totals/$1 began=$SECONDS status=0 arguments
    shift
    mapfile -t arguments <"$build/tests/fuzz/$target.arguments"
    mkdir -p "$build/corpus/$target"
    touch "$totals"
    "$build/tests/fuzz/fuzz_$target" "${arguments[@]}" "$@" -print_final_stats=1 \
        -artifact_prefix="$build/findings/$target-" "$build/corpus/$target" >"$log" 2>&1 ||
        status=$?
    if [[ $status -eq 72 ]]; then  # libFuzzer's for being interrupted
        interrupted=yes
        status=0
    fi
    awk -v seconds=$((SECONDS - began)) '
        NF == 2 && FILENAME ~ /totals/ { value[$1] = $2 }
        /inline 8-bit counters/ { gsub(/[^0-9]/, " ", $5); value["all_edges"] = $5 + 0 }
        match($0, /cov: [0-9]+/) { value["edges"] = substr($0, RSTART + 5, RLENGTH - 5) }
        /^stat::number_of_executed_units:/ { value["executions"] += $2 }
        /^stat::peak_rss_mb:/ && $2 > value["megabytes"] + 0 { value["megabytes"] = $2 }
        /^stat::library_(crashes|hangs):/ { value[substr($1, 7, length($1) - 7)] += $2 }
        END { value["seconds"] += seconds; for (name in value) print name, value[name] }
    ' "$totals" "$log" >"$totals.new"
    mv "$totals.new" "$totals"
    return $status
}

# Runs a target for the amount, in pieces of at most five minutes, so that little is lost with a
# power cut.
fuzz() {
    local target=$1 goal=${amount%x} began=$SECONDS left piece
    while true; do
        if [[ $amount == *x ]]; then
            left=$((goal - $(total "$target" executions)))
            piece=(-runs="$left" -max_total_time=300)
        else
            left=$((goal - SECONDS + began))
            piece=(-max_total_time=$((left < 300 ? left : 300)))
        fi
        [[ $left -gt 0 ]] || return 0
        fuzz_once "$target" "${piece[@]}" || return 1
        [[ -z $interrupted ]] || return 0
    done
}

# A number of a target's totals.
total() {
    awk -v name="$2" '$1 == name { value = $2 } END { print value + 0 }' "$build/totals/$1"
}

tell() {
    local target=$1 runs seconds kept crashes hangs note=''
    runs=$(total "$target" executions)
    seconds=$(total "$target" seconds)
    kept=$(find "$build/corpus/$target" -type f | wc -l)
    crashes=$(total "$target" library_crashes)
    hangs=$(total "$target" library_hangs)
    if [[ $crashes -gt 0 || $hangs -gt 0 ]]; then
        note=", its library crashed $crashes times, hung $hangs"
    fi
    printf '%-12s %10d executions, %6d a second, ' "$target" "$runs" \
        $((runs / (seconds > 0 ? seconds : 1)))
    printf '%5d of %6d edges, %5d inputs kept, at most %3d MB%s' "$(total "$target" edges)" \
        "$(total "$target" all_edges)" "$kept" "$(total "$target" megabytes)" "$note"
}

interrupted=''
trap 'interrupted=yes' INT TERM
status=0
for target in "${targets[@]}"; do
    touch "$build/totals/$target"
    if fuzz "$target"; then
        printf '%s, no findings\n' "$(tell "$target")"
    else
        status=1
        printf '%s, FOUND:\n' "$(tell "$target")"
        grep -E -e 'ERROR: |runtime error: |^The reader|Test unit written' \
            -e '^    #[0-9] .*/(tools|lib|platform)/' "$build/$target.log" | head -12 || true
    fi
    [[ -z $interrupted ]] || break
done
exit $status
