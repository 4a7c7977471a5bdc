#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Training of 784-24-784 on MNIST, one thread each, in turn on the same machine: nutshell, plain
# loops on OpenBLAS, PyTorch. Prints the CPU seconds of each one's best epoch, and the ratios.
# usage: training.sh NUTSHELL_COMMAND [ROUNDS] [PLATFORM]
# Needs Debian's libopenblas-dev and python3-torch, and MNIST (fetched when it is not there).
set -euo pipefail
nutshell=${1:?usage: training.sh NUTSHELL_COMMAND [ROUNDS] [PLATFORM]}
rounds=${2:-3}
platform=${3:-}
python=${PYTHON:-/usr/bin/python3}  # Debian's, which has Debian's torch
here=$(cd "$(dirname "$0")" && pwd)
data=$("$here/../../tools/fetch_data.sh" mnist)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
g++ -std=c++17 -Ofast -march=native "$here/openblas_training.cpp" -lopenblas \
    -o "$scratch/openblas_training"

if [[ -z $platform ]]; then  # the best usable one, which the command lists first
    platform=$("$nutshell" bench --json --epochs 1 --threads 1 |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["platforms"][0]["platform"])')
fi

nutshell_epoch() {
    "$nutshell" bench --data "$data" --epochs 3 --threads 1 --platform "$platform" --json |
        python3 -c 'import json, sys
print(json.load(sys.stdin)["platforms"][0]["training"][0]["seconds_per_epoch"])'
}
openblas_epoch() { "$scratch/openblas_training" "$data" 3 | sed -n 's/^best \([0-9.]*\) s$/\1/p'; }
pytorch_epoch() {
    "$python" "$here/pytorch_training.py" "$data" 3 |
        sed -n 's/^median .* best \([0-9.]*\) s.*/\1/p'
}

for ((round = 1; round <= rounds; round++)); do
    for contender in nutshell openblas pytorch; do
        "${contender}_epoch" >>"$scratch/$contender"
    done
done
best() { sort -g "$scratch/$1" | head -n 1; }
ours=$(best nutshell)
for contender in nutshell openblas pytorch; do
    awk -v name="$contender" -v theirs="$(best "$contender")" -v ours="$ours" 'BEGIN {
        printf "%-9s %8.4f s an epoch, %5.2f times nutshell\n", name, theirs, theirs / ours }'
done
printf 'one thread each, nutshell on %s, best of %d rounds of 3 epochs\n' "$platform" "$rounds"
