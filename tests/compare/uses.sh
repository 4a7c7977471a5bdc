#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What codes are good for, on all of MNIST: prints the README's lines, each by a command of its own.
# usage: uses.sh [NUTSHELL [PART...]]
# PART is anomalies, digits, search, denoise or upscale, else all.
# Needs mnist and, for anomalies, fashion-mnist (tools/fetch_data.sh). It trains up to 14 models.
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/../.." && pwd)
nutshell=$(realpath "${1:-$root/build/host/nutshell}")
shift $(($# > 0 ? 1 : 0))
parts=("$@")
[[ $# -gt 0 ]] || parts=(anomalies digits search denoise upscale)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# models NAME DATA: NAME.nut, trained for 30 epochs from seed 1, and NAME_int8.nut; kept once made.
models() {
    [[ ! -f $1_int8.nut ]] || return 0
    "$nutshell" train --data "$2" --layers 784,24,784 --epochs 30 --seed 1 --out "$1.nut" \
        --json >log &&
        "$nutshell" quantize "$1.nut" --calibrate "$2" --tolerance 0.2 --out "$1_int8.nut" \
            --json >log
}

# area MODEL NORMAL ANOMALOUS: the area under the ROC curve.
area() {
    "$nutshell" detect "$1" --data "$2" --anomalies "$3" --json |
        sed -nE 's/.*"auc": ([0-9.]+).*/\1/p'
}

# line NAME FLOAT INT8
line() {
    awk -v name="$1" -v float="$2" -v int8="$3" 'BEGIN {
        printf "%-46s float %.4f   int8 %.4f   difference %+.4f\n", name, float, int8, int8 - float
    }'
}

# mean NUMBER...
mean() { printf '%s\n' "$@" | awk '{ sum += $1 } END { printf "%.6f\n", sum / NR }'; }

anomalies() {
    models all mnist
    line 'Fashion-MNIST told from MNIST, AUC' "$(area all.nut mnist fashion-mnist)" \
        "$(area all_int8.nut mnist fashion-mnist)"
}

digits() {
    local digit float int8 floats=() int8s=()
    for digit in {0..9}; do
        models "digit_$digit" "mnist:$digit"
        float=$(area "digit_$digit.nut" "mnist:$digit" "mnist:-$digit")
        int8=$(area "digit_${digit}_int8.nut" "mnist:$digit" "mnist:-$digit")
        line "the digit $digit normal, all others not, AUC" "$float" "$int8"
        floats+=("$float") int8s+=("$int8")
    done
    line 'one digit normal, all others not, mean AUC' "$(mean "${floats[@]}")" \
        "$(mean "${int8s[@]}")"
}

search() {
    models all mnist
    "$nutshell" search all.nut --data mnist --k 5 --pca
}

denoise() {
    "$nutshell" train --data mnist --layers 784,24,784 --augment noise:0.5 --epochs 30 --seed 1 \
        --out noise.nut --json >log
    "$nutshell" denoise noise.nut --data mnist
}

upscale() {
    local layers
    for layers in 196,128,784 196,128,24,128,784; do
        printf '%s\n' "$layers"
        "$nutshell" upscale up.nut --data mnist --layers "$layers"
    done
}

for part in "${parts[@]}"; do
    [[ $part =~ ^(anomalies|digits|search|denoise|upscale)$ ]] || {
        printf 'there is no part %s\n' "$part" >&2
        exit 2
    }
    "$part"
done
