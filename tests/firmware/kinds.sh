#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every kind of autoencoder that train --kind knows: trained for a moment on real digits, quantized,
# its error held against the float model's, written as a header, compiled into an image for a
# Cortex-M4 and run there in emulation: the host's bytes, in no more memory than the budget says,
# and within 3 % of what nutshell footprint says. Of an adversarial model it is the generator, a
# decoder alone.
# usage: kinds.sh TOOL
. "$(dirname "$0")/../rules/common.sh"
tool=${1:?usage: kinds.sh TOOL}
need arm-none-eabi-g++ qemu-system-arm
scratch

# Bytes of flash and of RAM that an image may take, the model in flash.
budgets='tutorial 52300 3350
deep 242900 3770
convolutional 21300 28700
denoising 242900 3770
variational 441100 3930
tied 52300 3350
sparse 116700 3380
adversarial 139500 9450
mlperf-tiny 292900 3380'

# array_of TYPE ROWS COLUMNS: the bytes of real digits, read as rows of so many columns, as an .npy
# of |u1, or of |i1 with the codes that stand for them.
array_of() {
    local header="{'descr': '$1', 'fortran_order': False, 'shape': ($2, $3), }"
    printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "$header"
    zcat tests/data/digits/t10k-images-idx3-ubyte.gz | tail -c +17 | head -c $(($2 * $3)) |
        if [[ $1 == '|i1' ]]; then tr '\000-\377' '\200-\377\000-\177'; else cat; fi
}

flags=("${house_flags[@]}" "${library_flags[@]}" -Os -ffunction-sections -fdata-sections
    -mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard -I . -I lib
    -DNUTSHELL_PLATFORM=Dsp '-DNUTSHELL_PLATFORM_HEADER="dsp.hpp"')
boards=platform/boards
mkdir "$scratch/library"
for source in lib/nutshell/*.cpp platform/bind.cpp platform/dsp.cpp \
    $boards/common/{startup,print,cmsdk_uart,semihosting}.cpp; do
    optimized=()
    # (As CMake builds what runs for each pixel.)
    [[ $source != */@(patch_int8|patch_back_int8|pooling).cpp ]] || optimized=(-O2)
    arm-none-eabi-g++ "${flags[@]}" "${optimized[@]}" -c "$source" \
        -o "$scratch/library/$(basename "$source" .cpp).o"
done

# run_kind KIND: prints what it did; fails when the board's bytes are others.
run_kind() {
    local data=sample calibration=sample columns=784 epochs=2 part=() type=Model here=$scratch/$1
    mkdir "$here"
    [[ $1 != mlperf-tiny ]] || columns=640
    if [[ $1 == adversarial ]]; then
        columns=64 epochs=1 calibration=normal
        part=(--part decoder) type=Decoder
    fi
    array_of '|i1' 8 "$columns" >"$here/in.npy"
    if [[ $1 == mlperf-tiny ]]; then  # in place of sounds, digits in rows of another length
        data=$here/data.npy
        array_of '|u1' 1000 640 >"$data"
        calibration=$data
    fi
    "$tool" train --kind "$1" --data "$data" --epochs "$epochs" --out "$here/float.nut" >/dev/null
    "$tool" quantize "$here/float.nut" --calibrate "$calibration" "${part[@]}" \
        --out "$here/int8.nut" >"$here/report" || { cat "$here/report"; return 1; }
    sed -nE 's/^((mean )?squared error) .*: (.*)/  \1: \3/p' "$here/report"
    "$tool" run "$here/int8.nut" --in "$here/in.npy" --out "$here/out.npy" --int8 >/dev/null
    "$tool" convert "$here/int8.nut" "$here/model.hpp" --packing dsp >/dev/null
    arm-none-eabi-g++ "${flags[@]}" "-DNUTSHELL_PART=$type" -I "$here" \
        tests/firmware/kinds.cpp "$here/model.cpp" "$scratch"/library/*.o \
        -nostdlib -Wl,--gc-sections -L $boards/common -T $boards/mps2-an386/memory.ld \
        -lc_nano -lgcc -o "$here/image.elf"
    (cd "$here" && timeout 100 qemu-system-arm -M mps2-an386 -display none -monitor none \
        -serial stdio -semihosting-config enable=on,target=native -kernel image.elf)
}

# estimate KIND: bytes of flash and of RAM without stack, as nutshell footprint has them.
estimate() {
    "$tool" footprint "$scratch/$1/int8.nut" --target cortex-m4 --json | awk -F '[ ,:]+' '
        { number[$2] = $3 }
        END { print number["\"flash\""], number["\"ram\""] - number["\"stack\""] }'
}

# near ESTIMATE MEASURED: within 3 %
near() { [[ $((100 * $1)) -ge $((97 * $2)) && $((100 * $1)) -le $((103 * $2)) ]]; }

count=0
kinds=$("$tool" train --help | grep -oE '[:;] [a-z-]+ \([^)]*\)' |
    sed -E 's/^[:;] ([a-z-]+) .*/\1/')
for kind in $kinds; do
    count=$((count + 1))
    printf '%s\n' "$kind"
    run_kind "$kind" || violation "$kind: the board does not give the host's bytes"
    read -r flash ram < <(arm-none-eabi-size "$scratch/$kind/image.elf" |
        awk 'NR == 2 { print $1 + $2, $2 + $3 }')
    read -r likely_flash likely_ram < <(estimate "$kind")
    printf ', %d bytes of flash, %d of RAM without stack; estimated %d and %d\n' \
        "$flash" "$ram" "$likely_flash" "$likely_ram"
    if ! near "$likely_flash" "$flash" || ! near "$likely_ram" "$ram"; then
        violation "$kind: nutshell footprint is more than 3 % off"
    fi
    read -r most_flash most_ram < <(awk -v kind="$kind" '$1 == kind { print $2, $3 }' <<<"$budgets")
    [[ -n ${most_ram:-} && $flash -le $most_flash && $ram -le $most_ram ]] ||
        violation "$kind: more memory than ${most_flash:-?} and ${most_ram:-?} bytes"
done
finish 'kinds of autoencoders on a board' "$count"
