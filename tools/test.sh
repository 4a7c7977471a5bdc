#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what the tests need and runs all of them: unit tests, examples and house rules with g++,
# and through ctest's configuration.* entries clang++ with the sanitizers, and the cross compilers.
# usage: tools/test.sh [CTEST_OPTION...]     for example: tools/test.sh -R unit
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/packages.sh"
root=$(cd "$(dirname "$0")/.." && pwd)
if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    printf 'usage: tools/test.sh [CTEST_OPTION...]     for example: tools/test.sh -R unit\n'
    exit 0
fi

install_packages "${build_packages[@]}" doctest-dev libsimde-dev

# Tests that need what cannot be installed are reported as skipped.
install_packages clang++:clang libclang-rt-dev clang-format:clang-format clang-tidy:clang-tidy \
    shellcheck:shellcheck pkg-config:pkg-config \
    arm-none-eabi-g++:gcc-arm-none-eabi libnewlib-arm-none-eabi \
    riscv64-unknown-elf-g++:gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf \
    aarch64-linux-gnu-g++:g++-aarch64-linux-gnu arm-linux-gnueabihf-g++:g++-arm-linux-gnueabihf \
    qemu-aarch64:qemu-user qemu-system-arm:qemu-system-arm \
    qemu-system-riscv32:qemu-system-misc python3-numpy python3-onnx ||
    printf 'Some test tools could not be installed; their tests will be skipped.\n' >&2

build=$root/build/test
cores=$(nproc)
cmake -S "$root" --preset host -B "$build" -DNUTSHELL_TEST_CONFIGURATIONS=ON
cmake --build "$build" --parallel "$cores"
# A test that hangs is named, with what it printed; the longest ones build a configuration.
exec ctest --test-dir "$build" --parallel "$cores" --timeout 2400 --output-on-failure "$@"
