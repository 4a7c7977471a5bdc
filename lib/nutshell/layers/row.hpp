// SPDX-License-Identifier: MIT
// The architecture as data: one Row per layer. A layer type is a shell around one constant Row;
// a file's layer table is rows too. The plan, the layer functions, the types and the tools' Graph
// all read rows, so that no layer is written twice.
#pragma once
#include "../crc.hpp"
#include "../int8.hpp"
#include "../shape.hpp"

namespace nutshell {

/// The list of layer kinds: name, functions, number in the .nut file. The functions stand in
/// layers/<name>.hpp: valid, forward and backward, and what LayerFunctions says of other kinds.
#define NUTSHELL_LAYER_KINDS(X)                    \
    X(dense, DenseLayer, 1)                        \
    X(reshape, ReshapeLayer, 2)                    \
    X(conv2d, Conv2DLayer, 3)                      \
    X(depthwise_conv2d, DepthwiseConv2DLayer, 4)   \
    X(transposed_conv2d, TransposedConv2DLayer, 5) \
    X(max_pool2d, MaxPool2DLayer, 6)               \
    X(average_pool2d, AveragePool2DLayer, 7)       \
    X(upsample2d, Upsample2DLayer, 8)              \
    X(batch_norm, BatchNormLayer, 9)               \
    X(tied_dense, TiedDenseLayer, 32)              \
    X(dropout, DropoutLayer, 33)                   \
    X(gaussian_noise, GaussianNoiseLayer, 34)      \
    X(gaussian_sampler, GaussianSamplerLayer, 35)  \
    X(l1_penalty, L1PenaltyLayer, 36)

enum class Kind : uint8_t {
#define NUTSHELL_KIND(name, functions, number) name = number,
    NUTSHELL_LAYER_KINDS(NUTSHELL_KIND)
#undef NUTSHELL_KIND
};

/// How a layer goes over an image, and its one number; all zero where a kind has no use for it.
/// Every padding is given, so that "same", "valid" and any other rule are data.
struct Window {
    uint8_t height, width;  ///< of the kernel or pool, in taps
    uint8_t stride_height, stride_width;
    uint8_t dilation_height, dilation_width;  ///< from a tap to the next one; 1 is none
    uint8_t top, left, bottom, right;         ///< padding
    uint8_t zero[2];
    uint32_t parameter;  ///< a number, or the IEEE 754 bits of one: each kind says which
};

constexpr bool operator==(const Window& a, const Window& b) noexcept {
    return a.height == b.height && a.width == b.width && a.stride_height == b.stride_height &&
           a.stride_width == b.stride_width && a.dilation_height == b.dilation_height &&
           a.dilation_width == b.dilation_width && a.top == b.top && a.left == b.left &&
           a.bottom == b.bottom && a.right == b.right && (a.zero[0] | a.zero[1]) == 0 &&
           (b.zero[0] | b.zero[1]) == 0 && a.parameter == b.parameter;
}

/// One layer of an architecture. It lies in memory as the first part of its record in a file.
struct Row {
    Kind kind;
    Activation activation;
    uint8_t zero[2];
    Shape in;
    Shape out;
    float slope;  ///< of leaky_relu, else 0
    Window window;

    constexpr Row(Kind k, Activation a, Shape from, Shape to, float leak = 0.0f,
                  Window w = Window{}) noexcept
        : kind(k), activation(a), zero{}, in(from), out(to), slope(leak), window(w) {}
};

/// Elements of a layer's tensors; 0 for one that the kind does not have.
struct TensorSizes {
    int32_t weight;
    int32_t bias;
    int32_t state = 0;  ///< what training measures instead of learning: statistics
};

/// The weights as a matrix: those that a sum has, and how many sums have weights of their own (the
/// channels of a convolution). Both 0 for a kind without weights.
struct WeightMatrix {
    int32_t inputs;
    int32_t outputs;
};

/// How far an initializer's weights reach: how many values a sum has, and in how many a value is.
/// Both 0 for weights that begin at one.
struct Fans {
    int32_t in;
    int32_t out;
};

/// What a layer function sees: its own tensors, never the whole array. Those that the kind does not
/// have point anywhere.
struct Tensors {
    const float* weight = nullptr;
    const float* bias = nullptr;
    const float* state = nullptr;
};

/// Where a backward function adds alpha times the gradient: alpha = 1 into gradients, or minus the
/// learning rate into the weights themselves. (State is added to only in Mode::batch.)
struct Target {
    float alpha;
    float* weight;
    float* bias;
    float* state = nullptr;
};

/// What a pass is for.
enum class Mode : uint8_t {
    inference,  ///< noise and dropout do nothing, statistics are those of the state
    batch,      ///< training by gradients of many samples
    sample,     ///< training that changes the weights on the way back; the state stays as it is
};

/// Some outputs of a layer, one after the other.
struct Slice {
    int32_t first;
    int32_t count;
};

/// What a layer may know of the pass it takes part in.
struct Pass {
    int rows;  ///< samples computed together
    Mode mode = Mode::inference;
    int32_t layer = 0;         ///< place of the layer in its chain, set by the chain
    float* scratch = nullptr;  ///< of the floats that the chain's plan asks for

    // Of training only: random numbers are a function of these, the layer and the element.
    uint32_t seed = 0;
    uint32_t step = 0;   ///< number of the update
    uint32_t first = 0;  ///< place of the first sample in its batch

    float scale = 1.0f;         ///< what the loss of a sample is multiplied with
    double* penalty = nullptr;  ///< where forward adds the samples' penalties, not scaled, or null

    constexpr Pass of_layer(int32_t index) const noexcept {
        Pass pass = *this;
        pass.layer = index;
        return pass;
    }
};

/// What most kinds of layers have in common: a kind inherits this and hides what it has otherwise.
struct LayerFunctions {
    static constexpr bool has_int8 = false;  ///< whether it runs in int8
    static constexpr bool packs =
        true;  ///< whether its int8 weights lie in the model's packing, not in canonical

    static constexpr TensorSizes tensor_sizes(const Row&) noexcept { return {0, 0}; }
    static constexpr WeightMatrix weight_matrix(const Row&) noexcept { return {0, 0}; }
    static constexpr Fans fans(const Row&) noexcept { return {0, 0}; }

    /// Where the weight of an output and an input of the weight matrix lies.
    static constexpr int32_t weight_index(const Row&, int32_t, int32_t) noexcept { return 0; }

    /// How many layers in front of this one the layer is whose weights it shares; 0: it has its
    /// own. The tensor sizes then count no weight.
    static constexpr int32_t shares_weights(const Row&) noexcept { return 0; }

    /// True when that layer, `owner`, can lend this one its weights.
    static constexpr bool can_share(const Row&, const Row&) noexcept { return false; }

    /// Floats of scratch memory that a pass needs, however many samples it has.
    static constexpr int32_t scratch_floats(const Row&, Mode) noexcept { return 0; }

    /// Bytes of scratch memory that a sample needs in int8.
    static constexpr int32_t int8_scratch_bytes(const Row&, ScratchRule) noexcept { return 0; }

    /// Outputs that a model computes at a time when it keeps none: all of them, unless the kind has
    /// a forward_slice.
    static constexpr int32_t slice_size(const Row& row) noexcept { return row.out.size(); }

    /// Multiply-adds of a sample's forward pass.
    static constexpr double multiply_adds(const Row&) noexcept { return 0; }

    /// No kind without has_int8 comes here: files with one are refused.
    static void forward(const Row&, const Int8Tensors&, const int8_t*, int8_t*, void*) noexcept {}
    static void forward_int4(const Row&, const Int8Tensors&, const int8_t*, int8_t*,
                             void*) noexcept {}
};

/// Bytes of a Row in canonical form: the first part of its record in a .nut file.
constexpr int kRowBytes = 48;

struct RowBytes {
    uint8_t at[kRowBytes];
};

/// Little-endian bytes of a row; the format is described in weights.hpp.
constexpr RowBytes to_bytes(const Row& row, uint32_t slope_bits) noexcept {
    RowBytes bytes{};
    bytes.at[0] = static_cast<uint8_t>(row.kind);
    bytes.at[1] = static_cast<uint8_t>(row.activation);
    const uint32_t words[] = {static_cast<uint32_t>(row.in.height),
                              static_cast<uint32_t>(row.in.width),
                              static_cast<uint32_t>(row.in.channels),
                              static_cast<uint32_t>(row.out.height),
                              static_cast<uint32_t>(row.out.width),
                              static_cast<uint32_t>(row.out.channels),
                              slope_bits};
    int at = 4;
    for (uint32_t word : words) {
        for (int shift = 0; shift < 32; shift += 8) {
            bytes.at[at++] = static_cast<uint8_t>(word >> shift);
        }
    }
    const Window& w = row.window;
    const uint8_t window[] = {w.height,          w.width,          w.stride_height, w.stride_width,
                              w.dilation_height, w.dilation_width, w.top,           w.left,
                              w.bottom,          w.right,          w.zero[0],       w.zero[1]};
    for (uint8_t byte : window) bytes.at[at++] = byte;
    for (int shift = 0; shift < 32; shift += 8) {
        bytes.at[at++] = static_cast<uint8_t>(w.parameter >> shift);
    }
    return bytes;
}

/// The IEEE 754 bits of a finite, normal float or zero, usable in constant expressions.
constexpr uint32_t float_bits(float value) noexcept {
    if (value == 0.0f) return 0;
    const uint32_t sign = value < 0 ? 0x80000000u : 0u;
    double magnitude = value < 0 ? -static_cast<double>(value) : static_cast<double>(value);
    uint32_t exponent = 127;
    for (; magnitude >= 2.0; magnitude /= 2.0) exponent++;
    for (; magnitude < 1.0; magnitude *= 2.0) exponent--;
    return sign | (exponent << 23) | static_cast<uint32_t>((magnitude - 1.0) * 8388608.0);
}

constexpr RowBytes to_bytes(const Row& row) noexcept {
    return to_bytes(row, float_bits(row.slope));
}

/// Identifies an architecture: CRC-32C over its rows and over the place of the code.
constexpr uint32_t fingerprint_of(const Row* rows, int count, int code_layer) noexcept {
    const uint8_t head[2] = {static_cast<uint8_t>(count), static_cast<uint8_t>(code_layer)};
    uint32_t crc = crc32c(0, head, sizeof head);
    for (int i = 0; i < count; i++) {
        const RowBytes bytes = to_bytes(rows[i]);
        crc = crc32c(crc, bytes.at, sizeof bytes.at);
    }
    return crc;
}

/// True when a layer of shape `in` can read what a layer of shape `out` wrote: the same shape, or
/// a flat vector of as many elements.
constexpr bool meets(Shape out, Shape in) noexcept {
    return out == in || (in == flat(in.size()) && in.size() == out.size());
}

}  // namespace nutshell
