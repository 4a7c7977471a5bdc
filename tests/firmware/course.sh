# SPDX-License-Identifier: MIT
# What the board that learns reads; sourced by its checks.
# shellcheck shell=bash

# images FILE COUNT: the first ones of an IDX file.
images() { head -c $((16 + 784 * $2)) "$1" | tail -c +17; }

# course LEARNED HELD_OUT BEGINNINGS IMAGES PASSES RATE TESTED CALIBRATED: the course and its
# images, from two IDX files.
course() {
    local learned=$1 held_out=$2 number byte
    shift 2
    for number in "$@"; do
        for byte in 0 8 16 24; do
            # shellcheck disable=SC2059
            printf "\\x$(printf '%02x' $((number >> byte & 255)))"
        done
    done
    for ((beginning = 0; beginning < $1; beginning++)); do
        images "$held_out" "$5"
        for ((pass = 0; pass < $3; pass++)); do images "$learned" "$2"; done
        images "$held_out" "$5"
        images "$learned" "$6"
        images "$held_out" "$5"
        images "$held_out" "$5"
    done
}
