# SPDX-License-Identifier: MIT
# The most stack that a function of an image can need, with all that it calls: from the disassembly,
# so that hand-written code and the compiler's library count too. Reads `objdump -d -C
# --no-show-raw-insn` of an Arm Thumb or RISC-V image; root is the beginning of a function's name.
# Prints the bytes, or "unbounded:" and why: a cycle of calls, a call through a pointer, or a stack
# pointer moved by what is only known at run time. A function's frame is all that it ever pushes, so
# that the bound is one whichever way it takes.

# An address as it is written in a branch, without zeros in front.
function address_of(hex) {
    sub(/^0+/, "", hex)
    return hex
}

# Registers of a list like "{r0, r4-r7, lr}".
function count_of(list,    parts, n, i, ends, count) {
    gsub(/[{} ]|[a-z]+(,|}|-)?$/, "&", list)
    n = split(list, parts, ",")
    count = 0
    for (i = 1; i <= n; i++) {
        gsub(/[{} ]/, "", parts[i])
        if (split(parts[i], ends, "-") == 2)
            count += substr(ends[2], 2) - substr(ends[1], 2) + 1
        else count++
    }
    return count
}

function immediate_of(text) {
    sub(/.*#/, "", text)
    sub(/[^-0-9].*/, "", text)
    return text + 0
}

/^[0-9a-f]+ <.*>:$/ {
    name = $0
    sub(/^[0-9a-f]+ </, "", name)
    sub(/>:$/, "", name)
    current = address_of($1)
    is_function[current] = 1
    names[current] = name
    order[++functions] = current
    next
}

/^ *[0-9a-f]+:\t/ {
    split($0, fields, "\t")
    operation = fields[2]
    operands = fields[3]
    sub(/[@;].*/, "", operands)
    sub(/\.[nw]$/, "", operation)
    if (operation == "push" || operation == "vpush") {
        frame[current] += count_of(operands) * (operands ~ /\{d/ ? 8 : 4)
    } else if (operation ~ /^v?(stmdb|push)/ && operands ~ /^sp!/) {
        registers = operands
        sub(/^sp!, */, "", registers)
        frame[current] += count_of(registers) * (registers ~ /\{d/ ? 8 : 4)
    } else if (operation ~ /^str/ && operands ~ /\[sp, #-[0-9]+\]!/) {
        frame[current] -= immediate_of(operands)
    } else if (operation ~ /^subw?$/ && operands ~ /^sp,/) {
        if (operands !~ /#/) moved[current] = 1
        frame[current] += immediate_of(operands)
    } else if (operation ~ /^(c\.)?addi?(16sp)?$/ && operands ~ /^sp,(sp,)?-/) {
        sub(/.*,/, "", operands)
        frame[current] -= operands
    } else if ((operation ~ /^(mov|add)$/ && operands ~ /^sp, *r[0-9]/) ||
               (operation ~ /^(sub|mv)$/ && operands ~ /^sp,(sp,)?[ats][0-9]/)) {
        moved[current] = 1
    } else if ((operation == "blx" && operands ~ /^r/) ||
               # (A kernel jumps into its own unrolled loop.)
               (operation == "bx" && operands ~ /^r/ && names[current] !~ /^run|::run\(/) ||
               (operation ~ /^(jalr|jr)$/ && operands !~ /^(ra|t[0-9],?.*<|[-0-9]+\(ra\))/)) {
        indirect[current] = 1
    }
    # Branches and calls name where they go: "b6 <name+0x12>".
    if (operation ~ /^(b|bl|blx|cb|j|jal|jalr|call|tail)/ && operands ~ /[0-9a-f]+ <.*>/) {
        target = operands
        sub(/ *<.*/, "", target)
        sub(/.*[, ]/, "", target)
        calls[current, ++call_count[current]] = address_of(target)
        is_call[current, call_count[current]] = operation ~ /^(bl|blx|jal|jalr|call)$/
    }
}

# Fills `bound` of a function and of all below it.
function bound_of(f,    i, target, deepest, below) {
    if (f in bound) return bound[f]
    if (f in open) {
        fail("a cycle of calls through " names[f])
        return 0
    }
    open[f] = 1
    if (f in moved) fail(names[f] " moves the stack pointer by a variable")
    if (f in indirect) fail(names[f] " calls through a pointer")
    deepest = 0
    for (i = 1; i <= call_count[f]; i++) {
        target = calls[f, i]
        # A branch into a function is one of its own, unless it begins there.
        if (!(target in is_function) || (target == f && !is_call[f, i])) continue
        below = bound_of(target)
        if (below > deepest) deepest = below
    }
    delete open[f]
    bound[f] = frame[f] + deepest
    return bound[f]
}

function fail(reason) {
    if (why == "") why = reason
}

END {
    for (n = 1; n <= functions; n++) {
        if (index(names[order[n]], root) != 1) continue
        found = 1
        bytes = bound_of(order[n])
        if (bytes > most) most = bytes
    }
    if (!found) fail("there is no function " root)
    print (why == "") ? most + 0 : "unbounded: " why
}
