// SPDX-License-Identifier: MIT
// An entry of a layer list: the layer that it names. layer_list.hpp has the list.
#pragma once
#include <string>
#include <vector>

#include "nutshell/layers/row.hpp"

namespace nutshell::tools {

/// Throws Error: "--layers: 'conv2k9' <why>".
[[noreturn]] void fail_entry(const std::string& entry, const std::string& why,
                             const std::string& option = "--layers");

std::vector<std::string> split(const std::string& text, char separator);

/// True for "28x28x1" and "28x28".
bool is_shape(const std::string& text);

/// The number, or the shape, that `text` in an entry is. Throws Error.
int parse_size(const std::string& entry, const std::string& text);
Shape parse_shape(const std::string& entry, const std::string& text);

/// The layer named by `text`, an entry without its activation, behind `rows`, which begin with an
/// input of this shape. Linear. Throws Error.
Row parse_entry(const std::string& entry, const std::string& text, Shape input,
                const std::vector<Row>& rows);

/// True for a kind whose sums an activation follows.
bool takes_activation(Kind kind);

}  // namespace nutshell::tools
