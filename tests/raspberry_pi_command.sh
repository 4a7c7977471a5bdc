#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The nutshell command on the processor of a Raspberry Pi does real jobs: it trains on the digits
# built into it, quantizes, runs, inspects, exports and imports. The reference kernels give the same
# bits everywhere, and so do all kernels of int8: what it writes is what the command of this machine
# writes, to the byte. Its own float kernels train a model that is as good.
# usage: raspberry_pi_command.sh COMMAND [EMULATOR [OPTION...]]
# NUTSHELL_HOST_TOOL names the command of this machine (or it is build/host/nutshell).
. "$(dirname "$0")/rules/common.sh"
command=${1:?usage: raspberry_pi_command.sh COMMAND [EMULATOR [OPTION...]]}
shift
host=${NUTSHELL_HOST_TOOL:-$root/build/host/nutshell}
need "$host" "${1:-true}"
scratch

there() { "${emulator[@]}" "$command" "$@"; }
here() { "$host" "$@"; }
emulator=("$@")

jobs() { # jobs WHERE: in a folder of that name, with the command of that name
    mkdir "$scratch/$1" && cd "$scratch/$1" || return
    local data=sample:3 # the digits of one class: some 500
    "$1" train --data $data --layers 784,24,784 --epochs 2 --seed 7 --platform reference \
        --out float.nut &&
        "$1" quantize float.nut --calibrate $data --platform reference --out int8.nut &&
        "$1" run int8.nut --in $data --int8 --out restored.npy &&
        "$1" run int8.nut --in $data --int8 --part encoder --out codes.npy &&
        "$1" inspect int8.nut --json >inspected.json &&
        "$1" convert int8.nut encoder.hpp --part encoder --packing helium &&
        "$1" convert float.nut model.safetensors &&
        "$1" convert "$root/tests/data/tflite/images_int8.tflite" imported.nut &&
        "$1" footprint int8.nut --json >footprint.json
}
for where in here there; do
    (jobs $where) >"$scratch/$where.log" 2>&1 ||
        violation "a job fails $where: $(tail -n 3 "$scratch/$where.log")"
done
diff -r "$scratch/here" "$scratch/there" || violation "other files than on this machine"
files=("$scratch"/there/*)
printf '%d files are those of this machine: %s\n' "${#files[@]}" "$(cd "$scratch/there" && echo *)"

cd "$scratch"
for where in here there; do
    $where train --data sample:3 --layers 784,24,784 --epochs 2 --batch 16 --seed 7 \
        --out own.nut --json >$where.json
done
loss() { sed -n 's/.*"test_bce": \([0-9.]*\).*/\1/p' "$1"; }
platform=$(sed -n 's/.*"platform": "\(.*\)".*/\1/p' there.json)
printf 'test BCE of %s: %s, of this machine: %s\n' "$platform" "$(loss there.json)" \
    "$(loss here.json)"
awk -v a="$(loss there.json)" -v b="$(loss here.json)" \
    'BEGIN { exit !(a > 0 && a - b < 0.001 && b - a < 0.001) }' || violation "it learns worse"

# What it was built without is named, with the package that is missing.
refused() { # refused PACKAGE COMMAND...: done, or refused for want of the package
    local package=$1 status=0
    shift
    there "$@" >refused.log 2>&1 || status=$?
    [[ $status -eq 0 ]] || { [[ $status -eq 2 ]] && grep -q "$package" refused.log; } ||
        violation "$1 does not name $package: $(cat refused.log)"
}
refused zlib1g-dev evaluate own.nut --data "$root/tests/data/digits/t10k-images-idx3-ubyte.gz"
refused libhdf5-dev convert "$root/tests/data/keras/pictures.h5" keras.nut
there --version
finish "claims of the command on a Raspberry Pi" $((${#files[@]} + 3))
