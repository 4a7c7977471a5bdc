// SPDX-License-Identifier: MIT
// A layer list from layers. What it says is parsed again, so that nothing is written that would be
// read as another layer.
#include <algorithm>

#include "layer_entry.hpp"
#include "layer_list.hpp"
#include "nutshell/layers/layers.hpp"
#include "tools/data/bytes.hpp"
#include "tools/error.hpp"
#include "tools/text.hpp"

namespace nutshell::tools {
namespace {

bool is_flat(Shape shape) { return shape == flat(shape.size()); }

/// "s2", or nothing for what is usual.
std::string option(const char* letter, int number, int usual) {
    return number == usual ? std::string() : letter + std::to_string(number);
}

/// A window of a size, and how it may treat the border.
std::vector<std::string> windowed(const std::string& head, const Row& row, int usual_stride) {
    const Window& w = row.window;
    const std::string text =
        head + option("s", w.stride_width, usual_stride) + option("d", w.dilation_width, 1);
    return {text, text + "valid", text + "same", text + "p" + std::to_string(w.left)};
}

/// "(0.5)": the layer's one number.
std::string bracketed(const Row& row) {
    return "(" + exact(float_from_bits(row.window.parameter)) + ")";
}

std::vector<std::string> transposed(const Row& row) {
    const Window& w = row.window;
    const std::string text = "deconv" + std::to_string(row.out.channels) + "k" +
                             std::to_string(w.width) + "s" + std::to_string(w.stride_width);
    const Axis across = TransposedConv2DLayer::map(row).across;
    const int more =
        across.size + 2 * across.before - ((across.count - 1) * across.stride + across.reach());
    const std::string border = option("p", w.left, 0) + (more > 0 ? option("o", more, 0) : "");
    return {text, text + "valid", text + border};
}

/// What a list could call the layer, without its activation.
std::vector<std::string> candidates(const Row& row) {
    const Window& w = row.window;
    const std::string channels = std::to_string(row.out.channels);
    const std::string size = std::to_string(w.width);
    switch (row.kind) {
        case Kind::dense:
            return {channels};
        case Kind::reshape:
            return {is_flat(row.out) ? "flat" : shape_text(row.out)};
        case Kind::conv2d:
            return windowed("conv" + channels + "k" + size, row, 1);
        case Kind::depthwise_conv2d:
            return windowed("depthwisek" + size, row, 1);
        case Kind::transposed_conv2d:
            return transposed(row);
        case Kind::max_pool2d:
            return windowed("pool" + size, row, w.width);
        case Kind::average_pool2d:
            return windowed("avgpool" + size, row, w.width);
        case Kind::upsample2d:
            return {"up" + size, "up" + size + "bilinear"};
        case Kind::batch_norm:
            return {"norm", "norm" + bracketed(row)};
        case Kind::tied_dense:
            return {"tied" + channels};
        case Kind::dropout:
            return {"dropout" + bracketed(row)};
        case Kind::gaussian_noise:
            return {"noise" + bracketed(row)};
        case Kind::gaussian_sampler:
            return {"sampler", "sampler" + bracketed(row)};
        case Kind::l1_penalty:
            return {"l1" + bracketed(row)};
    }
    return {};
}

bool same_row(const Row& a, const Row& b) {
    const RowBytes x = to_bytes(a), y = to_bytes(b);
    return std::equal(x.at, x.at + kRowBytes, y.at);
}

/// True when the last entry of a list names the row.
bool names(const std::string& list, const Row& row) {
    try {
        return same_row(parse_rows(list, {}).back(), row);
    } catch (const Error&) {
        return false;
    }
}

}  // namespace

std::string layer_text(const std::vector<Row>& rows) {
    const Shape in = rows.front().in;
    std::string text = shape_text(in);
    for (size_t i = 0; i < rows.size(); i++) {
        const std::string activation =
            takes_activation(rows[i].kind) ? ":" + activation_text(rows[i]) : "";
        const std::vector<std::string> entries = candidates(rows[i]);
        const auto entry = std::find_if(entries.begin(), entries.end(), [&](const auto& word) {
            return names(text + "," + word + activation, rows[i]);
        });
        if (entry == entries.end()) {
            throw Error(
                "layer " + std::to_string(i + 1) + " (" + name_of(rows[i].kind) +
                "): a layer list has no words for its window or number; write .onnx, .nut or .hpp");
        }
        text += "," + *entry + activation;
    }
    return text;
}

}  // namespace nutshell::tools
