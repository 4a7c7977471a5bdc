# SPDX-License-Identifier: MIT
# Installs what is missing on a Debian-like machine; sourced by the other scripts.
# shellcheck shell=bash

# What building the command needs. "command:package" is there when the command is, a bare name when
# Debian's package is.
# shellcheck disable=SC2034
build_packages=(g++:g++ cmake:cmake make:make zlib1g-dev libeigen3-dev nlohmann-json3-dev
    libcli11-dev libstb-dev libflatbuffers-dev flatc:flatbuffers-compiler libhdf5-dev libzip-dev
    libprotobuf-dev protoc:protobuf-compiler)

# missing_packages NAME...: those of the names that are not there, as package names, one a line.
missing_packages() {
    local name
    for name in "$@"; do
        if [[ $name == *:* ]]; then
            command -v "${name%%:*}" >/dev/null || printf '%s\n' "${name#*:}"
        else
            [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] ||
                printf '%s\n' "$name"
        fi
    done
}

# as_root COMMAND...: runs the command as root, through sudo when needed.
as_root() {
    if [[ $(id -u) -eq 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        printf 'root is needed for: %s\n' "$*" >&2
        return 1
    fi
}

# install_packages NAME...: says what it installs, and installs only what is missing.
install_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [[ ${#missing[@]} -gt 0 ]] || return 0
    if ! command -v apt-get >/dev/null; then
        printf 'These packages are missing, and there is no apt-get to install them: %s\n' \
            "${missing[*]}" >&2
        return 1
    fi
    printf 'Installing with apt-get: %s\n' "${missing[*]}" >&2
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
    as_root "${apt[@]}" update >&2 || return 1
    as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >&2 || {
        printf 'apt-get could not install: %s\n' "${missing[*]}" >&2
        return 1
    }
}
