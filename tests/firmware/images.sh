#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# No firmware image holds a heap, exceptions, run-time type information, stdio, guards of static
# variables, destructors at exit, or constructors of static objects.
# usage: images.sh IMAGE...
. "$(dirname "$0")/../rules/common.sh"
. "$(dirname "$0")/budgets.sh"
usage='usage: images.sh IMAGE...'
need "$(tool_of "${1:?$usage}" nm)" readelf

heap='malloc|free|calloc|realloc|_malloc_r|_free_r|_sbrk|sbrk|_Zn[wa]j.*|_Zd[la]Pv.*'
exceptions='__cxa_.*|_Unwind_.*|__gxx_personality_v0|_ZSt9terminatev|__aeabi_unwind_cpp_pr.*|abort'
types='_ZTI.*|_ZTS.*|__dynamic_cast'
stdio='v?[fs]?n?i?printf|v?[fs]?scanf|puts|putchar|fopen|fread|fwrite|fputs|__sf.*|stdout|stderr'
static_objects='_ZGV.*|atexit|__aeabi_atexit|__libc_init_array|_GLOBAL__sub_I_.*'
checked=0
for image in "$@"; do
    [[ -f $image ]] || continue # one that is built when asked for
    checked=$((checked + 1))
    found=$("$(tool_of "$image" nm)" "$image" | awk '{ print $NF }' |
        grep -xE "$heap|$exceptions|$types|$stdio|$static_objects" | tr '\n' ' ' || true)
    [[ -z $found ]] || violation "$(basename "$image") holds $found"
    for section in $(readelf -SW "$image" |
        grep -oE '\.(eh_frame|gcc_except_table|init_array|ctors)\b'); do
        size=$(readelf -SW "$image" |
            sed -n "s/.* \\$section  *[A-Z_]*  *[0-9a-f]* [0-9a-f]* \([0-9a-f]*\).*/\1/p")
        [[ $((16#${size:-0})) -eq 0 ]] || violation "$(basename "$image") has a section $section"
    done
done
finish "firmware images" "$checked"
