#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Another configuration of the project builds without a warning and passes its tests.
# usage: configuration.sh PRESET BUILD_DIR
set -euo pipefail
preset=${1:?usage: configuration.sh PRESET BUILD_DIR}
build=${2:?usage: configuration.sh PRESET BUILD_DIR}
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"

need() {
    command -v "$1" >/dev/null || {
        printf 'skipped: preset %s needs %s\n' "$preset" "$1"
        exit 77
    }
}
case $preset in
    asan | clang) need clang++ ;;
    cortex-*) need arm-none-eabi-g++ && need qemu-system-arm ;;
    riscv32) need riscv64-unknown-elf-g++ && need qemu-system-riscv32 ;;
    aarch64) need aarch64-linux-gnu-g++ && need qemu-aarch64 ;;
    armhf) need arm-linux-gnueabihf-g++ && need qemu-arm ;;
esac

options=()
# What is tested of the command there is not how fast it computes; the library is built as ever.
[[ $preset != aarch64 && $preset != armhf ]] || options=(-DNUTSHELL_TOOLS_OPTIONS=-O1)
cmake --preset "$preset" -B "$build" "${options[@]}"
cmake --build "$build" --parallel "$(nproc)"
tests=$(ctest --test-dir "$build" -N | sed -n 's/^Total Tests: //p')
if [[ ${tests:-0} -gt 0 ]]; then
    # A test that hangs is named, with what it printed.
    ctest --test-dir "$build" --parallel "$(nproc)" --timeout 600 --output-on-failure
fi
printf 'checked configurations: 1 (%s, %d tests)\n' "$preset" "${tests:-0}"
