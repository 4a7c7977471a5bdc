#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The library's objects need no heap, exception, stdio, guard variable or libm beyond sqrtf, hold no
# writable data but the one pointer of platform/bind.cpp, and run nothing before main.
# usage: symbols.sh OBJDUMP ARCHIVE|OBJECT...
. "$(dirname "$0")/common.sh"
objdump=${1:?usage: symbols.sh OBJDUMP ARCHIVE|OBJECT...}
shift
need "$objdump" awk
scratch

# From outside: four memory functions that any C library has, the square root, and the arithmetic
# that the compiler itself supplies where a processor lacks it.
allowed='memcpy|memset|memmove|memcmp|sqrtf|_GLOBAL_OFFSET_TABLE_'
arithmetic='__aeabi_(mem[a-z]+[48]?|[dfilu][a-z0-9]*)|__gnu_thumb1_case_[a-z]+'
arithmetic+='|__(add|sub|mul|div|mod|udiv|umod|neg|fix|fixuns|float|floatun|floatuns|extend|trunc'
arithmetic+='|eq|ne|lt|le|gt|ge|unord|ashl|lshr|ashr|clz|ctz|popcount|bswap)(si|di|sf|df)+[23]?'

LC_ALL=C "$objdump" -t "$@" >"$scratch/table"
LC_ALL=C "$objdump" -h "$@" >"$scratch/sections"

# Lines of "member kind section size symbol" from objdump's symbol table.
awk '
    /file format/ { member = $1; sub(/:$/, "", member); next }
    !/^[0-9a-f]+ / { next }
    {
        symbol = $NF; tab = index($0, "\t")
        left = substr($0, 1, tab - 1); size = substr($0, tab + 1); sub(/ .*/, "", size)
        section = left; sub(/.* /, "", section)
        kind = (section == "*UND*") ? "undefined" : "defined"
        print member, kind, section, size, symbol
    }' "$scratch/table" >"$scratch/symbols"

members=$(grep -c 'file format' "$scratch/table" || true)
awk '$2 == "defined" { print $5 }' "$scratch/symbols" | sort -u >"$scratch/defined"
# (Choosing a platform by name is for hosts alone: it may compare strings.)
awk '$2 == "undefined" && !($1 ~ /^platform\./ && $5 == "strcmp") { print $5 }' \
    "$scratch/symbols" | sort -u >"$scratch/undefined"
while read -r symbol; do
    violation "undefined symbol: $symbol ($(awk -v s="$symbol" \
        '$5 == s && $2 == "undefined" { print $1 }' "$scratch/symbols" | tr '\n' ' '))"
done < <(comm -23 "$scratch/undefined" "$scratch/defined" |
    grep -vxE "($allowed|$arithmetic)" || true)

while read -r symbol; do
    violation "a guard variable or a thread-local: $symbol"
done < <(grep -E '^(_ZGV|_ZTH|_ZTW)' "$scratch/defined" || true)

# Sections that hold something writable or run before main; constants that the loader relocates
# (.data.rel.ro) are written by nobody else.
awk '
    /file format/ { member = $1; sub(/:$/, "", member); next }
    $1 ~ /^[0-9]+$/ && $3 !~ /^0+$/ { print member, $2, $3 }
' "$scratch/sections" >"$scratch/filled"
bound_pointers=0
while read -r member section size; do
    case $section in
        .data.rel.ro*) ;;
        .init_array* | .preinit_array* | .ctors*)
            violation "$member runs code before main: $section"
            ;;
        .data* | .bss* | .tdata* | .tbss* | .sdata* | .sbss* | COMMON)
            if [[ $member == bind.* && $((16#$size)) -le 8 && $bound_pointers -eq 0 ]]; then
                bound_pointers=1
            else
                violation "$member holds $((16#$size)) bytes of writable data in $section:" \
                    "$(awk -v m="$member" -v s="$section" \
                        '$1 == m && $3 == s && $4 !~ /^0+$/ { print $5 }' "$scratch/symbols" |
                        tr '\n' ' ')"
            fi ;;
    esac
done <"$scratch/filled"
defined=$(wc -l <"$scratch/defined")
needed=$(wc -l <"$scratch/undefined")
finish "objects ($defined symbols defined, $needed needed)" "$members"
