#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# How good each kind of autoencoder becomes on all of MNIST, beside what it has to reach: a line for
# each kind and seed. Ends with 1 when one of them falls short.
# usage: kinds.sh [NUTSHELL [KIND...]]     KIND is a name of the list below, else all of them
# Needs mnist (tools/fetch_data.sh). SEEDS are "1 2 3" unless set. MODELS names a folder where the
# models stay; those that are there already are not trained again, only measured.
# An epoch takes a few tenths of a second, 8 s for the convolutional one.
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/../.." && pwd)
nutshell=$(realpath "${1:-$root/build/host/nutshell}")
shift $(($# > 0 ? 1 : 0))
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
models=${MODELS:-$scratch}
mkdir -p "$models"
cd "$models"

# Name, what it is trained with, the number measured, what it has to be (at most for losses, at
# least for decibels; - when it is told only).
noise='--augment noise:0.5'
list="tutorial|--kind tutorial --epochs 50|test_bce|0.1045
deep|--kind deep --epochs 30|test_bce|0.0985
tied|--kind tied --epochs 30|test_bce|0.113
sparse|--kind sparse --epochs 30|test_bce|-
shallow-denoising|--layers 784,24:leaky_relu,784 $noise --epochs 30|restored_psnr|16.3
denoising|--kind denoising --epochs 30|restored_psnr|16.5
variational|--kind variational --epochs 30|negative_elbo|106
convolutional|--kind convolutional --epochs 50|test_bce|0.100"

# number NAME: of the JSON object on standard input.
number() { sed -nE "s/^ *\"$1\": ([-0-9.e]+),?$/\\1/p"; }

# measure NAME ARGUMENTS MEASURE TARGET SEED: trains a model unless it is there, and prints its
# line.
measure() {
    local file=$1_$5.nut value others=() line arguments measured_with=()
    read -r -a arguments <<<"$2"
    [[ -s $file ]] ||
        "$nutshell" train --data mnist "${arguments[@]}" --seed "$5" --out "$file" --json \
            >"$scratch/log"
    [[ $3 != restored_psnr ]] || read -r -a measured_with <<<"$noise"
    "$nutshell" evaluate "$file" --data mnist "${measured_with[@]}" --json >"$scratch/found"
    value=$(number "$3" <"$scratch/found")
    case $1 in
        sparse)
            others=("$(number code_zeros <"$scratch/found")" 'of the numbers of a code are zero')
            ;;
        *denoising) others=("$(number noisy_psnr <"$scratch/found")" 'dB before') ;;
        variational) others=("$(number test_bce <"$scratch/found")" 'BCE') ;;
    esac
    line=$(awk -v name="$1" -v seed="$5" -v measure="$3" -v value="$value" -v target="$4" \
        -v other="${others[0]:-}" -v what="${others[1]:-}" 'BEGIN {
        more = measure == "restored_psnr"
        unit = more ? "dB" : measure == "negative_elbo" ? "nats, negative ELBO" : "BCE"
        printf "%-18s seed %d  %.*f %s", name, seed, unit == "BCE" ? 4 : 2, value, unit
        if (target != "-") {
            printf ", at %s %s", more ? "least" : "most", target
            if (more ? value < target : value > target) printf ": FALLS SHORT"
        }
        if (what != "") printf "  (%.4g %s)", other, what
    }')
    printf '%s\n' "$line"
    [[ $line != *SHORT* ]] || short=1
}

short=0
names=("$@")
[[ $# -gt 0 ]] || mapfile -t names < <(cut -d '|' -f 1 <<<"$list")
for name in "${names[@]}"; do
    IFS='|' read -r _ arguments what target < <(grep "^$name|" <<<"$list") || {
        printf 'there is no kind %s in this list\n' "$name" >&2
        exit 2
    }
    for seed in ${SEEDS:-1 2 3}; do measure "$name" "$arguments" "$what" "$target" "$seed"; done
done
exit $short
