#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Models of every kind of layer, in floats and in int8, written as ONNX: ONNX's own checker accepts
# them, and an evaluator that shares no code with the project gives their outputs.
# usage: onnx.sh TOOL
. "$(dirname "$0")/../rules/common.sh"
tool=${1:?usage: onnx.sh TOOL}
python=${PYTHON:-/usr/bin/python3} # Debian's, which has Debian's onnx
"$python" -c 'import numpy, onnx' 2>/dev/null || {
    printf 'skipped: %s lacks onnx (python3-onnx)\n' "$python"
    exit 77
}
"$tool" convert --help | tr -d '\n ' | grep -q 'OUT.*onnx' || {
    printf 'skipped: %s lacks .onnx\n' "$(basename "$tool")"
    exit 77
}
scratch
cd "$scratch"
"$python" -c '
import numpy
waves = numpy.sin(numpy.outer(numpy.arange(1, 65), numpy.arange(144)) * 0.37)
numpy.save("x.npy", (0.5 + 0.5 * waves).astype(numpy.float32))'

norms=conv4k3s2:linear,norm:relu,depthwisek3s2same:linear,norm
# name, layers, options of quantize
models=("dense 144,20:tanh,6:linear,20:leaky_relu(0.3),144"
    "tensor 144,20:tanh,6:linear,20,144 --per-tensor"
    "pools 12x12x1,conv6k3s2,pool2,conv4k3valid,flat,2x2x1,up3,deconv5k3s1,up2bilinear,conv1k3"
    "steps 12x12x1,conv4k5d2:leaky_relu(0.2),avgpool3s2same,depthwisek3:tanh,6,36,6x6x1,deconv1k3"
    "norms 12x12x1,$norms,8,36,3x3x4,deconv4k2s2valid,deconv1k4"
    "floats 12x12x1,norm,conv4k3,norm:tanh,6,36,norm,6x6x1,deconv1k3")

files=0
for model in "${models[@]}"; do
    read -r name layers options <<<"$model"
    "$tool" train --data x.npy --layers "$layers" --epochs 2 --batch 8 --out "$name.nut" >/dev/null
    # Normalization behind an activation has no int8 form.
    # shellcheck disable=SC2086
    [[ $name == floats ]] ||
        "$tool" quantize "$name.nut" --calibrate x.npy --out "${name}_int8.nut" --tolerance 9 \
            $options >/dev/null
    for kind in "$name" "${name}_int8"; do
        [[ -f $kind.nut ]] || continue
        files=$((files + 1))
        "$tool" convert "$kind.nut" "$kind.onnx" >/dev/null
        "$tool" run "$kind.nut" --in x.npy --out y.npy >/dev/null
        # Floats: sums in double against sums in float. Codes: ONNX rounds a tie to the even code
        # and multiplies with a float, so a code of 1/256 may be the next one.
        largest=2e-6
        [[ $kind == "$name" ]] || largest=0.008
        "$python" "$root/tests/exported/run_onnx.py" "$kind.onnx" x.npy y.npy "$largest" ||
            violation "$kind.onnx does not give the outputs of $kind.nut"
    done
done
finish "ONNX files that others run" "$files"
