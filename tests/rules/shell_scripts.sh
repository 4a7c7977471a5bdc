#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ShellCheck finds nothing wrong in the project's shell scripts.
. "$(dirname "$0")/common.sh"
need shellcheck

mapfile -t scripts < <(project_files '*.sh' '.ci/run')
shellcheck "${scripts[@]}" || violation "shellcheck has something to say"
finish "shell scripts" "${#scripts[@]}"
