// SPDX-License-Identifier: MIT
// What a model would take on a target, before anything is compiled: sizes follow from the model,
// code, stack and instructions from constants that were measured (targets.cpp, image_sizes.cpp).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "images.hpp"
#include "tools/model/model_file.hpp"

namespace nutshell::tools {

/// Instructions of a dense product: call + input * inputs + output * outputs + product * inputs *
/// outputs. Outputs are padded to whole blocks, and a part of one costs `partial` besides; inputs
/// are padded too, or, where `rest` is given, those behind the last whole block cost `rest` for
/// each output. With `least`, what is left behind the whole blocks is computed in halves of one, of
/// halves, and so on down to `least` outputs, to which they are padded: a block or such a part is a
/// pass, which costs `pass` and `input` for each input, and a part of a block of inputs `partial`.
struct ProductCost {
    int outputs, inputs;  ///< of a block
    double call, input, output, product, rest;
    double partial, scale;  ///< of int8; scale: more for an output with a scale of its own
    double pass = 0;
    int least = 0;  ///< or 0
};

/// Instructions of an element of an activation. In int8 each is a look-up, and a relu whose zero is
/// not the least code a clamp.
struct ActivationCost {
    double sigmoid, tanh, leaky_relu, clamp;
};

/// What is computed in one type of numbers.
struct NumbersCost {
    ProductCost dots;      ///< weights [out][in]
    ProductCost combined;  ///< weights [in][out]; int8 has none
    ActivationCost activation;
    double check;  ///< instructions of an element of the input: whether it is a number
};

/// A processor, and how its images are built.
struct Target {
    const char* name;  ///< "cortex-m4"
    Packing packing;
    ScratchRule scratch;  ///< of int8
    int variables;        ///< bytes of RAM besides the model's: the board's, the C library's
    NumbersCost int8, float32;
    ImageSizes image;
};

/// THE LIST of targets.
const std::vector<Target>& targets();

/// The target of a name. Throws Error, with the names there are.
const Target& target_named(const std::string& name);

struct Footprint {
    size_t model = 0;                    ///< bytes of the .nut file in the target's packing
    size_t flash = 0;                    ///< bytes of the image: model and code
    size_t ram = 0;                      ///< bytes: input, output, work memory, the view, and stack
    size_t stack = 0;                    ///< bytes, part of ram: of a check or an inference
    std::optional<double> instructions;  ///< of one inference; none of 4-bit weights
};

/// Of a model as nutshell convert exports it: without what only training needs. Throws Error when
/// it has no such form (inference_form.hpp).
Footprint footprint_of(const AnyGraph& graph, const Target& target);

}  // namespace nutshell::tools
