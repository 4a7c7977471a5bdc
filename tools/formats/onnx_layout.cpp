// SPDX-License-Identifier: MIT
#ifdef NUTSHELL_PROTOBUF
#include "onnx_layout.hpp"

#include <algorithm>
#include <numeric>

#include "tools/data/bytes.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

using Op = SourceLayer::Op;

std::vector<size_t> identity(size_t count) {
    std::vector<size_t> axes(count);
    std::iota(axes.begin(), axes.end(), size_t{0});
    return axes;
}

size_t product(const std::vector<int64_t>& sides) {
    size_t count = 1;
    for (const int64_t side : sides) count *= static_cast<size_t>(side);
    return count;
}

/// The axes along which anything moves.
std::vector<size_t> long_axes(const std::vector<size_t>& axes, const std::vector<int64_t>& sides) {
    std::vector<size_t> result;
    for (const size_t axis : axes) {
        if (sides[axis] > 1) result.push_back(axis);
    }
    return result;
}

/// For each value of an array that lies by these axes, its index in the order of the sides.
std::vector<size_t> indices(const std::vector<size_t>& axes, const std::vector<int64_t>& sides) {
    std::vector<size_t> steps(sides.size(), 1);
    for (size_t i = sides.size(); i > 1; i--) {
        steps[i - 2] = steps[i - 1] * static_cast<size_t>(sides[i - 1]);
    }
    std::vector<size_t> result{0};
    for (const size_t axis : axes) {
        std::vector<size_t> next;
        next.reserve(result.size() * static_cast<size_t>(sides[axis]));
        for (const size_t index : result) {
            for (size_t i = 0; i < static_cast<size_t>(sides[axis]); i++) {
                next.push_back(index + i * steps[axis]);
            }
        }
        result = std::move(next);
    }
    return result;
}

/// Blocks of `each` numbers in another order, when there are as many as the order has.
template <class Number>
void reorder(std::vector<Number>& numbers, const std::vector<size_t>& order, size_t each = 1) {
    if (numbers.size() != order.size() * each) return;
    const std::vector<Number> from = numbers;
    for (size_t i = 0; i < order.size(); i++) {
        std::copy_n(from.begin() + static_cast<ptrdiff_t>(order[i] * each), each,
                    numbers.begin() + static_cast<ptrdiff_t>(i * each));
    }
}

void reorder_outputs(SourceLayer& dense, const std::vector<size_t>& order) {
    const auto inputs = static_cast<size_t>(dense.in.size());
    reorder(dense.weight, order, inputs);
    reorder(dense.weight_codes, order, inputs);
    reorder(dense.bias, order);
    reorder(dense.bias_codes, order);
    reorder(dense.weight_scale, order);
}

void reorder_values(SourceLayer& norm, const std::vector<size_t>& order) {
    for (std::vector<float>* values : {&norm.gamma, &norm.beta, &norm.mean, &norm.variance}) {
        reorder(*values, order);
    }
}

}  // namespace

void OnnxLayout::start(const std::vector<int64_t>& sides) {
    shown_ = sides_ = sides;
    axes_ = identity(sides.size());
}

size_t OnnxLayout::size() const { return shown_.empty() ? 0 : product(shown_); }

bool OnnxLayout::in_order() const {
    const std::vector<size_t> axes = long_axes(axes_, sides_);
    return std::is_sorted(axes.begin(), axes.end());
}

std::vector<size_t> OnnxLayout::order() const {
    return in_order() ? std::vector<size_t>() : indices(axes_, sides_);
}

Shape OnnxLayout::image(const SourceLayer& layer) {
    const size_t rank = shown_.size();
    if (rank != 2 && rank != 3) {
        refuse(layer, "its sample has " + std::to_string(rank) +
                          " sides; images have three, signals two: export the model with an input "
                          "of known sides");
    }
    const auto side = [&](size_t i) { return static_cast<int32_t>(shown_[i]); };
    const Shape shape = rank == 3 ? Shape{side(1), side(2), side(0)} : Shape{1, side(1), side(0)};
    std::vector<size_t> last{1, 0};
    if (rank == 3) last = {1, 2, 0};
    const bool lies = shown_ == sides_ && long_axes(axes_, sides_) == long_axes(last, sides_);
    if (!lies) {
        if (!in_order()) {
            refuse(layer,
                   "it sees an image as one of other sides, whose values would have to move");
        }
        move(layer, indices(last, shown_));
    }
    sides_ = shown_;
    axes_ = last;
    return shape;
}

/// Makes the values come in another order, by the weights that make them: as far back as nothing
/// but single values is computed.
void OnnxLayout::move(const SourceLayer& layer, const std::vector<size_t>& order) {
    if (std::is_sorted(order.begin(), order.end())) return;
    for (size_t i = source_.layers.size(); i > 0; i--) {
        SourceLayer& before = source_.layers[i - 1];
        if (before.op == Op::dense) {
            reorder_outputs(before, order);
            source_.notes.push_back(named(before) + ": its outputs come in the order in which " +
                                    named(layer) + " reads them here, channels last");
            return;
        }
        if (before.op == Op::image) {
            refuse(layer,
                   "it sees an image as one of other sides, whose values would have to move");
        }
        if (before.op == Op::batch_norm) reorder_values(before, order);
    }
    source_.notes.emplace_back(
        "the input's images are channels last here, [height][width][channels]");
}

void OnnxLayout::set_image(Shape shape) {
    if (shown_.size() == 2) {
        shown_ = {shape.channels, shape.width};
        axes_ = {1, 0};
    } else {
        shown_ = {shape.channels, shape.height, shape.width};
        axes_ = {1, 2, 0};
    }
    sides_ = shown_;
}

void OnnxLayout::set_vector(size_t size) { start({static_cast<int64_t>(size)}); }

void OnnxLayout::reshape(const SourceLayer& layer, const std::vector<int64_t>& sides) {
    if (shown_.empty()) return;
    const bool sound = !sides.empty() && sides.size() <= 8 &&
                       std::all_of(sides.begin(), sides.end(),
                                   [](int64_t side) { return side >= 1 && side <= kMaxSize; });
    size_t count = sound ? 1 : 0;
    for (size_t i = 0; sound && i < sides.size() && count <= size(); i++) {
        count *= static_cast<size_t>(sides[i]);
    }
    if (count != size()) {
        refuse(layer,
               "it does not keep the " + std::to_string(size()) + " values of a sample together");
    }
    shown_ = sides;
    if (in_order()) start(sides);
}

void OnnxLayout::transpose(const SourceLayer& layer, const std::vector<int64_t>& order) {
    std::vector<int64_t> sorted = order;
    std::sort(sorted.begin(), sorted.end());
    bool sound = sorted.size() == shown_.size();
    for (size_t i = 0; sound && i < sorted.size(); i++) {
        sound = sorted[i] == static_cast<int64_t>(i);
    }
    if (!sound) refuse(layer, "its order is none of the sides of a sample of known sides");
    if (shown_ != sides_) {
        refuse(layer, "it moves values of an image that has been reshaped; transpose it before");
    }
    std::vector<size_t> place(order.size());
    for (size_t i = 0; i < order.size(); i++) {
        shown_[i] = sides_[static_cast<size_t>(order[i])];
        place[static_cast<size_t>(order[i])] = i;
    }
    sides_ = shown_;
    for (size_t& axis : axes_) axis = place[axis];
}

std::vector<int64_t> OnnxLayout::take_zeros() {
    std::vector<int64_t> zeros;
    zeros.swap(zeros_);
    return zeros;
}

void OnnxLayout::end() {
    if (has_zeros()) throw Error("its last operation is a Pad, which no layer here does");
    if (in_order()) return;
    source_.notes.emplace_back(
        "the output's values come channels last here, [height][width][channels]");
}

}  // namespace nutshell::tools

#endif  // NUTSHELL_PROTOBUF
