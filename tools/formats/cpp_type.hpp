// SPDX-License-Identifier: MIT
// Architectures as C++ source: the type of a chain of layers, as a user would write it.
#pragma once
#include <string>
#include <vector>

#include "nutshell/layers/row.hpp"

namespace nutshell::tools {

/// nutshell::Sequential<nutshell::Dense<784, 24, nutshell::Relu>> of rows [first, last); lines
/// behind the first one begin with `indent` spaces. Throws Error when no type has such a layer.
std::string sequential_type(const std::vector<Row>& rows, int first, int last, size_t indent);

/// A name for a namespace made of a file's name: "my-digits.hpp" gives my_digits.
std::string identifier_of(const std::string& stem);

}  // namespace nutshell::tools
