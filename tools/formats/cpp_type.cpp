// SPDX-License-Identifier: MIT
#include "cpp_type.hpp"

#include <cctype>
#include <cmath>
#include <set>

#include "nutshell/layers/layers.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

std::string leaky_relu_type(float slope) {
    const long thousandths = std::lround(slope * 1000.0f);
    if (static_cast<float>(thousandths) / 1000.0f != slope) {
        throw Error("a leaky relu of slope " + std::to_string(slope) +
                    " has no C++ type; types have whole thousandths, from 0.001 to 0.999");
    }
    return "nutshell::LeakyRelu<" + std::to_string(thousandths) + ">";
}

std::string activation_type(const Row& row) {
    switch (row.activation) {
        case Activation::linear:
            return "nutshell::Linear";
        case Activation::relu:
            return "nutshell::Relu";
        case Activation::leaky_relu:
            return leaky_relu_type(row.slope);
        case Activation::sigmoid:
            return "nutshell::Sigmoid";
        case Activation::tanh:
            return "nutshell::Tanh";
    }
    throw Error("an activation that has no C++ type");
}

std::string number(int64_t n) { return ", " + std::to_string(n); }

/// "<28, 28, 16".
std::string open_list(Shape shape) {
    return "<" + std::to_string(shape.height) + number(shape.width) + number(shape.channels);
}

const char* padding_text(Padding padding) {
    return padding == Padding::same ? ", nutshell::Padding::same" : ", nutshell::Padding::valid";
}

[[noreturn]] void fail_window() {
    throw Error(
        "a window that has no C++ type; types have square windows with the same stride down and "
        "across, and borders of Padding::same or Padding::valid");
}

/// How a square window goes over the larger one of its images, which is `wide`.
struct SquareWindow {
    int size, stride, dilation;
    Padding padding;
};

SquareWindow square_window(const Row& row, Shape wide, Shape narrow) {
    const Window& w = row.window;
    for (const Padding padding : {Padding::same, Padding::valid}) {
        const SquareWindow square{w.width, w.stride_width, w.dilation_width, padding};
        const Shape shape = shape_behind(wide, w.height, w.width, square.stride, square.dilation,
                                         padding, narrow.channels);
        const bool flat_image = wide.height == 1 && w.height == 1;
        if ((w.height == w.width || flat_image) && shape == narrow &&
            window_of(wide, w.height, w.width, square.stride, square.dilation, padding) == w) {
            return square;
        }
    }
    fail_window();
}

std::string convolution_type(const Row& row) {
    const SquareWindow w = square_window(row, row.in, row.out);
    const bool flat_image = row.in.height == 1 && row.window.height == 1;
    if (flat_image && w.size != 1) {
        return "nutshell::Conv1D<" + std::to_string(row.in.width) + number(row.in.channels) +
               number(row.out.channels) + number(w.size) + ", " + activation_type(row) +
               number(w.stride) + padding_text(w.padding) + number(w.dilation) + ">";
    }
    return "nutshell::Conv2D" + open_list(row.in) + number(row.out.channels) + number(w.size) +
           ", " + activation_type(row) + number(w.stride) + padding_text(w.padding) +
           number(w.dilation) + ">";
}

std::string depthwise_type(const Row& row) {
    const SquareWindow w = square_window(row, row.in, row.out);
    if (row.window.height != row.window.width) fail_window();
    return "nutshell::DepthwiseConv2D" + open_list(row.in) + number(w.size) + ", " +
           activation_type(row) + number(w.stride) + padding_text(w.padding) + number(w.dilation) +
           ">";
}

std::string transposed_type(const Row& row) {
    const Window& w = row.window;
    for (const Padding padding : {Padding::same, Padding::valid}) {
        const Shape shape =
            transposed_shape(row.in, w.height, w.width, w.stride_width, padding, row.out.channels);
        if (w.height != w.width || shape != row.out ||
            !(window_of(shape, w.height, w.width, w.stride_width, 1, padding) == w)) {
            continue;
        }
        return "nutshell::TransposedConv2D" + open_list(row.in) + number(row.out.channels) +
               number(w.width) + ", " + activation_type(row) + number(w.stride_width) +
               padding_text(padding) + ">";
    }
    fail_window();
}

std::string pool_type(const Row& row, const std::string& name) {
    const SquareWindow w = square_window(row, row.in, row.out);
    if (row.window.height != row.window.width) fail_window();
    return name + open_list(row.in) + number(w.size) + number(w.stride) + padding_text(w.padding) +
           ">";
}

std::string upsample_type(const Row& row) {
    if (row.window.height != row.window.width) fail_window();
    const bool bilinear = row.window.parameter == static_cast<uint32_t>(Interpolation::bilinear);
    return "nutshell::Upsample2D" + open_list(row.in) + number(row.window.width) +
           (bilinear ? ", nutshell::Interpolation::bilinear>" : ">");
}

std::string batch_norm_type(const Row& row) {
    for (int millionths = 1; millionths <= 1000000; millionths++) {
        if (float_bits(static_cast<float>(millionths) / 1e6f) != row.window.parameter) continue;
        return "nutshell::BatchNorm" + open_list(row.in) + ", " + activation_type(row) +
               number(millionths) + ">";
    }
    throw Error("an epsilon that has no C++ type; types have whole millionths");
}

std::string reshape_type(const Row& row) {
    const Shape in = row.in;
    if (row.out == flat(row.out.size())) return "nutshell::Flatten" + open_list(in) + ">";
    const bool from_image = in != flat(in.size());
    return "nutshell::Reshape" + open_list(row.out) +
           (from_image ? number(in.height) + number(in.width) + number(in.channels) : "") + ">";
}

std::string layer_type(const Row& row) {
    switch (row.kind) {
        case Kind::dense:
            return "nutshell::Dense<" + std::to_string(row.in.size()) + ", " +
                   std::to_string(row.out.size()) + ", " + activation_type(row) + ">";
        case Kind::reshape:
            return reshape_type(row);
        case Kind::conv2d:
            return convolution_type(row);
        case Kind::depthwise_conv2d:
            return depthwise_type(row);
        case Kind::transposed_conv2d:
            return transposed_type(row);
        case Kind::max_pool2d:
            return pool_type(row, "nutshell::MaxPool2D");
        case Kind::average_pool2d:
            return pool_type(row, "nutshell::AveragePool2D");
        case Kind::upsample2d:
            return upsample_type(row);
        case Kind::batch_norm:
            return batch_norm_type(row);
        case Kind::tied_dense:
        case Kind::dropout:
        case Kind::gaussian_noise:
        case Kind::gaussian_sampler:
        case Kind::l1_penalty:
            break;  // inference_form() has left them out
    }
    throw Error("a layer that has no C++ type");
}

/// Names that a namespace cannot have: keywords, and the ones that the header itself speaks of.
const std::set<std::string>& taken_names() {
    static const std::set<std::string> names{
        "alignas",   "alignof", "and",        "asm",       "auto",     "bitand",    "bitor",
        "bool",      "break",   "case",       "catch",     "char",     "class",     "compl",
        "concept",   "const",   "const_cast", "constexpr", "continue", "decltype",  "default",
        "delete",    "do",      "double",     "else",      "enum",     "explicit",  "export",
        "extern",    "false",   "float",      "for",       "friend",   "goto",      "if",
        "inline",    "int",     "long",       "main",      "mutable",  "namespace", "new",
        "noexcept",  "not",     "nullptr",    "nutshell",  "operator", "or",        "private",
        "protected", "public",  "register",   "requires",  "return",   "short",     "signed",
        "sizeof",    "static",  "std",        "struct",    "switch",   "template",  "this",
        "throw",     "true",    "try",        "typedef",   "typeid",   "typename",  "union",
        "unsigned",  "using",   "virtual",    "void",      "volatile", "wchar_t",   "while",
        "xor"};
    return names;
}

}  // namespace

std::string sequential_type(const std::vector<Row>& rows, int first, int last, size_t indent) {
    const std::string open = "nutshell::Sequential<";
    std::string text = open;
    for (int i = first; i < last; i++) {
        if (i > first) text += ",\n" + std::string(indent + open.size(), ' ');
        text += layer_type(rows[static_cast<size_t>(i)]);
    }
    return text + ">";
}

std::string identifier_of(const std::string& stem) {
    std::string name;
    for (const char character : stem) {
        const bool plain = std::isalnum(static_cast<unsigned char>(character)) != 0 &&
                           static_cast<unsigned char>(character) < 128;
        if (plain) {
            name += character;
        } else if (!name.empty() && name.back() != '_') {
            name += '_';  // never two, nor one in front: such names belong to the compiler
        }
    }
    if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0) {
        name = "model_" + name;
    }
    return taken_names().count(name) > 0 ? name + "_model" : name;
}

}  // namespace nutshell::tools
