#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The examples that are built take at most 2 % more flash, and no more RAM, than the committed
# budget of their core says (budget.tsv; tools/bench_firmware.sh measures everything in it, and
# writes it).
# usage: sizes.sh CORE FOLDER_OF_IMAGES
. "$(dirname "$0")/../rules/common.sh"
core=${1:?usage: sizes.sh CORE FOLDER_OF_IMAGES}
folder=${2:?usage: sizes.sh CORE FOLDER_OF_IMAGES}
need arm-none-eabi-size

checked=0
while IFS=$'\t' read -r _ of example _ flash ram _; do
    image=$folder/$example.elf
    [[ $of == "$core" && -f $image ]] || continue
    checked=$((checked + 1))
    read -r text data bss < <(arm-none-eabi-size "$image" | awk 'NR == 2 { print $1, $2, $3 }')
    printf '%s: flash %d of %d bytes, RAM without stack %d of %d with it\n' "$example" \
        $((text + data)) "$flash" $((data + bss)) "$ram"
    [[ $((text + data)) -le $((flash * 102 / 100)) ]] || violation "$example has grown in flash"
    [[ $((data + bss)) -le $ram ]] || violation "$example has grown in RAM"
done <tests/firmware/budget.tsv
[[ $checked -gt 0 ]] || { printf 'skipped: no image with a budget is built\n'; exit 77; }
finish "sizes of examples" "$checked"
