// SPDX-License-Identifier: MIT
// Which named arrays belong to one layer, as their names say. For tensor_model.cpp.
#pragma once
#include <string>
#include <vector>

#include "tensor.hpp"

namespace nutshell::tools {

/// What a name says of an array.
enum class Meaning { weight, kernel, bias, mean, variance, either, none };

/// The arrays of one layer.
struct Group {
    std::string layer;
    const Tensor* weight = nullptr;  // or the factors of a normalization
    const Tensor* bias = nullptr;
    const Tensor* mean = nullptr;
    const Tensor* variance = nullptr;
    Meaning meaning = Meaning::either;

    const Tensor*& place(Meaning of, bool vector) {
        if (of == Meaning::mean) return mean;
        if (of == Meaning::variance) return variance;
        return vector && of != Meaning::weight ? bias : weight;
    }
    const Tensor* any() const {
        return weight != nullptr ? weight
               : bias != nullptr ? bias
               : mean != nullptr ? mean
                                 : variance;
    }
};

/// One group a layer, in order. An array whose name says nothing is a weight when it has two or
/// four sides, else the bias of the weight in front of it. Sorts the arrays, which must outlive the
/// groups. Throws Error, beginning with `path`, for an array that belongs to none.
std::vector<Group> groups_of(std::vector<Tensor>& tensors, const std::string& path);

/// By its name: 0 of encoders, 2 of decoders, 1 of neither.
int half_of(const std::string& name);

}  // namespace nutshell::tools
