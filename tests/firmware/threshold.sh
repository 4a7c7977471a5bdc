#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The threshold that a Cortex-M4 learns is the one that nutshell detect fits to the same samples, to
# the last bit, as a quantile and as mean and deviations: of a float model on the reference
# platform, of its int8 twin on the processor's own. The samples are windows of a synthetic
# vibration, and the last layer's outputs come in two slices. The program of the page about such a
# detector compiles.
# usage: threshold.sh TOOL
. "$(dirname "$0")/../rules/common.sh"
tool=${1:?usage: threshold.sh TOOL}
need arm-none-eabi-g++ qemu-system-arm
scratch
boards=$root/platform/boards

cd "$scratch"
{
    "$tool" synthetic --seconds 40 --out log.csv
    "$tool" windows log.csv --size 128 --hop 32 --out samples.npy
    "$tool" train --data samples.npy --layers 128,8,128 --activation tanh --output linear \
        --loss mse --epochs 10 --batch 32 --lr 0.003 --out float.nut
    "$tool" quantize float.nut --calibrate samples.npy --tolerance 9 --out int8.nut
} >preparation 2>&1 || { cat preparation; exit 1; }

flags=("${house_flags[@]}" "${library_flags[@]}" -Os -fno-math-errno
    -ffunction-sections -fdata-sections -mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard
    -I "$root" -I "$root/lib" -I .)
sources=("$root"/lib/nutshell/{anomaly,weights,check_float32,check_int8_dense,quantized}.cpp
    "$root"/lib/nutshell/{self_test,int8,packing,packing_int4,activation_table}.cpp
    "$root"/lib/nutshell/reference{,_int8}.cpp "$root/platform/bind.cpp"
    "$boards"/common/{startup,print,cmsdk_uart,semihosting}.cpp)

# learn PLATFORM MODEL [SOURCE OPTION]: what the board prints.
learn() {
    "$tool" convert "$2" model.hpp >/dev/null
    arm-none-eabi-g++ "${flags[@]}" -DNUTSHELL_PLATFORM="$1" "${@:3}" \
        "$root/tests/firmware/threshold.cpp" model.cpp "${sources[@]}" -nostdlib -Wl,--gc-sections \
        -L "$boards/common" -T "$boards/mps2-an386/memory.ld" -lc_nano -lgcc -o image.elf
    timeout 100 qemu-system-arm -M mps2-an386 -display none -monitor none -serial stdio \
        -semihosting-config enable=on,target=native -kernel image.elf
}

# same BITS NUMBER: the float of these hexadecimal digits is that number.
same() {
    awk -v bits="$((16#$1))" -v number="$2" 'BEGIN {
        exponent = int(bits / 2 ^ 23)
        significand = bits - exponent * 2 ^ 23 + 2 ^ 23
        exit !(number + 0 > 0 && significand * 2 ^ (exponent - 150) == number + 0)
    }'
}

count=0
# compare MODEL BOARD: both thresholds that the board printed against the command's.
compare() {
    local kind bits number options
    for kind in quantile deviation; do
        options=(--false-alarms 0.01)
        [[ $kind == quantile ]] || options=(--sigmas 3)
        number=$("$tool" detect "$1" --data samples.npy "${options[@]}" --json |
            sed -nE 's/.*"threshold": *([-+0-9.e]+).*/\1/p')
        bits=$(awk -v kind="$kind" '$1 == kind { print $2 }' "$2")
        printf '%s, %s: the host %s, the board 0x%s\n' "$1" "$kind" "$number" "$bits"
        if [[ -z $bits ]] || ! same "$bits" "$number"; then
            violation "$1, $kind: the thresholds differ"
        fi
        count=$((count + 1))
    done
}

learn Reference float.nut >float.board || violation "float: the board fails"
NUTSHELL_PLATFORM=reference compare float.nut float.board
"$tool" convert int8.nut packed.nut --packing dsp >/dev/null
learn Dsp packed.nut "$root/platform/dsp.cpp" \
    '-DNUTSHELL_PLATFORM_HEADER="platform/dsp.hpp"' >int8.board ||
    violation "int8: the board fails"
compare int8.nut int8.board
# shellcheck disable=SC2016  # the backticks are those of Markdown
sed -n '/^```cpp$/,/^```$/{/^```/d;p}' \
    "$root/docs/build-an-anomaly-detector-in-an-hour.md" >page.cpp
if [[ ! -s page.cpp ]] || ! arm-none-eabi-g++ "${flags[@]}" -fsyntax-only page.cpp; then
    violation "the page's program does not compile"
fi
! cmp -s float.board int8.board || violation "float and int8 are the same: nothing was compared"
finish 'thresholds learned on a board' "$count"
