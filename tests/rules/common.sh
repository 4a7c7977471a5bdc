# SPDX-License-Identifier: MIT
# What the rule checks share; sourced by each of them. ROOT names another tree to check.
# shellcheck shell=bash
# shellcheck disable=SC2034
set -euo pipefail
export LC_ALL=C

root=${ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
cd "$root"
violations=0

# What every file of the project compiles under.
house_flags=(-std=c++17 -Wall -Wextra -Wconversion -Wshadow -Werror)
# What the library's sources are built with besides.
library_flags=(-fno-exceptions -fno-rtti -fno-threadsafe-statics -ffp-contract=off)

# violation TEXT...: one broken rule; the check goes on, and fails at the end.
violation() {
    printf '%s\n' "$*" >&2
    violations=$((violations + 1))
}

# need TOOL...: leaves the check as skipped when one of the tools is not on this machine.
need() {
    local tool
    for tool in "$@"; do
        if ! command -v "$tool" >/dev/null; then
            printf 'skipped: %s needs %s\n' "$(basename "$0" .sh)" "$tool"
            exit 77
        fi
    done
}

# scratch: a folder that goes when the check ends; its name is in $scratch.
scratch() {
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
}

# poison_headers FOLDER: makes a folder of all C++ standard headers, which only stop the build.
poison_headers() {
    mkdir "$1"
    local header
    for header in algorithm any array atomic bit bitset cassert cctype cerrno cfenv cfloat \
        charconv chrono cinttypes climits clocale cmath complex concepts condition_variable \
        csetjmp csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime cwchar deque \
        exception execution filesystem forward_list fstream functional future initializer_list \
        iomanip ios iosfwd iostream istream iterator limits list locale map memory \
        memory_resource mutex new numeric optional ostream queue random ratio regex set \
        shared_mutex span sstream stack stdexcept streambuf string string_view system_error \
        thread tuple type_traits typeindex typeinfo unordered_map unordered_set utility valarray \
        variant vector version; do
        printf '#error "<%s> is a C++ standard header"\n' "$header" >"$1/$header"
    done
}

# project_files PATTERN...: the project's own files that match the shell patterns, one a line.
project_files() {
    if git -C "$root" rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files --cached --others --exclude-standard -- "$@" | while read -r file; do
            [[ ! -f $file ]] || printf '%s\n' "$file"
        done
    else
        local pattern
        for pattern in "$@"; do
            find . -path './build*' -prune -o -path './.git' -prune -o \
                -type f -path "./$pattern" -print
        done | sed 's|^\./||' | sort -u
    fi
}

# hold_budgets COUNTS [COLUMN WHAT]: each line PIECE:BUDGET of the input is held against the line of
# that piece in COUNTS, a file of PIECE<tab>COUNT, or against another column that counts WHAT; how
# many there were is in $budgets.
hold_budgets() {
    local piece budget count column=${2:-2} what=${3:-instructions}
    budgets=0
    while IFS=: read -r piece budget; do
        budgets=$((budgets + 1))
        count=$(awk -F '\t' -v piece="$piece" -v column="$column" \
            '$1 == piece { print $column }' "$1")
        [[ -n $count && $count -le $budget ]] ||
            violation "$piece takes ${count:-an unknown number of} $what, the budget is $budget"
    done
}

# finish WHAT COUNT: says what was checked and how many, and fails when a rule was broken or when
# nothing was found to check.
finish() {
    printf 'checked %s: %d, violations: %d\n' "$1" "$2" "$violations"
    [[ $2 -gt 0 ]] || { printf 'found nothing to check\n' >&2; exit 1; }
    [[ $violations -eq 0 ]]
}
