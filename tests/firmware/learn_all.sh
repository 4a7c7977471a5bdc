#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A board learns from all 60,000 digits, five times, and restores the 10,000 others as well as fifty
# epochs of Adam on a PC do: with a loss of at most 0.1050. Not part of the test run:
#   cmake --preset cortex-m4 && cmake --build build/cortex-m4 --target long_course
# usage: learn_all.sh IMAGE EMULATOR [OPTION...]
. "$(dirname "$0")/../rules/common.sh"
. "$(dirname "$0")/course.sh"
image=${1:?usage: learn_all.sh IMAGE EMULATOR [OPTION...]}
shift
need "$1"
digits=$(bash tools/fetch_data.sh mnist)
scratch
cd "$scratch"
course "$digits"/{train,t10k}-images-idx3-ubyte 1 60000 5 1600 10000 1000 >input

"$@" "$image" | tee printed
after=$(awk '/loss/ { print $(NF - 1) }' printed)
[[ ${after:-1000000} -le 105000 ]] || violation "the loss is above 0.1050"
finish "long courses of a board" 1
