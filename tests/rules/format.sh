#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every C++ source is as .clang-format lays it out.
. "$(dirname "$0")/common.sh"
need clang-format

mapfile -t sources < <(project_files '*.hpp' '*.cpp')
clang-format --dry-run --Werror "${sources[@]}" || violation "clang-format -i would change a file"
finish "layout of sources" "${#sources[@]}"
