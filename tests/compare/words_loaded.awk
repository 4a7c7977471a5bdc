# SPDX-License-Identifier: MIT
# How many words of 32 bits each piece of a program loads: a byte or half a word counts as one, a
# load of several registers or of a vector as all of its words. Reads the disassembly of an image of
# a Cortex-M by objdump, then the addresses of instruction_counter.cpp; prints a line a piece.
# usage: objdump -d --no-show-raw-insn IMAGE | awk -f words_loaded.awk - ADDRESSES

# registers TEXT: how many a list as {r4, r6-r8} has.
function registers(text, item, ends, count, i, n) {
    gsub(/.*\{|\}.*/, "", text)
    n = split(text, item, /, */)
    for (i = 1; i <= n; i++) {
        count++
        if (split(item[i], ends, "-") == 2) count += substr(ends[2], 2) - substr(ends[1], 2)
    }
    return count
}

# words NAME OPERANDS: those that an instruction loads.
function words(name, operands, sizes, wide) {
    if (name ~ /^(v?ldm|v?pop)/) {
        wide = name ~ /^v/ && operands ~ /\{d/ ? 2 : 1
        return wide * registers(operands)
    }
    if (name ~ /^ldrd/) return 2
    if (name ~ /^ldr/) return 1
    if (name ~ /^vld[24]/) return 4
    if (name ~ /^vldr[bhwd]\./ && operands ~ /^q/) {
        # Four lanes of 32 bits when memory and lanes have the same size, less when they widen.
        sizes["b"] = 8; sizes["h"] = 16; sizes["w"] = 32; sizes["d"] = 64
        wide = name
        sub(/.*\.[a-z]*/, "", wide)
        return 4 * sizes[substr(name, 5, 1)] / wide
    }
    if (name ~ /^vldr/) return operands ~ /^d/ ? 2 : 1
    return 0
}

FNR == NR {
    if ($1 !~ /^[0-9a-f]+:$/) next
    operands = $0
    sub(/^[^:]*:[ \t]*[^ \t]+[ \t]*/, "", operands)
    loaded[substr($1, 1, length($1) - 1)] = words($2, operands)
    next
}
{
    if (!($2 in loaded)) { print "no instruction at " $2 > "/dev/stderr"; exit failed = 1 }
    sum[$1] += loaded[$2] * $3
    if ($1 > last) last = $1
}
END { if (!failed) for (piece = 0; piece <= last; piece++) print sum[piece] + 0 }
