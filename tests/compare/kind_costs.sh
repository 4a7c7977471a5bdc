#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Prints what the loops of layers that are not dense cost on each core: the numbers that nutshell
# footprint estimates instructions with (tools/footprint/loop_costs.cpp), fitted to layers counted
# under emulation. Cores with the same kernels share them.
# usage: kind_costs.sh [--update] [PRESET...]     Needs python3-numpy besides what the presets need.
#   --update   writes the counts that the costs are not fitted to into
#              tests/firmware/counted_kinds.tsv, which the test of the estimates reads
set -euo pipefail
cd "$(dirname "$0")/../.."
held=tests/firmware/counted_kinds.tsv
update=false
[[ ${1:-} != --update ]] || { update=true && shift; }
[[ $# -gt 0 ]] ||
    set -- cortex-m0 cortex-m3 cortex-m4 cortex-m7 cortex-m33 cortex-m55 riscv32 aarch64 armhf
python=/usr/bin/python3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

g++ -std=c++17 -O1 -I lib -I . tests/compare/kind_loops.cpp \
    tools/footprint/{loops,patches,sums,loop_costs,targets,image_sizes}.cpp -o "$scratch/kind_loops"
declare -A name=([cortex-m0]=kCortexM0 [cortex-m3]=kCortexM3 [cortex-m4]=kDsp [cortex-m7]=kDsp
    [cortex-m33]=kDsp [cortex-m55]=kCortexM55 [riscv32]=kRiscv32 [aarch64]=kAarch64 [armhf]=kArmhf)
for preset in "$@"; do
    cmake --preset "$preset" >/dev/null
    cmake --build "build/$preset" --target counted_kinds --parallel "$(nproc)" >/dev/null
    image=build/$preset/tests/firmware/counted_kinds
    IFS=';' read -r -a emulator <"$image.emulator"
    bash tests/compare/count_instructions.sh "$image.elf" "${emulator[@]}" "$image.elf" \
        >"$scratch/$preset"
    "$scratch/kind_loops" "$preset" <"$scratch/$preset" >>"$scratch/${name[$preset]}"
done
for fitted in "$scratch"/k[A-Z]*; do
    "$python" tests/compare/kind_costs.py "${fitted##*/}" <"$fitted"
done

if $update; then
    for preset in "$@"; do
        sed -n "s/^held /$preset\theld /p" "$scratch/$preset"
    done >"$scratch/held"
    # What was not counted keeps its lines.
    { [[ ! -f $held ]] || awk -F '\t' 'FNR == NR { counted[$1] = 1; next } !($1 in counted)' \
        "$scratch/held" "$held"; cat "$scratch/held"; } >"$scratch/all"
    LC_ALL=C sort -s -t $'\t' -k 1,1 "$scratch/all" >"$held"
fi
