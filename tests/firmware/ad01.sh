#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# MLPerf Tiny's anomaly detector on an emulated board, to the byte, and its instructions. The model
# is not part of this project: without ../shared/models the test is skipped.
# usage: ad01.sh PLATFORM IMAGE EMULATOR [OPTION...]
# PLATFORM has a packing of its name, or is reference.
. "$(dirname "$0")/../rules/common.sh"
packing=${1:?usage: ad01.sh PLATFORM IMAGE EMULATOR [OPTION...]}
[[ $packing != reference ]] || packing=canonical
image=${2:?usage: ad01.sh PLATFORM IMAGE EMULATOR [OPTION...]}
shift 2
models=$root/../shared/models/mlperf_tiny_ad
for file in ad01_int8.tflite ad01_int8_in.npy ad01_int8_out.npy; do
    [[ -f $models/$file ]] || {
        printf 'skipped: %s of ../shared/models/mlperf_tiny_ad is not there\n' "$file"
        exit 77
    }
done
need g++ "$1"
scratch

g++ "${house_flags[@]}" -O1 -ffunction-sections -Wl,--gc-sections -I . -I lib \
    tests/firmware/ad01_write.cpp lib/nutshell/packing.cpp lib/nutshell/quantize.cpp \
    -o "$scratch/ad01_write"
cd "$scratch"
./ad01_write "$models" "$packing" ad01.bin
timeout 100 "$@" "$image"
bash "$root/tests/compare/count_instructions.sh" "$image" "$@" "$image"
