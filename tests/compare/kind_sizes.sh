#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Prints what each kind of layer adds to an image's code and stack on each core: the constants that
# nutshell footprint estimates sizes with (tools/footprint/image_sizes.cpp), fitted to small images
# that are linked as tools/bench_firmware.sh links its own, and run under emulation.
# usage: kind_sizes.sh [PRESET...]     Needs python3-numpy besides what the presets need.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
[[ $# -gt 0 ]] ||
    set -- cortex-m0 cortex-m3 cortex-m4 cortex-m7 cortex-m33 cortex-m55 riscv32 aarch64 armhf
python=/usr/bin/python3
tool=${NUTSHELL_TOOL:-$root/build/host/nutshell}
made=$root/build/kind_sizes

# Layers of models that make 8x8x4 numbers of as many: a kind alone or with dense layers, once and
# more often, and kinds that share code together.
chains='16,256
16,16,256
16,16,16,256
16,16,16,16,16,16,16,256
conv4k3,conv4k3
conv4k3,conv4k3,conv4k3
conv4k3,conv4k3,conv4k3,conv4k3
conv1k3,conv4k3
conv4k3s2,16,256
conv4k3s2,conv4k3,16,256
depthwisek3,depthwisek3
depthwisek3,depthwisek3,depthwisek3
depthwisek3,depthwisek3s2,16,256
deconv4k3s1,deconv1k3s2
deconv4k3s1,deconv4k3s1,deconv1k3s2
deconv4k3s2,16,256
deconv4k3s2,deconv4k3s2,16,256
pool2,16,256
pool2,pool2,16,256
pool2,pool2,pool2,16,256
avgpool2,16,256
avgpool2,avgpool2,16,256
avgpool2,avgpool2,avgpool2,16,256
up2,16,256
up2,up2,16,256
up2,up2,up2,2,256
up2bilinear,16,256
up2,up2bilinear,16,256
flat,16,256
flat,4x8x8,16,256
flat,4x8x8,flat,16,256
norm,16,256
norm,norm,16,256
norm,norm,norm,16,256
norm,conv4k3,conv4k3
conv4k3,depthwisek3,depthwisek3
depthwisek3,deconv4k3s1,depthwisek3
conv4k3,deconv1k3s2
conv4k3,depthwisek3,deconv1k3s2
conv4k3,depthwisek3,pool2,up2,conv4k3
depthwisek3,conv4k3,avgpool2,deconv4k3s2
conv4k3s2,pool2,up2,deconv4k3s2
conv4k3,pool2,conv4k3,up2,conv4k3
conv4k3,pool2,conv4k3,pool2,conv4k3,conv4k3,up2,conv4k3,up2,conv4k3
pool2,avgpool2,up2,16,256
conv4k3,avgpool2,depthwisek3,pool2,up2,deconv4k3s2,conv4k3
conv4k3s2,conv8k3s2,flat,16,64,2x2x16,up2bilinear,conv4k3,up2,conv4k3'

cd "$root"
mkdir -p "$made"
"$python" -c 'import sys, numpy
rows = numpy.random.default_rng(1).integers(0, 256, (64, 256))
numpy.save(sys.argv[1], rows.astype(numpy.uint8))' "$made/data.npy"
names=() large=()
# quantized NAME FROM [OPTIONS]: the int8 model of one of floats.
quantized() {
    mkdir -p "$made/$1"
    cp "$made/$2/chain" "$made/$1/chain"
    "$tool" quantize "$made/$2/model.nut" --calibrate "$made/data.npy" --tolerance 10 "${@:3}" \
        --out "$made/$1/model.nut" >/dev/null
    names+=("$1")
}
number=0
for chain in $chains; do
    number=$((number + 1))
    float=$made/float_$number
    mkdir -p "$float"
    printf '%s\n' "$chain" >"$float/chain"
    "$tool" train --layers "8x8x4,$chain" --output sigmoid --data "$made/data.npy" --epochs 1 \
        --out "$float/model.nut" >/dev/null
    names+=("float_$number")
    # (64x64x4 numbers are more RAM than the smallest board has.)
    [[ $chain != up2,up2,up2* ]] || large=("float_$number" "int8_$number")
    [[ $chain == *norm* ]] || quantized "int8_$number" "float_$number"
done
quantized int8_0 float_1 --per-tensor  # whose stack may differ

for preset in "$@"; do
    packing=$("$tool" footprint "$made/int8_1/model.nut" --target "$preset" --json |
        sed -n 's/.*"packing": "\(.*\)".*/\1/p')
    folders=()
    for name in "${names[@]}"; do
        order=()
        [[ $name == float* ]] || order=(--packing "$packing")
        "$tool" convert "$made/$name/model.nut" "$made/$name/model.hpp" "${order[@]}" >/dev/null
        folders+=("$made/$name")
    done
    cmake --preset "$preset" \
        "-DNUTSHELL_FIRMWARE_MODELS=$(IFS=';' && printf '%s' "${folders[*]}")" \
        "-DNUTSHELL_FIRMWARE_LARGE_MODELS=$(IFS=';' && printf '%s' "${large[*]}")" >/dev/null
    cmake --build "build/$preset" --parallel "$(nproc)" --target "${names[@]/#/model_}" >/dev/null
    compiler=$(grep -m 1 -o '/[^ ]*g++' "build/$preset/compile_commands.json")
    for name in "${names[@]}"; do
        image=build/$preset/tests/firmware/model_$name
        IFS=';' read -r -a emulator <"$image.emulator"
        flash=$("${compiler%g++}size" "$image.elf" | awk 'NR == 2 { print $1 + $2 }')
        model=$(sed -n 's/.*unsigned char bytes\[\(.*\)\];/\1/p' "$made/$name/model.hpp")
        stacks=$("${emulator[@]}" "$PWD/$image.elf" | awk '/stack/ { printf "\t%s", $NF }')
        printf '%s\t%s\t%s%s\n' "${name%_*}" "$(<"$made/$name/chain")" $((flash - model)) "$stacks"
    done >"$made/$preset.tsv"
    "$python" tests/compare/kind_sizes.py "$preset" <"$made/$preset.tsv"
    cmake --preset "$preset" -DNUTSHELL_FIRMWARE_MODELS= -DNUTSHELL_FIRMWARE_LARGE_MODELS= \
        >/dev/null
done
