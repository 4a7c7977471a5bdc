#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A check that cannot fail is worth nothing: each rule check is given a small tree that breaks its
# rule in one place, and must name that place; and one that is in order, and must pass.
# shellcheck disable=SC2016  # the backticks are those of Markdown
. "$(dirname "$0")/common.sh"
rules=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
need g++ objdump
scratch
cases=0
licence='SPDX-License-Identifier: MIT'
tree=$scratch/tree
lib=$tree/lib/nutshell

# tree: a new small project in order, in $tree.
tree() {
    rm -rf "$tree"
    mkdir -p "$lib" "$tree/platform" "$tree/.ci"
    printf '// %s\n#pragma once\n#include <stdint.h>\n' "$licence" >"$lib/status.hpp"
    printf '// %s\n#pragma once\n#include "status.hpp"\n' "$licence" >"$lib/shape.hpp"
    printf '// %s\n#include "shape.hpp"\n' "$licence" >"$lib/shape.cpp"
}

# catches WORDS CHECK [ARGUMENT...]: the check fails on the tree and says the words.
catches() {
    local words=$1 check=$2
    shift 2
    cases=$((cases + 1))
    if ROOT=$tree bash "$rules/$check" "$@" >"$scratch/output" 2>&1; then
        violation "$check passes a tree that it should refuse for: $words"
    elif ! grep -qF -e "$words" "$scratch/output"; then
        violation "$check does not say '$words' but: $(head -n 5 "$scratch/output")"
    fi
}

# passes CHECK [ARGUMENT...]: the check has nothing against the tree.
passes() {
    cases=$((cases + 1))
    ROOT=$tree bash "$rules/$1" "${@:2}" >"$scratch/output" 2>&1 ||
        violation "$1 refuses a tree that is in order: $(head -n 5 "$scratch/output")"
}

# object SOURCE_TEXT: compiles the text to $scratch/unit.o, which "${unit[@]}" checks.
object() {
    printf '%s\n' "$1" >"$scratch/unit.cpp"
    g++ -std=c++17 -O0 -c "$scratch/unit.cpp" -o "$scratch/unit.o"
}
unit=(symbols.sh objdump "$scratch/unit.o")

tree; passes includes.sh; passes text.sh; passes headers_alone.sh g++

tree; echo '#include <vector>' >>"$lib/shape.hpp"; catches 'includes <vector>' includes.sh
tree; echo '#include "shape.hpp"' >>"$lib/status.hpp"; catches 'in a circle' includes.sh
tree; echo '#include "gone.hpp"' >>"$lib/shape.hpp"; catches 'not there' includes.sh
tree; touch "$tree/platform/bind.hpp"
echo '#include "../../platform/bind.hpp"' >>"$lib/shape.hpp"; catches 'one way' includes.sh
tree; touch "$lib/kernels.hpp"
echo '#include "kernels.hpp"' >>"$lib/shape.hpp"; catches 'stands above it' includes.sh
tree; touch "$lib/trainer.hpp"
echo '#include "trainer.hpp"' >"$lib/image.hpp"; catches 'an inference header' includes.sh

tree; printf '// TO%s: later\n' DO >>"$lib/shape.hpp"; catches 'an open end' text.sh
tree; printf '// see /ho%s/me/x\n' me >>"$lib/shape.hpp"; catches 'a path of one machine' text.sh
tree; for _ in {1..451}; do echo '//'; done >>"$lib/shape.hpp"; catches 'lines, more than' text.sh
tree; echo 'int x;' >"$lib/shape.cpp"; catches 'SPDX line' text.sh
for file in lib/some.sh some.py some.cmake CMakeLists.txt lib/CMakeLists.txt .ci/run; do
    tree; printf '# %s\n#%99d\n' "$licence" 1 >"$tree/$file"; passes text.sh
    printf '#%100d\n' 1 >>"$tree/$file"; catches "$file:3: wider than" text.sh
done
tree; echo 'size_t width();' >>"$lib/status.hpp"
catches 'does not compile alone' headers_alone.sh g++
if command -v clang-format >/dev/null; then
    tree; echo 'int   x ;' >>"$lib/shape.cpp"; catches 'clang-format' format.sh
fi

object 'extern "C" void* memset(void*, int, unsigned long);
void* f(void* p) { return memset(p, 0, 4); }'; passes "${unit[@]}"
object 'int* f() { return new int; }'; catches 'undefined symbol: _Znwm' "${unit[@]}"
object 'void f() { throw 1; }'; catches '__cxa_throw' "${unit[@]}"
object '#include <stdio.h>
void f() { puts("x"); }'; catches 'undefined symbol: puts' "${unit[@]}"
object '#include <math.h>
float f(float x) { return expf(x); }'; catches 'undefined symbol: expf' "${unit[@]}"
object 'int counter = 7;'; catches 'writable data in .data' "${unit[@]}"
object 'int f() { static int calls; return ++calls; }'; catches 'writable data in .bss' "${unit[@]}"
object 'int g(); int f() { static int x = g(); return x; }'; catches 'guard variable' "${unit[@]}"
object 'int g(); int x = g();'; catches 'runs code before main' "${unit[@]}"

# readme TEXT: a tree whose README and third example hold the same program.
readme() {
    tree
    mkdir "$tree/examples"
    touch "$tree/platform/bind.cpp"
    printf '%s\n' "$1" >"$tree/examples/3_train.cpp"
    printf 'Words.\n```sh\nls\n```\n```cpp\n%s\n```\n' "$1" >"$tree/README.md"
}
readme 'int main() {}'; passes readme.sh g++
readme 'int main() { return 3; }'; catches 'does not end well' readme.sh g++
readme 'int main() { return x; }'; catches 'does not compile' readme.sh g++
readme 'int main() {}'; echo >>"$tree/examples/3_train.cpp"
catches 'is not examples/3_train.cpp' readme.sh g++

printf '// expect: a message\nint x = y;\n' >"$scratch/case.cpp"
catches 'the good twin does not compile' compile_fail.sh g++ "$scratch/case.cpp"
printf '// expect: a message\nint x;\n' >"$scratch/case.cpp"
catches 'the misuse compiles' compile_fail.sh g++ "$scratch/case.cpp"
printf '// expect: a message\n#ifndef GOOD\nint x = y;\n#endif\n' >"$scratch/case.cpp"
catches "does not say 'a message'" compile_fail.sh g++ "$scratch/case.cpp"
finish "violations that the rule checks must catch" "$cases"
