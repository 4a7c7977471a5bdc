#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Trains on the normal heartbeats of two and a half minutes, and prints how well those of the next
# ones are told from unusual beats. The labels are those of a clustering (ecg_beats.py).
# usage: ecg.sh [NUTSHELL]     Needs Debian's python3-scipy (before 1.12) for its data, and NumPy.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
nutshell=$(realpath "${1:-$root/build/host/nutshell}")
record=/usr/lib/python3/dist-packages/scipy/misc/ecg.dat
[[ -r $record ]] || { printf 'skipped: there is no %s (python3-scipy)\n' "$record" && exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

/usr/bin/python3 "$root/tests/compare/ecg_beats.py" "$record" "$scratch"
cd "$scratch"
"$nutshell" train --data normal.npy --layers 128,8,128 --activation tanh --output linear \
    --loss mse --epochs 300 --batch 16 --lr 0.003 --out beats.nut --json >training
"$nutshell" quantize beats.nut --calibrate normal.npy --tolerance 0.1 --out beats_int8.nut --json \
    >quantization
for model in beats.nut beats_int8.nut; do
    printf '%s\n' "$model"
    "$nutshell" detect "$model" --data test.npy --anomalies unusual.npy --sigmas 3
done
