// SPDX-License-Identifier: MIT
// What tests/firmware/counted_kinds.cpp has counted: a layer, or the layers of a model.
#pragma once
#include <sstream>
#include <string>
#include <vector>

#include "tools/footprint/loops.hpp"

namespace nutshell::tools {

struct CountedPiece {
    std::string use;
    std::vector<LayerCase> layers;
    double instructions;
};

/// A row of the numbers that counted_kinds prints: kind, activation, shapes, window, parameter.
constexpr size_t kRowNumbers = 19;
inline Row row_of(const int* numbers) {
    const int* n = numbers;
    Row row{static_cast<Kind>(n[0]),
            static_cast<Activation>(n[1]),
            {n[2], n[3], n[4]},
            {n[5], n[6], n[7]}};
    Window& w = row.window;
    uint8_t* const bytes[] = {
        &w.height,         &w.width, &w.stride_height, &w.stride_width, &w.dilation_height,
        &w.dilation_width, &w.top,   &w.left,          &w.bottom,       &w.right};
    n += 8;
    for (uint8_t* byte : bytes) *byte = static_cast<uint8_t>(*n++);
    w.parameter = static_cast<uint32_t>(*n);
    return row;
}

/// Reads "USE TYPE ROW...<tab>INSTRUCTIONS".
inline CountedPiece counted_piece(const std::string& line) {
    std::istringstream fields(line);
    CountedPiece piece;
    std::string type;
    fields >> piece.use >> type;
    std::vector<int> numbers;
    for (int number; fields >> number;) numbers.push_back(number);
    piece.instructions = numbers.back();
    for (size_t at = 0; at + kRowNumbers < numbers.size(); at += kRowNumbers) {
        piece.layers.push_back({row_of(&numbers[at]), type != "float", type == "int8_per_output"});
    }
    return piece;
}

}  // namespace nutshell::tools
