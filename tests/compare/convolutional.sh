#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Training of the convolutional autoencoder (16-8-8 filters, code 4x4x8) on MNIST, one thread each,
# in turn on the same machine: nutshell, PyTorch. Prints the CPU seconds of each one's best epoch
# over the 60,000 images, and the ratio.
# usage: convolutional.sh NUTSHELL_COMMAND [ROUNDS] [PLATFORM]
# Needs Debian's python3-torch, and MNIST (fetched when it is not there).
set -euo pipefail
nutshell=${1:?usage: convolutional.sh NUTSHELL_COMMAND [ROUNDS] [PLATFORM]}
rounds=${2:-2}
platform=${3:-}
python=${PYTHON:-/usr/bin/python3}  # Debian's, which has Debian's torch
here=$(cd "$(dirname "$0")" && pwd)
data=$("$here/../../tools/fetch_data.sh" mnist)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export OMP_NUM_THREADS=1
layers=28x28x1,conv16k3,pool2same,conv8k3,pool2same,conv8k3,pool2same
layers+=,conv8k3,up2,conv8k3,up2,conv16k3valid,up2,conv1k3

if [[ -z $platform ]]; then  # the best usable one, which the command lists first
    platform=$("$nutshell" bench --json --epochs 1 --threads 1 |
        "$python" -c 'import json, sys; print(json.load(sys.stdin)["platforms"][0]["platform"])')
fi

nutshell_epoch() {
    "$nutshell" bench --data "$data" --layers "$layers" --epochs 1 --threads 1 --json \
        --platform "$platform" | "$python" -c 'import json, sys
print(json.load(sys.stdin)["platforms"][0]["training"][0]["seconds_per_epoch"])'
}
pytorch_epoch() {
    "$python" "$here/pytorch_convolutional.py" "$data" 1 | sed -n 's/^best \([0-9.]*\) s$/\1/p'
}

for ((round = 1; round <= rounds; round++)); do
    for contender in nutshell pytorch; do
        "${contender}_epoch" >>"$scratch/$contender"
    done
done
best() { sort -g "$scratch/$1" | head -n 1; }
ours=$(best nutshell)
for contender in nutshell pytorch; do
    awk -v name="$contender" -v theirs="$(best "$contender")" -v ours="$ours" 'BEGIN {
        printf "%-9s %8.2f s an epoch, %5.2f times nutshell\n", name, theirs, theirs / ours }'
done
printf 'one thread each, nutshell on %s, best of %d rounds\n' "$platform" "$rounds"
