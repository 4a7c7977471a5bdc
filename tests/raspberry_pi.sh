#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# On the processor of a Raspberry Pi: 1,000 real digits go through the sensor and the gateway and
# come out as the reference arithmetic says, to the byte; the board that watches finds both faults.
# usage: raspberry_pi.sh FOLDER SENSOR GATEWAY WATCH_WRITE WATCH [EMULATOR [OPTION...]]
. "$(dirname "$0")/rules/common.sh"
usage='usage: raspberry_pi.sh FOLDER SENSOR GATEWAY WATCH_WRITE WATCH [EMULATOR [OPTION...]]'
folder=${1:?$usage} sensor=${2:?$usage} gateway=${3:?$usage}
watch_write=${4:?$usage} watch=${5:?$usage}
shift 5
[[ $# -eq 0 ]] || need "$1"
scratch
cd "$scratch"

"$@" "$sensor" <"$folder/frames" >packets || violation "the sensor fails"
"$@" "$gateway" "$folder/decoder.nut" <packets >images || violation "the gateway refuses packets"
cmp images "$folder/restored" || violation "the images are not the reference's"
printf '%d bytes of packets became %d bytes of images\n' "$(stat -c %s packets)" \
    "$(stat -c %s images)"

"$@" "$watch_write" spectra
"$@" "$watch" | tee watched || violation "the board that watches fails"
[[ $(grep -c '^alarm' watched) -eq 2 ]] || violation "there are two faults"
grep -q '^alarm at 430[0-4].*: band 29 too strong' watched ||
    violation "the first fault is not found"
grep -q '^alarm at 470[0-4].*: band 12 too weak' watched ||
    violation "the second fault is not found"
finish "claims of the examples on a Raspberry Pi" 6
