// SPDX-License-Identifier: MIT
// The operations of ONNX that change the sides of a sample and nothing else, and the arithmetic of
// sides that exporters put in front of them.
#ifdef NUTSHELL_PROTOBUF
#include <algorithm>

#include "onnx_operations.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

using Sides = std::vector<int64_t>;

constexpr size_t kMostSides = 16;

/// The index that `axis` means, behind the samples' own; nothing when it is none of them.
std::optional<size_t> side_of(int64_t axis, size_t rank) {
    const auto count = static_cast<int64_t>(rank) + 1;
    if (axis < 0) axis += count;
    if (axis < 1 || axis >= count) return std::nullopt;
    return static_cast<size_t>(axis) - 1;
}

/// The target of a Reshape as sides of a sample.
Sides resolved(const SourceLayer& layer, const Sides& target, const Sides& sides, size_t size) {
    if (target.size() < 2 || target.size() > kMostSides) {
        refuse(layer, "it merges samples; the first side must stay theirs");
    }
    Sides result(target.begin() + 1, target.end());
    size_t known = 1, open = result.size();
    for (size_t i = 0; i < result.size(); i++) {
        if (result[i] == 0 && i < sides.size()) result[i] = sides[i];
        if (result[i] == -1 && open == result.size()) {
            open = i;
        } else if (result[i] < 1 || result[i] > kMaxSize || known > size) {
            refuse(layer, "its sides make no sample; export the model again");
        } else {
            known *= static_cast<size_t>(result[i]);
        }
    }
    if (open < result.size()) result[open] = static_cast<int64_t>(size / known);
    return result;
}

Sides gathered(const Sides& from, const Sides& indices) {
    Sides result;
    for (const int64_t index : indices) {
        const int64_t at = index < 0 ? index + static_cast<int64_t>(from.size()) : index;
        if (at < 0 || at >= static_cast<int64_t>(from.size())) return {};
        result.push_back(from[static_cast<size_t>(at)]);
    }
    return result;
}

/// A part of a list, by attributes or, from opset 10 on, by inputs; only forward, one by one.
std::optional<Sides> sliced(const OnnxOperation& operation, const Sides& from) {
    const bool attributes = operation.node.input_size() == 1;
    const auto bound = [&](const char* name, int input) -> std::optional<int64_t> {
        const std::optional<Sides> list = attributes ? operation.integers(name)  //
                                                     : operation.integers_at(input);
        if (!list || list->size() != 1 || (*list)[0] == kSamples) return std::nullopt;
        const auto count = static_cast<int64_t>(from.size());
        const int64_t at = (*list)[0] < 0 ? (*list)[0] + count : (*list)[0];
        return std::min(std::max(at, int64_t{0}), count);
    };
    const auto begin = bound("starts", 1), end = bound("ends", 2);
    const std::optional<Sides> steps = operation.integers_at(4);
    if (!begin || !end || *end < *begin || (steps && *steps != Sides{1})) return std::nullopt;
    return Sides(from.begin() + *begin, from.begin() + *end);
}

}  // namespace

std::optional<Sides> fold_sides(const OnnxOperation& operation) {
    const std::string& kind = operation.node.op_type();
    Sides whole;
    for (int i = 0; kind == "Concat" && i < operation.node.input_size(); i++) {
        const std::optional<Sides> part = operation.integers_at(i);
        if (!part || part->size() > kMostSides || whole.size() > kMostSides) return std::nullopt;
        whole.insert(whole.end(), part->begin(), part->end());
    }
    if (kind == "Concat") return whole;
    const std::optional<Sides> from = operation.integers_at(0);
    if (!from || from->size() > kMostSides) return std::nullopt;
    if (kind == "Unsqueeze" || kind == "Squeeze" || kind == "Cast" || kind == "Identity") {
        return from;
    }
    if (kind == "Slice") return sliced(operation, *from);
    const std::optional<Sides> indices = operation.integers_at(1);
    if (kind != "Gather" || !indices || indices->size() > kMostSides) return std::nullopt;
    const Sides result = gathered(*from, *indices);
    return result.empty() ? std::nullopt : std::optional<Sides>(result);
}

void convert_onnx_flatten(const OnnxOperation& operation, SourceLayer& layer) {
    const auto rank = static_cast<int64_t>(operation.layout.sides().size());
    const int64_t axis = operation.integer("axis", 1);
    if (axis != 1 && (axis >= 0 || axis != -rank)) {
        refuse(layer, "it merges samples; use axis 1");
    }
    layer.op = SourceLayer::Op::reshape;
    operation.layout.reshape(layer, {static_cast<int64_t>(operation.layout.size())});
}

void convert_onnx_reshape(const OnnxOperation& operation, SourceLayer& layer) {
    layer.op = SourceLayer::Op::reshape;
    const size_t size = operation.layout.size();
    const std::optional<Sides> target = operation.integers_at(1);
    // Sides that are not known are those of a vector: nothing else here can go on from there.
    const Sides flat{static_cast<int64_t>(size)};
    const bool known = target && size > 0;
    operation.layout.reshape(
        layer, known ? resolved(layer, *target, operation.layout.sides(), size) : flat);
}

void convert_onnx_squeeze(const OnnxOperation& operation, SourceLayer& layer) {
    layer.op = SourceLayer::Op::reshape;
    Sides sides = operation.layout.sides();
    if (sides.empty()) return;
    const bool less = operation.node.op_type() == "Squeeze";
    Sides axes = operation.integers("axes");
    if (const std::optional<Sides> given = operation.integers_at(1)) axes = *given;
    if (axes.empty() && less) {
        for (size_t i = 0; i < sides.size(); i++) {
            if (sides[i] == 1) axes.push_back(static_cast<int64_t>(i) + 1);
        }
    }
    if (axes.size() > kMostSides) refuse(layer, "it has more axes than a sample");
    const size_t rank = less ? sides.size() : sides.size() + axes.size();
    std::vector<size_t> places;
    for (const int64_t axis : axes) {
        const std::optional<size_t> place = side_of(axis, rank);
        if (!place) refuse(layer, "it changes the side of the samples");
        places.push_back(*place);
    }
    std::sort(places.begin(), places.end());
    if (less) std::reverse(places.begin(), places.end());
    for (const size_t place : places) {
        const auto at = sides.begin() + static_cast<ptrdiff_t>(std::min(place, sides.size()));
        if (!less) {
            sides.insert(at, 1);
        } else if (at != sides.end() && *at == 1) {
            sides.erase(at);
        }
    }
    if (sides.empty()) sides.push_back(1);
    operation.layout.reshape(layer, sides);
}

void convert_onnx_transpose(const OnnxOperation& operation, SourceLayer& layer) {
    layer.op = SourceLayer::Op::nothing;
    const Sides order = operation.integers("perm");
    bool moves = order.empty();
    for (size_t i = 0; i < order.size(); i++) moves |= order[i] != static_cast<int64_t>(i);
    if (!moves) return;
    if (order.empty() || order[0] != 0) {
        refuse(layer, "it moves the values of a sample between samples; keep their side the first");
    }
    Sides sides;
    for (size_t i = 1; i < order.size(); i++) {
        sides.push_back(order[i] > INT64_MIN ? order[i] - 1 : order[i]);
    }
    operation.layout.transpose(layer, sides);
}

}  // namespace nutshell::tools

#endif  // NUTSHELL_PROTOBUF
