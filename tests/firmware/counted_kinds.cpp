// SPDX-License-Identifier: MIT
// Layers of every kind but dense ones, of many shapes, on a board, each a piece for
// count_instructions.sh: what tests/compare/kind_costs.sh fits the costs of nutshell footprint to,
// and layers and a model that it is held against. A piece's name is "fit" or "held", the type of
// numbers, and the numbers of its rows: kind, activation, shapes, window.
#include "nutshell/autoencoder.hpp"
#include "platform/boards/common/board.hpp"

using namespace nutshell;

extern "C" {
[[gnu::noinline]] void count_start() { __asm__ volatile("" ::: "memory"); }
[[gnu::noinline]] void count_stop() { __asm__ volatile("" ::: "memory"); }
}

namespace {

constexpr const char *kFit = "fit", *kHeld = "held";
constexpr int kMostElements = 14400, kMostWeights = 9216, kMostOutputs = 784,
              kMostCodedWeights = 2 * kMostWeights;

/// A window over an image of so many channels; `out` are the channels behind it.
struct Place {
    int16_t height, width, in, out;
    int8_t down, across, stride;
    Padding padding = Padding::same;
    int8_t dilation = 1;
};
constexpr Padding kValid = Padding::valid;
constexpr Padding kSame = Padding::same;

constexpr Place kConvolutions[] = {
    {28, 28, 1, 4, 3, 3, 1},
    {28, 28, 1, 8, 3, 3, 2},
    {28, 28, 4, 4, 3, 3, 1},
    {14, 14, 4, 8, 3, 3, 1},
    {14, 14, 8, 8, 3, 3, 2},
    {14, 14, 8, 16, 3, 3, 1},
    {7, 7, 16, 16, 3, 3, 1},
    {7, 7, 16, 32, 3, 3, 1},
    {7, 7, 32, 16, 3, 3, 1},
    {8, 8, 16, 32, 3, 3, 2},
    {4, 4, 32, 32, 3, 3, 1},
    {14, 14, 16, 1, 3, 3, 1},
    {28, 28, 4, 1, 3, 3, 1},
    {14, 14, 8, 3, 3, 3, 1},
    {10, 10, 3, 6, 3, 3, 1},
    {10, 10, 5, 10, 3, 3, 1},
    {12, 12, 6, 12, 3, 3, 1},
    {9, 9, 7, 13, 3, 3, 2},
    {14, 14, 8, 8, 3, 3, 1, kValid},
    {16, 16, 4, 8, 3, 3, 2, kValid},
    {14, 14, 16, 16, 1, 1, 1},
    {7, 7, 32, 24, 1, 1, 1},
    {28, 28, 8, 4, 1, 1, 1},
    {14, 14, 12, 20, 1, 1, 2},
    {10, 10, 6, 10, 1, 1, 1},
    {14, 14, 4, 8, 5, 5, 1},
    {14, 14, 8, 8, 5, 5, 2},
    {8, 8, 16, 16, 5, 5, 1, kValid},
    {16, 16, 3, 8, 5, 5, 2},
    {12, 12, 4, 8, 2, 2, 2},
    {8, 8, 16, 16, 2, 2, 2},
    {14, 14, 4, 8, 3, 3, 1, kSame, 2},
    {10, 10, 8, 8, 3, 3, 1, kValid, 2},
    {1, 128, 8, 16, 1, 5, 1},
    {1, 256, 1, 8, 1, 7, 1},
    {1, 64, 16, 16, 1, 3, 2},
    {1, 100, 6, 10, 1, 3, 1},
    {12, 12, 2, 4, 3, 3, 1},
    {4, 4, 8, 8, 3, 3, 1},
    {3, 3, 16, 8, 3, 3, 1},
    {7, 7, 16, 1, 3, 3, 1},
    {10, 10, 12, 1, 5, 5, 1},
    {9, 9, 5, 1, 3, 3, 2},
    {1, 40, 12, 1, 1, 3, 1},
    {28, 28, 1, 16, 5, 5, 1},
    {16, 16, 1, 8, 3, 3, 1},
    {20, 20, 2, 6, 5, 5, 1},
    {12, 12, 1, 12, 3, 3, 2},
    {9, 9, 2, 5, 3, 3, 1},
    {6, 6, 20, 7, 3, 3, 1},
};
constexpr Place kDepthwise[] = {
    {14, 14, 16, 16, 3, 3, 1},
    {28, 28, 8, 8, 3, 3, 1},
    {14, 14, 4, 4, 3, 3, 1},
    {7, 7, 32, 32, 3, 3, 1},
    {14, 14, 16, 16, 3, 3, 2},
    {8, 8, 24, 24, 5, 5, 1},
    {10, 10, 6, 6, 3, 3, 1},
    {12, 12, 3, 3, 3, 3, 1},
    {14, 14, 8, 8, 3, 3, 1, kValid},
    {4, 4, 64, 64, 3, 3, 1},
    {10, 10, 13, 13, 3, 3, 2},
    {1, 100, 8, 8, 1, 5, 1},
    {9, 9, 9, 9, 3, 3, 1},
    {9, 9, 7, 7, 5, 5, 1},
    {12, 12, 5, 5, 2, 2, 2},
    {1, 60, 3, 3, 1, 7, 1},
    {12, 12, 8, 8, 3, 3, 1, kSame, 2},
    {16, 16, 12, 12, 2, 2, 2},
};
/// `height` and `width` are those of what is read, the smaller image.
constexpr Place kTransposed[] = {
    {7, 7, 16, 8, 3, 3, 2},   {14, 14, 8, 4, 3, 3, 2},         {14, 14, 8, 1, 3, 3, 2},
    {14, 14, 4, 3, 3, 3, 2},  {4, 4, 32, 16, 3, 3, 2},         {7, 7, 8, 8, 3, 3, 1},
    {7, 7, 16, 16, 2, 2, 2},  {14, 14, 8, 8, 2, 2, 2},         {7, 7, 8, 4, 4, 4, 2},
    {5, 5, 16, 8, 3, 3, 2},   {7, 7, 6, 10, 3, 3, 2},          {6, 6, 5, 3, 3, 3, 2},
    {4, 4, 8, 8, 5, 5, 2},    {4, 4, 16, 32, 3, 3, 2, kValid}, {1, 32, 8, 8, 1, 5, 2},
    {14, 14, 16, 1, 3, 3, 1}, {7, 7, 8, 12, 3, 3, 2},          {10, 10, 3, 2, 3, 3, 2},
    {14, 14, 8, 8, 3, 3, 1},  {3, 3, 24, 20, 3, 3, 3},         {7, 7, 4, 1, 3, 3, 2},
    {4, 4, 64, 16, 3, 3, 2},  {7, 7, 1, 8, 3, 3, 2},           {9, 9, 4, 6, 5, 5, 1},
};
constexpr Place kPools[] = {
    {28, 28, 8, 8, 2, 2, 2, kValid}, {14, 14, 16, 16, 2, 2, 2, kValid},
    {28, 28, 4, 4, 2, 2, 2, kValid}, {8, 8, 32, 32, 2, 2, 2, kValid},
    {14, 14, 8, 8, 3, 3, 1, kSame},  {14, 14, 8, 8, 3, 3, 2, kSame},
    {10, 10, 6, 6, 2, 2, 2, kValid}, {12, 12, 1, 1, 2, 2, 2, kValid},
    {12, 12, 3, 3, 3, 3, 3, kValid}, {7, 7, 16, 16, 7, 7, 7, kValid},
    {4, 4, 64, 64, 2, 2, 2, kValid}, {1, 128, 8, 8, 1, 2, 2, kValid},
    {7, 7, 20, 20, 2, 2, 2, kSame},  {16, 16, 2, 2, 4, 4, 4, kValid},
};
/// `stride` is the factor.
constexpr Place kUpsampled[] = {
    {7, 7, 16, 16, 1, 1, 2}, {14, 14, 8, 8, 1, 1, 2}, {14, 14, 4, 4, 1, 1, 2},
    {4, 4, 32, 32, 1, 1, 2}, {5, 5, 6, 6, 1, 1, 3},   {7, 7, 3, 3, 1, 1, 4},
    {14, 14, 1, 1, 1, 1, 2}, {8, 8, 24, 24, 1, 1, 2}, {6, 6, 13, 13, 1, 1, 2},
};
constexpr Place kNormalized[] = {
    {14, 14, 8, 8, 1, 1, 1}, {7, 7, 16, 16, 1, 1, 1},   {28, 28, 4, 4, 1, 1, 1},
    {4, 4, 64, 64, 1, 1, 1}, {10, 10, 3, 3, 1, 1, 1},   {1, 1, 64, 64, 1, 1, 1},
    {1, 1, 21, 21, 1, 1, 1}, {14, 14, 13, 13, 1, 1, 1},
};
constexpr Place kCopied[] = {
    {1, 1, 64, 64, 1, 1, 1},     {1, 1, 784, 784, 1, 1, 1}, {1, 1, 1568, 1568, 1, 1, 1},
    {1, 1, 3136, 3136, 1, 1, 1}, {1, 1, 333, 333, 1, 1, 1},
};

/// What the costs are not fitted to.
constexpr Place kHeldConvolutions[] = {
    {14, 14, 16, 16, 3, 3, 2}, {14, 14, 1, 16, 3, 3, 1}, {28, 28, 1, 6, 5, 5, 1},
    {12, 12, 8, 12, 3, 3, 1},  {6, 6, 32, 32, 3, 3, 1},  {11, 11, 10, 14, 3, 3, 1},
    {14, 14, 24, 8, 1, 1, 1},  {1, 128, 4, 12, 1, 9, 1}, {20, 20, 3, 8, 3, 3, 2, kValid},
    {7, 7, 20, 1, 3, 3, 1},    {5, 5, 24, 16, 3, 3, 2},
};
constexpr Place kHeldDepthwise[] = {
    {12, 12, 16, 16, 3, 3, 1},
    {7, 7, 20, 20, 3, 3, 2},
    {9, 9, 10, 10, 5, 5, 1},
};
constexpr Place kHeldTransposed[] = {
    {7, 7, 32, 16, 3, 3, 2},
    {14, 14, 16, 3, 3, 3, 2},
    {5, 5, 12, 9, 3, 3, 2},
    {8, 8, 8, 8, 4, 4, 2},
};
constexpr Place kHeldPools[] = {{14, 14, 24, 24, 2, 2, 2, kValid},
                                {12, 12, 10, 10, 3, 3, 3, kValid}};
constexpr Place kHeldUpsampled[] = {{8, 8, 12, 12, 1, 1, 2}, {7, 7, 10, 10, 1, 1, 2}};
constexpr Place kHeldNormalized[] = {{10, 10, 12, 12, 1, 1, 1}};
constexpr Place kHeldCopied[] = {{1, 1, 512, 512, 1, 1, 1}};

alignas(16) float weights[kMostWeights];
alignas(16) float bias[kMostOutputs], statistics[2 * kMostOutputs];
alignas(16) float x[kMostElements], y[kMostElements], scratch[kMostElements];
alignas(16) int8_t packed_zeros[kMostCodedWeights];
alignas(16) constexpr int8_t kZeros[kMostWeights] = {};
alignas(16) int32_t biases[2 * kMostOutputs], multipliers[kMostOutputs];
alignas(16) int8_t shifts[kMostOutputs], codes[kMostElements], outputs[kMostElements];

/// A linear congruential generator; in -1..1.
float next_number() {
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return static_cast<float>(static_cast<int32_t>(state) >> 8) / 8388608.0f;
}

/// Half of the inputs are zero, and half of the sums negative, as behind and before a relu.
void fill() {
    for (float& value : weights) value = 0.1f * next_number();
    for (float& value : bias) value = 0.1f * next_number();
    for (float& value : statistics) value = 1.1f + next_number();
    for (float& value : x) value = next_number();
    for (float& value : x) value = value > 0 ? value : 0.0f;
    for (int i = 0; i < kMostElements; i++) {
        codes[i] = static_cast<int8_t>(255.0f * x[i] - 128.0f);
    }
    for (int32_t& value : biases) value = static_cast<int32_t>(30000.0f * next_number());
    for (int32_t& value : multipliers) value = 1 << 30;
    for (int8_t& shift : shifts) shift = -7;
    memset(packed_zeros, packed_weight(kernels::int8_packing(), 0), sizeof packed_zeros);
}

constexpr Row row_of(Kind kind, Activation activation, const Place& p, bool bilinear = false) {
    const Shape in{p.height, p.width, p.in};
    Row row{kind, activation, in, in};
    switch (kind) {
        case Kind::conv2d:
        case Kind::depthwise_conv2d:
        case Kind::max_pool2d:
        case Kind::average_pool2d:
            row.out = shape_behind(in, p.down, p.across, p.stride, p.dilation, p.padding, p.out);
            row.window = window_of(in, p.down, p.across, p.stride, p.dilation, p.padding);
            break;
        case Kind::transposed_conv2d:
            row.out = transposed_shape(in, p.down, p.across, p.stride, p.padding, p.out);
            row.window = window_of(row.out, p.down, p.across, p.stride, p.dilation, p.padding);
            break;
        case Kind::upsample2d:
            row.out = {p.height * p.stride, p.width * p.stride, p.in};
            row.window = Upsample2DLayer::window(
                p.stride, p.stride, bilinear ? Interpolation::bilinear : Interpolation::nearest);
            break;
        case Kind::batch_norm:
            row.window.parameter = float_bits(0.001f);
            break;
        default:
            break;
    }
    return row;
}

void print_name(const char* use, const char* type) {
    board::print(use);
    board::print(" ");
    board::print(type);
}

void print_row(const Row& row) {
    const Window& w = row.window;
    const int numbers[] = {static_cast<int>(row.kind),
                           static_cast<int>(row.activation),
                           row.in.height,
                           row.in.width,
                           row.in.channels,
                           row.out.height,
                           row.out.width,
                           row.out.channels,
                           w.height,
                           w.width,
                           w.stride_height,
                           w.stride_width,
                           w.dilation_height,
                           w.dilation_width,
                           w.top,
                           w.left,
                           w.bottom,
                           w.right,
                           w.parameter == 1};
    for (int number : numbers) {
        board::print(" ");
        board::print(number);
    }
}

Int8Tensors coded(const Row& row, bool per_output) {
    Int8Tensors tensors{
        packs(row.kind) ? packed_zeros : kZeros,       biases,    multipliers, shifts, nullptr,
        packing_of(row.kind, kernels::int8_packing()), per_output};
    tensors.in.zero_point = tensors.sum.zero_point = -128;
    return tensors;
}

void count_int8(const char* use, const Row& row, bool per_output) {
    const Int8Tensors tensors = coded(row, per_output);
    count_start();
    visit_kind(row.kind, 0, [&](auto kind) noexcept {
        if constexpr (decltype(kind)::has_int8) {
            decltype(kind)::forward(row, tensors, codes, outputs, scratch);
        }
        return 0;
    });
    count_stop();
    print_name(use, per_output ? "int8_per_output" : "int8");
    print_row(row);
    board::print("\n");
}

void count_floats(const char* use, const Row& row) {
    Pass pass{1};
    pass.scratch = scratch;
    count_start();
    visit_kind(row.kind, 0, [&](auto kind) noexcept {
        decltype(kind)::forward(row, row.activation, {weights, bias, statistics}, pass, x, y);
        return 0;
    });
    count_stop();
    print_name(use, "float");
    print_row(row);
    board::print("\n");
}

void check_fits(const Row& row) {
    const WeightMatrix matrix = weight_matrix(row);
    if (row.in.size() > kMostElements || row.out.size() > kMostElements ||
        round_up(matrix.inputs, 16) * round_up(matrix.outputs, 8) > kMostCodedWeights ||
        tensor_sizes(row).weight > kMostWeights ||
        scratch_floats(row, Mode::inference) > kMostElements ||
        int8_scratch_bytes(row) > static_cast<int>(sizeof scratch) || !valid(row)) {
        board::print("a layer is not valid, or too large\n");
        board::exit(1);
    }
}

void count_row(const char* use, const Row& row) {
    check_fits(row);
    count_floats(use, row);
    if (has_int8(row.kind)) count_int8(use, row, true);
}

template <int Count>
void count_kind(const char* use, Kind kind, const Place (&places)[Count]) {
    for (const Place& place : places) count_row(use, row_of(kind, Activation::linear, place));
}

/// Layers that have weights: with both kinds of scales, and with and without a relu of floats,
/// which int8 has for nothing.
template <int Count>
void count_products(const char* use, Kind kind, const Place (&places)[Count]) {
    for (const Place& place : places) {
        const Row row = row_of(kind, Activation::relu, place);
        count_row(use, row);
        count_int8(use, row, false);
        if (use == kFit) count_floats(use, row_of(kind, Activation::linear, place));
    }
}

template <int Count>
void count_pools(const char* use, const Place (&places)[Count]) {
    count_kind(use, Kind::max_pool2d, places);
    count_kind(use, Kind::average_pool2d, places);
}

template <int Count>
void count_upsampled(const char* use, const Place (&places)[Count]) {
    count_kind(use, Kind::upsample2d, places);
    for (const Place& place : places) {
        count_row(use, row_of(Kind::upsample2d, Activation::linear, place, true));
    }
}

using Model =
    Autoencoder<Sequential<Conv2D<28, 28, 1, 8, 3, Relu>, MaxPool2D<28, 28, 8, 2>,
                           Conv2D<14, 14, 8, 16, 3, Relu, 2>, Dense<784, 16, Relu>>,
                Sequential<Dense<16, 784, Relu>, Reshape<7, 7, 16>, Upsample2D<7, 7, 16, 2>,
                           DepthwiseConv2D<14, 14, 16, 3, Relu>, Conv2D<14, 14, 16, 4, 1, Relu>,
                           TransposedConv2D<14, 14, 4, 1, 3>>>;

/// A view of a model's parameters, or of its codes.
template <class View, class Element>
void count_model(const char* type, const View& view, const Element* from, Element* to) {
    static typename View::Workspace work;
    count_start();
    const Status status = view.reconstruct(from, to, work);
    count_stop();
    if (status != Status::ok) board::exit(1);
    print_name(kHeld, type);
    for (const Row& row : Model::Chain::rows) print_row(row);
    board::print("\n");
}

void count_models() {
    static Int8Model<Model> int8;
    Int8Tensors tensors[Model::Chain::count];
    for (int i = 0; i < Model::Chain::count; i++) tensors[i] = coded(Model::Chain::rows[i], true);
    int8.bind_layers(tensors);
    count_model("int8_per_output", int8, codes, outputs);
    static Model::Parameters parameters;
    for (float& value : parameters.data) value = 0.1f * next_number();
    static Model floats;
    floats.bind(parameters);
    count_model("float", floats, x, y);
}

}  // namespace

int main() {
    fill();
    count_start();
    count_stop();
    count_products(kFit, Kind::conv2d, kConvolutions);
    count_products(kHeld, Kind::conv2d, kHeldConvolutions);
    count_products(kFit, Kind::depthwise_conv2d, kDepthwise);
    count_products(kHeld, Kind::depthwise_conv2d, kHeldDepthwise);
    count_products(kFit, Kind::transposed_conv2d, kTransposed);
    count_products(kHeld, Kind::transposed_conv2d, kHeldTransposed);
    count_pools(kFit, kPools);
    count_pools(kHeld, kHeldPools);
    count_upsampled(kFit, kUpsampled);
    count_upsampled(kHeld, kHeldUpsampled);
    count_kind(kFit, Kind::batch_norm, kNormalized);
    count_kind(kHeld, Kind::batch_norm, kHeldNormalized);
    count_kind(kFit, Kind::reshape, kCopied);
    count_kind(kHeld, Kind::reshape, kHeldCopied);
    count_models();
    return 0;
}
