#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What models and the examples of firmware take on each board: bytes of flash, RAM (variables and
# stack) and stack, and instructions of one inference, counted under emulation; and whether the
# board's outputs are the host's, to the bit. Compares them with the committed budget.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
budget=$root/tests/firmware/budget.tsv
shared=$root/../shared/models/mlperf_tiny_ad

usage() {
    cat <<TEXT
usage: tools/bench_firmware.sh [--json] [--update] [PRESET...]
  --json     a list of objects on standard output, and nothing else there
  --update   writes what was measured into the budget, tests/firmware/budget.tsv
  PRESET     cortex-m0 cortex-m3 cortex-m4 cortex-m7 cortex-m33 cortex-m55 riscv32 aarch64 armhf
             (default: all)
NUTSHELL_TOOL names a nutshell command that is already built.
Exit status: 0; 1 when something takes 2 % more than its budget, or is not exact any more; \
2 for bad use or a missing tool.
TEXT
}

json=false update=false presets=()
all=(cortex-m0 cortex-m3 cortex-m4 cortex-m7 cortex-m33 cortex-m55 riscv32 aarch64 armhf)
while [[ $# -gt 0 ]]; do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --json) json=true ;;
        --update) update=true ;;
        *)
            [[ " ${all[*]} " == *" $1 "* ]] ||
                { printf 'unknown option or preset: %s\n' "$1" >&2; usage >&2; exit 2; }
            presets+=("$1")
            ;;
    esac
    shift
done
[[ ${#presets[@]} -gt 0 ]] || presets=("${all[@]}")
tools=(cmake g++ gzip od)
[[ ${presets[*]} != *cortex* ]] || tools+=(arm-none-eabi-g++ qemu-system-arm)
[[ ${presets[*]} != *riscv* ]] || tools+=(riscv64-unknown-elf-g++ qemu-system-riscv32)
[[ ${presets[*]} != *aarch64* ]] || tools+=(aarch64-linux-gnu-g++ qemu-aarch64)
[[ ${presets[*]} != *armhf* ]] || tools+=(arm-linux-gnueabihf-g++ qemu-arm)
for tool in "${tools[@]}"; do
    command -v "$tool" >/dev/null || {
        printf 'bench_firmware.sh needs %s: tools/test.sh installs it\n' "$tool" >&2
        exit 2
    }
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
rows=$scratch/rows.tsv
made=$root/build/bench_firmware  # the models, in folders that stay where they are
: >"$rows"
cd "$root"

step() { printf '%s\n' "$*" >&2; }
quietly() { "$@" >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; exit 2; }; }

# npy DESCRIPTION ROWS COLUMNS <NUMBERS: the numbers as an array of numpy.
npy() {
    printf '\x93NUMPY\x01\x00v\x00%-117s\n' \
        "{'descr': '$1', 'fortran_order': False, 'shape': ($2, $3), }"
    cat
}

step 'Preparing models on the host'
tool=${NUTSHELL_TOOL:-$root/build/host/nutshell}
if [[ -z ${NUTSHELL_TOOL:-} ]]; then
    quietly cmake --preset host
    quietly cmake --build build/host --target nutshell_tool --parallel "$(nproc)"
fi
count=4
head -c $((16 + 784 * count)) < <(gzip -dc tests/data/digits/t10k-images-idx3-ubyte.gz) |
    tail -c +17 >"$scratch/pixels"
# A pixel with its upper bit flipped is its code.
LC_ALL=C tr '\000-\177\200-\377' '\200-\377\000-\177' <"$scratch/pixels" >"$scratch/codes"

# model NAME FILE ROWS TYPE SIZE: a model, its rows, and what the host's plain arithmetic makes of
# them.
models=()
model() {
    local folder=$made/$1
    mkdir -p "$folder"
    cp "$2" "$folder/model.nut"
    cp "$3" "$folder/rows"
    local rows=$(($(stat -c %s "$3") / $5)) codes=()
    [[ $4 == '|u1' ]] || codes=(--int8)
    npy "$4" "$rows" "$5" <"$3" >"$folder/rows.npy"
    quietly "$tool" run "$folder/model.nut" --platform reference "${codes[@]}" \
        --in "$folder/rows.npy" --out "$folder/restored.npy"
    tail -c +129 "$folder/restored.npy" >"$folder/restored"
    models+=("$1")
}
quietly "$tool" quantize examples/digits.nut --calibrate sample --out "$scratch/int8.nut"
model digits_int8 "$scratch/int8.nut" "$scratch/codes" '|i1' 784
model digits_float examples/digits.nut "$scratch/pixels" '|u1' 784
head -c 1050 "$scratch/codes" >"$scratch/short_codes"
model small_int8 tests/data/models/exported_int8.nut "$scratch/short_codes" '|i1' 21
head -c 1050 "$scratch/pixels" >"$scratch/short_pixels"
model small_float tests/data/models/exported_float.nut "$scratch/short_pixels" '|u1' 21
# Two models of images, trained for a moment: the second one has the kinds of layers that the first
# has not.
head -c $((16 + 784 * 100)) < <(gzip -dc tests/data/digits/t10k-images-idx3-ubyte.gz) |
    tail -c +17 | npy '|u1' 100 784 >"$scratch/digits.npy"
train() { # NAME OPTIONS: a model of floats, and its int8 twin
    quietly "$tool" train "${@:2}" --platform reference --data "$scratch/digits.npy" --epochs 1 \
        --out "$scratch/$1.nut"
    quietly "$tool" quantize "$scratch/$1.nut" --calibrate "$scratch/digits.npy" \
        --out "$scratch/$1_int8.nut"
    model "$1_int8" "$scratch/$1_int8.nut" "$scratch/codes" '|i1' 784
    model "$1_float" "$scratch/$1.nut" "$scratch/pixels" '|u1' 784
}
train convolutional --kind convolutional
train windows --layers 28x28,avgpool2,conv4k3,pool2,depthwisek3,up2,deconv1k3s2
if [[ -f $shared/ad01_int8.tflite ]]; then
    quietly "$tool" convert "$shared/ad01_int8.tflite" "$scratch/ad01.nut"
    tail -c +129 "$shared/ad01_int8_in.npy" >"$scratch/ad01_rows"
    model ad01 "$scratch/ad01.nut" "$scratch/ad01_rows" '|i1' 640
    tail -c +129 "$shared/ad01_int8_out.npy" >"$made/ad01/restored"  # TensorFlow Lite Micro's
else
    step 'ad01 is left out: ../shared/models/mlperf_tiny_ad is not there'
fi
declare -A title=([digits_int8]='784-24-784' [digits_float]='784-24-784 float' [ad01]='ad01'
    [small_int8]='21-13-5-17-21' [small_float]='21-13-5-17-21 float'
    [convolutional_int8]='convolutional' [convolutional_float]='convolutional float'
    [windows_int8]='windows' [windows_float]='windows float')
large=(convolutional_int8 convolutional_float windows_float)  # more RAM than the smallest board has
declare -A packing=([cortex-m0]=armv6m [cortex-m3]=armv7m [cortex-m4]=dsp [cortex-m7]=dsp
    [cortex-m33]=dsp [cortex-m55]=helium [riscv32]=canonical [aarch64]=simd [armhf]=simd)

# sizes PRESET IMAGE: its bytes of flash, and of RAM without stack.
sizes() {
    local prefix=arm-none-eabi
    case $1 in
        riscv32) prefix=riscv64-unknown-elf ;;
        aarch64) prefix=aarch64-linux-gnu ;;
        armhf) prefix=arm-linux-gnueabihf ;;
    esac
    "$prefix-size" "$2" | awk 'NR == 2 { print $1 + $2, $2 + $3 }'
}

# exact FILE FILE: whether the bytes are equal.
exact() { if cmp -s "$1" "$2"; then printf true; else printf false; fi; }

# near FILE FILE: whether the floats are equal up to the order of their sums.
near() {
    paste <(od -An -v -tf4 -w4 "$1") <(od -An -v -tf4 -w4 "$2") |
        awk 'NF != 2 || ($1 - $2)^2 > 1e-10 { exit 1 }'
}

row() { # BOARD CORE EXAMPLE MODEL FLASH RAM STACK INSTRUCTIONS EXACT
    local IFS=$'\t'
    printf '%s\n' "$*" >>"$rows"
}

measure_model() { # PRESET NAME
    local folder=$made/$2 image=build/$1/tests/firmware/model_$2
    local flash static stack instructions same
    local -a emulator
    IFS=';' read -r -a emulator <"$image.emulator"
    cd "$folder"
    timeout 300 "${emulator[@]}" "$root/$image.elf" >printed || {
        printf '%s fails on %s\n' "$2" "$1" >&2
        exit 2
    }
    grep -v stack printed | tr -d '\n' | fold -w 2 | sed 's/^/\\x/' | tr -d '\n' >escaped
    printf '%b' "$(cat escaped)" >board_restored
    stack=$(awk '/stack/ && $NF > most { most = $NF } END { print most }' printed)
    : >count
    printf 1 >count
    instructions=$(bash "$root/tests/compare/count_instructions.sh" "$root/$image.elf" \
        "${emulator[@]}" "$root/$image.elf" | awk -F '\t' '$1 == "inference" { print $2 }')
    rm count
    cd "$root"
    same=$(exact "$folder/restored" "$folder/board_restored")
    if ! $same &&
        { [[ $2 != *float ]] || ! near "$folder/restored" "$folder/board_restored"; }; then
        printf '%s on %s does not give what it gives on the host\n' "$2" "$1" >&2
        exit 1
    fi
    read -r flash static < <(sizes "$1" "$image.elf")
    "$tool" footprint "$folder/model.nut" --target "$1" --json >"$scratch/estimate"
    near_estimate flash "$flash" "$scratch/estimate"
    near_estimate ram $((static + stack)) "$scratch/estimate"
    row "$(cat "$image.board")" "$1" inference "${title[$2]}" "$flash" $((static + stack)) \
        "$stack" "$instructions" "$same"
}

# near_estimate NAME MEASURED JSON: whether nutshell footprint's number is within 3 % of what was
# measured.
near_estimate() {
    awk -v name="\"$1\":" -v measured="$2" '
        $1 == name { estimate = $2 + 0 }
        END {
            off = estimate - measured
            if (off < 0) off = -off
            exit off > 0.03 * measured
        }' "$3" || {
        printf 'nutshell footprint is more than 3 %% off: %s is %s, not%s\n' "$1" "$2" \
            "$(sed -n "s/.*\"$1\"://p" "$3")" >&2
        estimates_hold=false
    }
}

# An example whose test compares the board with the host and prints its stack. PIECE of the program
# COUNTED is what it does once.
measure_example() { # PRESET BOARD NAME MODEL [COUNTED PIECE]
    local image=build/$1/tests/firmware/$3.elf same=true flash static stack instructions
    local -a emulator
    quietly cmake --build "build/$1" --parallel "$(nproc)" --target "$3"
    # (Ninja and Make print their targets in different ways.)
    ! grep -w "${3}_files" <(cmake --build "build/$1" --target help) >/dev/null ||
        quietly cmake --build "build/$1" --parallel "$(nproc)" --target "${3}_files"
    ctest --test-dir "build/$1" -V -R "^firmware\\.$3\$" >"$scratch/tested" 2>&1 || {
        same=false
        printf 'the test of %s fails on %s:\n' "$3" "$1" >&2
        tail -n 20 "$scratch/tested" >&2
    }
    stack=$(sed -nE 's/^[0-9]+: stack:? ([0-9]+).*/\1/p' "$scratch/tested" | tail -n 1)
    instructions=
    if [[ $# -gt 4 ]]; then
        local counted=$root/build/$1/tests/firmware/$5.elf
        quietly cmake --build "build/$1" --parallel "$(nproc)" --target "$5"
        IFS=';' read -r -a emulator <"build/$1/tests/firmware/$5.emulator"
        instructions=$(bash tests/compare/count_instructions.sh "$counted" \
            "${emulator[@]}" "$counted" | awk -F '\t' -v piece="$6" '$1 == piece { print $2 }')
    fi
    read -r flash static < <(sizes "$1" "$image")
    row "$2" "$1" "$3" "$4" "$flash" $((static + ${stack:-0})) "${stack:--}" "${instructions:--}" \
        "$same"
}

estimates_hold=true
for preset in "${presets[@]}"; do
    step "Measuring on $preset"
    folders=()
    for name in "${models[@]}"; do
        order=()
        [[ $name == *float ]] || order=(--packing "${packing[$preset]}")
        quietly "$tool" convert "$made/$name/model.nut" "$made/$name/model.hpp" "${order[@]}"
        folders+=("$made/$name")
    done
    quietly cmake --preset "$preset" \
        "-DNUTSHELL_FIRMWARE_MODELS=$(IFS=';' && printf '%s' "${folders[*]}")" \
        "-DNUTSHELL_FIRMWARE_LARGE_MODELS=$(IFS=';' && printf '%s' "${large[*]}")"
    quietly cmake --build "build/$preset" --parallel "$(nproc)" --target "${models[@]/#/model_}"
    for name in "${models[@]}"; do measure_model "$preset" "$name"; done
    case $preset in
        cortex-m0)
            measure_example "$preset" microbit smallest_encoder 784-24 counted_int8 \
                '784-24 per output'
            measure_example "$preset" microbit sensor 784-24 counted_int8 '784-24 per output'
            measure_example "$preset" microbit generate 24-256-784
            measure_example "$preset" microbit watch '32-8-32 float' counted_anomaly \
                'score, 32-8-32 float'
            ;;
        cortex-m4)
            measure_example "$preset" mps2-an386 generate 24-256-784
            measure_example "$preset" mps2-an386 watch '32-8-32 float' counted_anomaly \
                'score, 32-8-32 float'
            measure_example "$preset" mps2-an386-192k learn '784-24-784 float' counted_float \
                'training step'
            ;;
    esac
    quietly cmake --preset "$preset" -DNUTSHELL_FIRMWARE_MODELS= -DNUTSHELL_FIRMWARE_LARGE_MODELS=
done

headings() { printf 'board\tcore\texample\tmodel\tflash\tram\tstack\tinstructions\texact\n'; }
if $json; then
    awk -F '\t' '
        function number(text) { return text == "-" ? "null" : text }
        { printf "%s\n  {\"board\": \"%s\", \"core\": \"%s\", ", NR == 1 ? "[" : ",", $1, $2
          printf "\"example\": \"%s\", \"model\": \"%s\", ", $3, $4
          printf "\"flash\": %s, \"ram\": %s, \"stack\": %s, \"instructions\": %s, \"exact\": %s}",
              $5, $6, number($7), number($8), $9 }
        END { print NR == 0 ? "[]" : "\n]" }' "$rows"
else
    { headings; cat "$rows"; } | column -t -s $'\t' -R 5,6,7,8
fi

$estimates_hold ||
    step 'Correct the constants of tools/footprint/image_sizes.cpp and targets.cpp.'
if $update; then
    # What was not measured keeps its lines.
    {
        [[ ! -f $budget ]] || awk -F '\t' -v OFS='\t' 'FNR == NR { measured[$1 $2 $3 $4] = 1; next }
            FNR > 1 && !(($1 $2 $3 $4) in measured)' "$rows" "$budget"
        cat "$rows"
    } | sort -t $'\t' -k2,2 -k3,3 -k4,4 >"$scratch/budget"
    { headings; cat "$scratch/budget"; } >"$budget"
    step "The budget is what was measured: $budget"
    exit 0
fi
awk -F '\t' '
    FNR == NR { for (i = 5; i <= 9; i++) budget[$1, $2, $3, $4, i] = $i; next }
    FNR == 1 { split("board core example model flash ram stack instructions exact", name, " ") }
    {
        for (i = 5; i <= 9; i++) {
            limit = budget[$1, $2, $3, $4, i]
            worse = i == 9 ? limit == "true" && $i != "true" : limit != "-" && $i > 1.02 * limit
            if (limit == "") { printf "%s on %s (%s) has no budget\n", $3, $2, $4; bad = 1; break }
            if (worse) {
                printf "%s on %s (%s): %s is %s, the budget is %s\n",
                    $3, $2, $4, name[i], $i, limit
                bad = 1
            }
        }
    }
    END { exit bad }' "$budget" "$rows" >&2 || {
    step 'If it has to be so: tools/bench_firmware.sh --update, and commit the change.'
    exit 1
}
$estimates_hold
