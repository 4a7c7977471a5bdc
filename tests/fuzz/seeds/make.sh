#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Writes the seeds in nut/, tflite/ and onnx/: small models of every kind of layer, in floats, int8
# and with weights of 4 bits.
# usage: make.sh NUTSHELL     the command
set -euo pipefail
nutshell=$(realpath "${1:?usage: make.sh NUTSHELL}")
cd "$(dirname "$0")/nut"
rows=$(mktemp)
mv "$rows" "$rows.csv"
trap 'rm -f "$rows.csv"' EXIT
awk 'BEGIN {
    for (r = 0; r < 40; r++) {
        for (c = 0; c < 16; c++) printf "%s%.2f", c ? "," : "", (r * 7 + c * 13) % 23 / 23
        print ""
    }
}' >"$rows.csv"

make() {
    local name=$1 layers=$2
    shift 2
    "$nutshell" train --data "$rows.csv" --layers "$layers" --epochs 1 --seed 1 --loss mse \
        --out "$name.nut" "$@" >/dev/null
}
make dense 16,3:leaky_relu,16:sigmoid
make convolution 4x4x1,conv2k3,pool2,2:tanh,8,16
make pooling 4x4x1,depthwisek3,norm,avgpool2same,up2bilinear,conv1k3d2
make transposed 4x4x1,conv2k2s2valid,3,8,2x2x2,deconv1k3s2
for name in dense convolution transposed; do
    "$nutshell" quantize "$name.nut" --calibrate "$rows.csv" --tolerance 100 \
        --out "${name}_int8.nut" >/dev/null
done
"$nutshell" quantize dense.nut --calibrate "$rows.csv" --tolerance 100 \
    --encoder-bits 4 --decoder-bits 4 --per-tensor --out dense_int4.nut >/dev/null
"$nutshell" convert dense_int8.nut dense_packed.nut --packing simd >/dev/null
for name in dense dense_int8 dense_int4; do
    "$nutshell" convert "$name.nut" "../tflite/$name.tflite" >/dev/null
done
"$nutshell" convert dense.nut ../onnx/dense.onnx >/dev/null
