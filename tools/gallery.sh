#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every kind of autoencoder at work: trains each, unless its model is there from before, and writes
# a page of pictures. The numbers beside them are what the commands print that the page names.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/packages.sh"
root=$(cd "$(dirname "$0")/.." && pwd)

usage() {
    cat <<'TEXT'
usage: tools/gallery.sh [--data NAME] [--epochs N] [--seed N] [--out DIR] [--tool NUTSHELL]
  --data NAME   mnist (default), sample, or anything with labels that `nutshell train --data` takes
  --epochs N    passes over the data (default: 30, 20 for the generator)
  --seed N      of weights and order (default 1)
  --out DIR     where models, pictures and page go (default: out/gallery in the project's folder)
  --tool FILE   the nutshell command (default: built here)
TEXT
}

data=mnist epochs='' seed=1 out=$root/out/gallery tool=''
while [[ $# -gt 0 ]]; do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --data | --epochs | --seed | --out | --tool)
            [[ $# -ge 2 && -n $2 ]] || { printf '%s needs a value\n' "$1" >&2; usage >&2; exit 2; }
            printf -v "${1#--}" '%s' "$2"
            shift 2
            ;;
        *) printf 'unknown option: %s\n' "$1" >&2; usage >&2; exit 2 ;;
    esac
done

if [[ -z $tool ]]; then
    install_packages "${build_packages[@]}"
    [[ $data != mnist ]] || "$root/tools/fetch_data.sh" mnist
    cmake -S "$root" -B "$root/build/demo" -DCMAKE_BUILD_TYPE=Release -DNUTSHELL_BUILD_TESTS=OFF \
        -DNUTSHELL_BUILD_EXAMPLES=OFF >/dev/null
    cmake --build "$root/build/demo" --parallel "$(nproc)" --target nutshell_tool
    tool=$root/build/demo/nutshell
fi
tool=$(realpath "$tool")
mkdir -p "$out"
cd "$out"

page=page.partial
escape() { sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'; }

# section TITLE TEXT: what follows belongs to it.
section() { printf '<h2>%s</h2>\n<p>%s</p>\n' "$1" "$2" >>"$page"; printf '\n== %s\n' "$1"; }

# tell COMMAND TEXT: a command, and what it prints, go to the page and to the screen.
tell() {
    printf 'nutshell %s\n%s\n' "$1" "$2"
    { printf '<pre><b>nutshell %s</b>\n' "$1"; escape <<<"$2"; printf '</pre>\n'; } >>"$page"
}

# run ARGUMENT...
run() {
    local text
    text=$("$tool" "$@") || { printf 'failed: nutshell %s\n' "$*" >&2; exit 1; }
    tell "$*" "$text"
}

# train FILE EPOCHS ARGUMENT...: unless the model is there, with the words that its training left.
train() {
    local file=$1 said=${1%.nut}.log usual=$2 text command
    shift 2
    command=(train --data "$data" "$@" --epochs "${epochs:-$usual}" --seed "$seed" --out "$file")
    if [[ ! -s $file || ! -s $said ]]; then
        text=$("$tool" "${command[@]}") ||
            { printf 'failed: nutshell %s\n' "${command[*]}" >&2; exit 1; }
        printf '%s\n%s\n' "${command[*]}" "$text" >"$said"
    fi
    tell "$(head -n 1 "$said")" "$(tail -n +2 "$said")"
}

picture() { printf '<img src="%s" alt="%s">\n' "$1" "$2" >>"$page"; }

# reconstructions FILE: how good the model is, and what it gives back.
reconstructions() {
    run evaluate "$1" --data "$data"
    run show "$1" --data "$data" --out "${1%.nut}.png"
    picture "${1%.nut}.png" 'originals, what came back, the error'
}

cat >"$page" <<'HTML'
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Nutshell: a gallery of autoencoders</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
img{max-width:100%;border:1px solid #ddd}
pre{background:#f6f6f6;padding:.6rem;overflow-x:auto;font-size:13px}
</style></head><body><h1>A gallery of autoencoders</h1>
<p>Each picture stands below the commands that trained and drew it, with the numbers that they
printed.</p>
HTML

section 'Tutorial' '784 pixels become 24 numbers and come back; one layer each way.'
train tutorial.nut 30 --kind tutorial
reconstructions tutorial.nut
run show tutorial.nut --data "$data" --what codes --out codes.png
picture codes.png 'a map of the codes'

section 'Deep' 'The same code through more layers.'
train deep.nut 30 --kind deep
reconstructions deep.nut

section 'Convolutional' 'Filters of 3 x 3; the code is an image of 4 x 4 with 8 channels.'
train convolutional.nut 30 --kind convolutional
reconstructions convolutional.nut

section 'Tied' 'The decoder uses the weights of the encoder: half as many.'
train tied.nut 30 --kind tied
reconstructions tied.nut

section 'Sparse' 'A code of 64 numbers, many of them zero for any one image.'
train sparse.nut 30 --kind sparse
reconstructions sparse.nut

section 'Denoising' 'A model that was trained to give back clean images of noisy ones.'
train denoising.nut 30 --kind denoising
run denoise denoising.nut --data "$data" --out denoised.png
picture denoised.png 'noisy, restored and clean images'

section 'Super-resolution' 'From 14 x 14 pixels to 28 x 28, beside cubic interpolation.'
run upscale upscale.nut --data "$data" --layers 196,128,784 --epochs "${epochs:-15}" \
    --seed "$seed" --out upscaled.png
picture upscaled.png 'small, interpolated, restored and original images'

section 'Variational' \
    'Codes are normally distributed, so that the decoder draws new digits of random
numbers, and moves from one digit to another.'
train variational.nut 30 --kind variational
run evaluate variational.nut --data "$data"
run generate variational.nut --data "$data" --what normal --seed "$seed" \
    --judge tutorial.nut --out samples.png
picture samples.png 'digits from random numbers'
run generate variational.nut --data "$data" --what grid --out grid.png
picture grid.png 'a plane of codes'
run generate variational.nut --data "$data" --what between --seed "$seed" --out between.png
picture between.png 'from one digit to another'

section 'Adversarial' 'A generator that learned against a discriminator; it never sees a digit.'
train adversarial.nut 20 --kind adversarial
run generate adversarial.nut --data "$data" --what normal --seed "$seed" \
    --judge tutorial.nut --out invented.png
picture invented.png 'digits from random numbers'

printf '</body></html>\n' >>"$page"
mv "$page" index.html
printf '\n== Look at %s\n' "$out/index.html"
