#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Real digits (250, or IMAGES up to 1000) go through the sensor on its board, its packets through
# the gateway on the host, and come out as the reference arithmetic says, to the byte. Packets that
# are damaged, cut short, of another model, repeated or missing are noticed, and cost no other one.
# The sensor keeps to its bytes of flash and RAM.
# usage: sensor.sh FOLDER GATEWAY IMAGE EMULATOR [OPTION...]
. "$(dirname "$0")/../rules/common.sh"
. "$(dirname "$0")/budgets.sh"
usage='usage: sensor.sh FOLDER GATEWAY IMAGE EMULATOR [OPTION...]'
folder=${1:?$usage}
gateway=${2:?$usage}
image=${3:?$usage}
shift 3
need arm-none-eabi-size "$1"
scratch
cd "$scratch"

count=${IMAGES:-250}
{ head -c $((785 * count)) "$folder/frames" && printf '\0'; } >frames
timeout 200 "$@" "$image" <frames >packets || violation "the sensor fails"
packet=$(($(stat -c %s packets) / count))
"$gateway" "$folder/decoder.nut" <packets >images || violation "the gateway refuses packets"
head -c $((784 * count)) "$folder/restored" | cmp images - ||
    violation "the images are not the host's"

said() { # said TEXT PACKETS [DECODER]: the gateway ends with 1 and says TEXT
    local status=0
    "$gateway" "${3:-$folder/decoder.nut}" <"$2" 2>log >images || status=$?
    if [[ $status -ne 1 ]] || ! grep -qF "$1" log; then
        violation "the gateway does not say: $1"
    fi
}
head -c "$packet" packets >first
{ cat first first; } >twice
{ cat first; tail -c +$((2 * packet + 1)) packets; } >gap
{ head -c 20 packets; printf '\377'; tail -c +22 packets; } >damaged
# Bytes get lost: in the second packet, at the end; and others come in between.
{ head -c $((packet + 20)) packets; tail -c +$((packet + 31)) packets; } >cut_inside
head -c $((2 * packet + 10)) packets >cut_at_end
{ cat first; printf noise; tail -c +$((packet + 1)) packets; } >noisy
said "came twice" twice
said "$((count - 1)) images, 0 packets refused, 0 repeated, 1 lost" gap
said "damaged" damaged
said "$((count - 1)) images, 1 packets refused, 0 repeated, 0 lost" damaged
said "$((count - 1)) images, 1 packets refused, 0 repeated, 1 lost" cut_inside
said "2 images, 1 packets refused, 0 repeated, 0 lost" cut_at_end
said "$count images, 1 packets refused, 0 repeated, 0 lost" noisy
said "another model" packets "$folder/stranger.nut"

bytes_of "$image"
stack=$(stack_bound "$image" nutshell_reset)
within flash "$flash" 24576
within stack "$stack" 512
within "RAM with stack" $((ram + ${stack//[^0-9]/})) 2560
finish "claims of sensor and gateway" 13
