#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Radar returns from the ionosphere, 34 numbers each, real and with labels of their own: trains on
# half of the good ones and prints how well the other half is told from the bad ones.
# usage: ionosphere.sh [NUTSHELL]     Fetches its data (tools/fetch_data.sh ionosphere).
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
nutshell=$(realpath "${1:-$root/build/host/nutshell}")
data=$("$root/tools/fetch_data.sh" ionosphere)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cd "$scratch"
"$nutshell" train --data "$data/normal.csv" --layers 34,8,34 --activation tanh --output linear \
    --loss mse --epochs 300 --batch 8 --lr 0.003 --seed 1 --out float.nut --json >training
"$nutshell" quantize float.nut --calibrate "$data/normal.csv" --tolerance 0.1 --out int8.nut \
    --json >quantization
for model in float.nut int8.nut; do
    printf '%s\n' "$model"
    "$nutshell" detect "$model" --data "$data/test.csv:0" --anomalies "$data/test.csv:1" --sigmas 3
done
