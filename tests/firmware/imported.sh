#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# MLPerf Tiny's anomaly detector from .tflite to a header to an image for a Cortex-M4, emulated: the
# published bytes. The model is not part of this project: without ../shared/models the test is
# skipped.
# usage: imported.sh TOOL
. "$(dirname "$0")/../rules/common.sh"
tool=${1:?usage: imported.sh TOOL}
models=$root/../shared/models/mlperf_tiny_ad
for file in ad01_int8.tflite ad01_int8_in.npy ad01_int8_out.npy; do
    [[ -f $models/$file ]] || {
        printf 'skipped: %s of ../shared/models/mlperf_tiny_ad is not there\n' "$file"
        exit 77
    }
done
need arm-none-eabi-g++ qemu-system-arm
scratch
cp "$models/ad01_int8_in.npy" "$scratch/in.npy"
cp "$models/ad01_int8_out.npy" "$scratch/out.npy"
"$tool" convert "$models/ad01_int8.tflite" "$scratch/ad01.hpp" --packing dsp --check \
    "$scratch/in.npy" "$scratch/out.npy" || {
    status=$?
    "$tool" convert --help | grep -q tflite && exit "$status"
    printf 'skipped: %s lacks .tflite\n' "$(basename "$tool")"
    exit 77
}

boards=platform/boards
arm-none-eabi-g++ "${house_flags[@]}" "${library_flags[@]}" -Os \
    -ffunction-sections -fdata-sections -mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard \
    -I . -I lib -I "$scratch" -DNUTSHELL_PLATFORM=Dsp -DNUTSHELL_PLATFORM_HEADER='"dsp.hpp"' \
    tests/firmware/imported.cpp "$scratch/ad01.cpp" lib/nutshell/*.cpp platform/bind.cpp \
    platform/dsp.cpp $boards/common/{startup,print,cmsdk_uart,semihosting}.cpp \
    -nostdlib -Wl,--gc-sections -L $boards/common -T $boards/mps2-an386/memory.ld -lc_nano -lgcc \
    -o "$scratch/image.elf"
cd "$scratch"
timeout 100 qemu-system-arm -M mps2-an386 -display none -monitor none -serial stdio \
    -semihosting-config enable=on,target=native -kernel image.elf
