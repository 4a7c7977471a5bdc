#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# From a fresh Debian-like machine to digits squeezed into 24 numbers and brought back: installs
# what is missing, fetches MNIST, builds, trains the tutorial's model, and shows it.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/packages.sh"
root=$(cd "$(dirname "$0")/.." && pwd)

usage() {
    cat <<'TEXT'
usage: tools/demo.sh [--data NAME] [--epochs N] [--seed N] [--out DIR]
  --data NAME   mnist (default), fashion-mnist, sample, or anything `nutshell train --data` takes
  --epochs N    passes over the data (default 50, as in the tutorial)
  --seed N      of weights and order (default 1)
  --out DIR     where model, pictures and report go (default: out/demo in the project's folder)
TEXT
}

data=mnist epochs=50 seed=1 out=$root/out/demo
while [[ $# -gt 0 ]]; do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --data | --epochs | --seed | --out)
            [[ $# -ge 2 && -n $2 ]] || { printf '%s needs a value\n' "$1" >&2; usage >&2; exit 2; }
            printf -v "${1#--}" '%s' "$2"
            shift 2
            ;;
        *) printf 'unknown option: %s\n' "$1" >&2; usage >&2; exit 2 ;;
    esac
done

step() { printf '\n== %s\n' "$*"; }

step 'Installing what is missing'
install_packages "${build_packages[@]}"

if [[ $data == mnist || $data == fashion-mnist ]]; then
    step "Fetching $data"
    if ! "$root/tools/fetch_data.sh" "$data"; then
        printf '%s is not to be had here: using the sample of real digits instead.\n' "$data"
        data=sample
    fi
fi

step 'Building'
build=$root/build/demo
cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DNUTSHELL_BUILD_TESTS=OFF \
    -DNUTSHELL_BUILD_EXAMPLES=OFF >/dev/null
cmake --build "$build" --parallel "$(nproc)" --target nutshell_tool
nutshell=$build/nutshell

step "Training 784 -> 24 -> 784 on $data, $epochs epochs"
mkdir -p "$out"
"$nutshell" train --data "$data" --layers 784,24,784 --epochs "$epochs" --batch 256 --lr 1e-3 \
    --optimizer adam --loss bce --seed "$seed" --out "$out/model.nut" --report "$out/report.html" \
    --history "$out/history.csv"

step 'Evaluating'
"$nutshell" evaluate "$out/model.nut" --data "$data"

step 'Drawing'
for picture in reconstructions codes errors losses; do
    "$nutshell" show "$out/model.nut" --data "$data" --what "$picture" \
        --history "$out/history.csv" --out "$out/$picture.png"
done

step "Everything is in $out"
printf '  %-22s %s\n' \
    model.nut 'the trained model, for firmware and for the commands of nutshell' \
    reconstructions.png 'originals over what 24 numbers bring back' \
    codes.png 'a map of the codes, coloured by digit' \
    errors.png 'how the errors of single images are distributed' \
    losses.png 'the loss after each epoch' \
    history.csv 'the same as numbers' \
    report.html 'pictures and numbers of the training in one page for a browser'
