#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The gallery, made of a moment's training on the built-in digits: a page that links every picture,
# each of a size that can be looked at and with something in it, and names a command for each.
# usage: gallery.sh TOOL
. "$(dirname "$0")/rules/common.sh"
tool=${1:?usage: gallery.sh TOOL}
scratch

tools/gallery.sh --tool "$tool" --data sample --epochs 1 --out "$scratch" >"$scratch/said" ||
    { cat "$scratch/said"; violation "the gallery is not made"; }
[[ -s $scratch/index.html ]] || violation "there is no page"

# Bytes 16 to 23 of a PNG: its width and height, big-endian.
number_at() {
    od -An -tu1 -j "$2" -N 4 "$1" | awk '{ print (($1 * 256 + $2) * 256 + $3) * 256 + $4 }'
}
pictures=0
for name in tutorial codes deep convolutional tied sparse denoised upscaled samples grid between \
    invented; do
    picture=$scratch/$name.png
    [[ -s $picture ]] || { violation "there is no $name.png"; continue; }
    pictures=$((pictures + 1))
    width=$(number_at "$picture" 16) height=$(number_at "$picture" 20)
    printf '%s.png: %d x %d, %d bytes\n' "$name" "$width" "$height" "$(stat -c %s "$picture")"
    [[ $width -ge 400 && $width -le 2000 && $height -ge 200 && $height -le 2000 ]] ||
        violation "$name.png is $width x $height"
    [[ $(stat -c %s "$picture") -ge 4000 ]] || violation "$name.png is as good as empty"
    grep -qE "<img src=\"$name.png\" alt=\"[^\"]+\">" "$scratch/index.html" ||
        violation "the page does not show $name.png"
    grep -qE "^<pre><b>nutshell .* --out $name\.png( |<)" "$scratch/index.html" ||
        violation "the page does not say what drew $name.png"
done
[[ $(grep -c '<img ' "$scratch/index.html") -eq $pictures ]] ||
    violation "the page shows others, too"
for kind in tutorial deep convolutional tied sparse denoising variational adversarial; do
    grep -qE "^<pre><b>nutshell train .*--kind $kind " "$scratch/index.html" ||
        violation "the page does not say how $kind was trained"
done
finish "pictures of the gallery" "$pictures"
