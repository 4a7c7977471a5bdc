#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A user's project of a dozen lines builds and runs, whichever way it takes Nutshell in.
# usage: consumer.sh find_package|add_subdirectory|FetchContent|pkg-config BUILD_DIR
set -euo pipefail
way=${1:?usage: consumer.sh WAY BUILD_DIR}
build=${2:?usage: consumer.sh WAY BUILD_DIR}
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The installed tree is moved once, so that a path baked into it would be found out.
install_nutshell() {
    cmake --install "$build" --prefix "$scratch/first" >/dev/null
    mv "$scratch/first" "$scratch/installed"
}

if [[ $way == pkg-config ]]; then
    command -v pkg-config >/dev/null || { echo "skipped: this check needs pkg-config"; exit 77; }
    install_nutshell
    pc_dir=$(dirname "$(find "$scratch/installed" -name nutshell.pc)")
    read -ra flags < <(PKG_CONFIG_PATH=$pc_dir pkg-config --cflags --libs nutshell)
    "${CXX:-c++}" -std=c++17 "$here/main.cpp" "${flags[@]}" -o "$scratch/consumer"
    "$scratch/consumer"
else
    [[ $way != find_package ]] || install_nutshell
    cmake -S "$here" -B "$scratch/build" -DNUTSHELL_BY="$way" -DNUTSHELL_SOURCE="$here/../.." \
        -DCMAKE_PREFIX_PATH="$scratch/installed" >/dev/null
    cmake --build "$scratch/build"
    "$scratch/build/consumer"
fi
printf 'checked ways to take Nutshell in: 1 (%s)\n' "$way"
