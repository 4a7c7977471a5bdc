// SPDX-License-Identifier: MIT
// -ffast-math would make results differ from machine to machine.
// bad flags: -ffast-math
// expect: nutshell must not be compiled with -ffast-math: results would not be reproducible
#include <nutshell/nutshell.hpp>

static_assert(nutshell::flat(1).size() == 1, "the header is used");
