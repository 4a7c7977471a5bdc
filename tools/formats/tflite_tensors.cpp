// SPDX-License-Identifier: MIT
#ifdef NUTSHELL_FLATBUFFERS
#include "tflite_tensors.hpp"

#include <cmath>
#include <cstring>

#include "tools/data/bytes.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

/// An element of a vector that may lie at any address: the Verifier does not see to that.
int64_t number_at(const flatbuffers::Vector<int64_t>& vector, uint32_t index) {
    int64_t number;
    std::memcpy(&number, vector.Data() + index * sizeof number, sizeof number);
    return number;
}

/// Elements of a tensor, and of all constants together: a file may name one buffer many times.
constexpr size_t kMostElements = size_t{1} << 25;

std::string place_of(int index) { return "tensor " + std::to_string(index); }

bool usable_scale(float scale) { return std::isnormal(scale) && scale > 0; }

/// An IEEE 754 half as a float.
float float_of_half(uint16_t half) {
    const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
    const uint32_t exponent = half >> 10 & 31, fraction = half & 1023;
    if (exponent == 31) return float_from_bits(sign | 0x7F800000u | fraction << 13);
    if (exponent != 0) return float_from_bits(sign | (exponent + 112) << 23 | fraction << 13);
    const float magnitude = std::ldexp(static_cast<float>(fraction), -24);
    return sign != 0 ? -magnitude : magnitude;
}

}  // namespace

std::string type_name(tflite::TensorType type) {
    const std::string name = tflite::EnumNameTensorType(type);
    return name.empty() ? "type " + std::to_string(static_cast<int>(type)) : name;
}

std::string text_of(const std::vector<int32_t>& sides) {
    std::string text;
    for (const int32_t side : sides) text += (text.empty() ? "" : "x") + std::to_string(side);
    return text.empty() ? "one value" : text;
}

const tflite::Tensor& TfliteTensors::at(int index) const {
    const auto* tensors = graph_.tensors();
    const size_t count = tensors == nullptr ? 0 : tensors->size();
    if (index < 0 || static_cast<size_t>(index) >= count) {
        throw Error("names " + place_of(index) + " of " + std::to_string(count) +
                    "; the file is damaged");
    }
    return *tensors->Get(static_cast<uint32_t>(index));
}

std::string TfliteTensors::name(int index) const {
    const auto* name = at(index).name();
    return name == nullptr ? std::string() : name->str();
}

std::vector<int32_t> TfliteTensors::sides(int index) const {
    constexpr size_t most_sides = 8;
    const auto* shape = at(index).shape();
    if (shape == nullptr) return {};
    std::vector<int32_t> sides(shape->begin(), shape->end());
    bool fits = sides.size() <= most_sides;
    size_t elements = 1;
    for (size_t i = 0; fits && i < sides.size(); i++) {
        fits = sides[i] >= 1 && static_cast<size_t>(sides[i]) <= kMostElements / elements;
        elements *= fits ? static_cast<size_t>(sides[i]) : 1;
    }
    if (fits) return sides;
    throw Error(place_of(index) + " '" + printable(name(index)) +
                "' has a shape that no model that fits has: a side below 1, more than 8 sides, or "
                "more than 2^25 elements");
}

size_t TfliteTensors::elements(int index) const {
    size_t count = 1;
    for (const int32_t side : sides(index)) count *= static_cast<size_t>(side);
    return count;
}

Shape TfliteTensors::sample_shape(int index) const {
    const std::vector<int32_t> all = sides(index);
    const size_t count = elements(index);
    const size_t batch = all.size() > 1 ? static_cast<size_t>(all[0]) : 1;
    Shape shape = flat(static_cast<int32_t>(count / batch));
    if (all.size() == 3) shape = {1, all[1], all[2]};
    if (all.size() == 4) shape = {all[1], all[2], all[3]};
    if (shape.valid()) return shape;
    throw Error(place_of(index) + " '" + printable(name(index)) + "' has " +
                std::to_string(count / batch) + " values a sample; at most 2^20 can be");
}

Quantization TfliteTensors::quantization(int index) const {
    const tflite::Tensor& tensor = at(index);
    const auto* meaning = tensor.quantization();
    const auto fail = [&](const std::string& why) {
        throw Error(place_of(index) + " '" + printable(name(index)) + "' " + why +
                    "; convert the model again with full integer quantization");
    };
    if (meaning == nullptr || meaning->scale() == nullptr || meaning->scale()->size() != 1) {
        fail("has codes without one scale");
    }
    if (meaning->details_type() != tflite::QuantizationDetails_NONE) {
        fail("is quantized in a way of its own");
    }
    const float scale = meaning->scale()->Get(0);
    const auto* zero_points = meaning->zero_point();
    const int64_t shift = tensor.type() == tflite::TensorType_UINT8 ? 128 : 0;
    const int64_t zero_point =
        zero_points == nullptr || zero_points->size() == 0 ? 0 : number_at(*zero_points, 0);
    if (!usable_scale(scale)) fail("has a scale that is not greater than 0 and finite");
    if (zero_point < shift - 128 || zero_point > shift + 127) {
        fail("has a zero point that is no code");
    }
    return {scale, static_cast<int8_t>(zero_point - shift)};
}

const flatbuffers::Vector<uint8_t>& TfliteTensors::content(const SourceLayer& layer, int index,
                                                           size_t bytes) const {
    const tflite::Tensor& tensor = at(index);
    const auto* buffers = model_.buffers();
    const std::string what = place_of(index) + " '" + printable(name(index)) + "' ";
    if (buffers == nullptr || tensor.buffer() >= buffers->size()) {
        refuse(layer, what + "names buffer " + std::to_string(tensor.buffer()) +
                          ", which there is not; the file is damaged");
    }
    const tflite::Buffer& buffer = *buffers->Get(tensor.buffer());
    if (buffer.offset() > 1) {
        refuse(layer, what + "lies outside the FlatBuffer, as in models over 2 GB; no such fits");
    }
    if (tensor.sparsity() != nullptr) {
        refuse(layer, what + "is sparse; convert the model without sparsity");
    }
    if (tensor.is_variable() || buffer.data() == nullptr || buffer.data()->size() == 0) {
        refuse(layer, what + "is no constant; weights and biases must be");
    }
    if (buffer.data()->size() != bytes) {
        refuse(layer, what + "has " + std::to_string(buffer.data()->size()) +
                          " bytes where its shape has " + std::to_string(bytes) +
                          "; the file is damaged");
    }
    read_ += elements(index);
    if (read_ > kMostElements) refuse(layer, "the model has more than 2^25 weights");
    return *buffer.data();
}

template <class T>
std::vector<T> TfliteTensors::constant(const SourceLayer& layer, int index) const {
    std::vector<T> values(elements(index));
    const size_t bytes = values.size() * sizeof(T);
    std::memcpy(values.data(), content(layer, index, bytes).data(), bytes);
    return values;
}

/// Codes of 8 bits, or of 4 of which a byte holds two, the lower half first.
std::vector<int8_t> TfliteTensors::int8_weights(SourceLayer& layer, int index) const {
    if (at(index).type() != tflite::TensorType_INT4) return constant<int8_t>(layer, index);
    layer.weight_bits = 4;
    std::vector<int8_t> codes(elements(index));
    const uint8_t* halves = content(layer, index, (codes.size() + 1) / 2).data();
    for (size_t i = 0; i < codes.size(); i++) {
        const int code = halves[i / 2] >> (i % 2 * 4) & 15;
        codes[i] = static_cast<int8_t>(code < 8 ? code : code - 16);
    }
    return codes;
}

/// One scale, or one for each of a side; all zero points are 0.
std::vector<float> TfliteTensors::weight_scales(const SourceLayer& layer, int index,
                                                int side) const {
    const auto* meaning = at(index).quantization();
    if (meaning == nullptr || meaning->scale() == nullptr || meaning->scale()->size() == 0) {
        refuse(layer, "its weight has codes without a scale; convert the model again");
    }
    const size_t count = meaning->scale()->size();
    const std::vector<int32_t> all = sides(index);
    const bool per_output = count > 1;
    if (meaning->details_type() != tflite::QuantizationDetails_NONE ||
        (per_output &&
         (all.size() <= static_cast<size_t>(side) || meaning->quantized_dimension() != side ||
          count != static_cast<size_t>(all[static_cast<size_t>(side)])))) {
        refuse(layer, "its weight has " + std::to_string(count) + " scales along side " +
                          std::to_string(meaning->quantized_dimension()) +
                          "; one, or one for each output, can be read");
    }
    if (meaning->zero_point() != nullptr) {
        for (uint32_t i = 0; i < meaning->zero_point()->size(); i++) {
            const int64_t zero_point = number_at(*meaning->zero_point(), i);
            if (zero_point != 0) {
                refuse(layer,
                       "its weight has a zero point that is not 0; TensorFlow Lite's int8 "
                       "weights are symmetric");
            }
        }
    }
    std::vector<float> scales(meaning->scale()->begin(), meaning->scale()->end());
    for (const float scale : scales) {
        if (!usable_scale(scale)) {
            refuse(layer, "its weight has a scale that is not greater than 0 and finite");
        }
    }
    return scales;
}

void TfliteTensors::read_codes(SourceLayer& layer, int weight, int bias, int side) const {
    const tflite::TensorType type = at(weight).type();
    if (type != tflite::TensorType_INT8 && type != tflite::TensorType_INT4) {
        refuse(layer,
               "its weight is " + type_name(type) + " in an int8 model; INT8 and INT4 can be read");
    }
    layer.weight_scale = weight_scales(layer, weight, side);
    layer.weight_codes = int8_weights(layer, weight);
    if (bias == -1) return;
    if (at(bias).type() != tflite::TensorType_INT32) {
        refuse(layer, "its bias is " + type_name(at(bias).type()) + "; an int8 layer's is INT32");
    }
    layer.bias_codes = constant<int32_t>(layer, bias);
}

std::vector<float> TfliteTensors::dequantized(const SourceLayer& layer, int index, int side) const {
    SourceLayer copy = layer;
    const std::vector<float> scales = weight_scales(layer, index, side);
    const std::vector<int8_t> codes = int8_weights(copy, index);
    const std::vector<int32_t> all = sides(index);
    size_t each = 1;  // codes from one index of the side to the next
    for (size_t i = static_cast<size_t>(side) + 1; i < all.size(); i++) {
        each *= static_cast<size_t>(all[i]);
    }
    std::vector<float> values;
    values.reserve(codes.size());
    for (size_t i = 0; i < codes.size(); i++) {
        values.push_back(scales[i / each % scales.size()] * static_cast<float>(codes[i]));
    }
    return values;
}

std::vector<float> TfliteTensors::floats(const SourceLayer& layer, int index,
                                         std::vector<std::string>& notes, int side) const {
    const auto found = dequantized_.find(index);
    if (found != dequantized_.end()) return found->second;
    const tflite::TensorType type = at(index).type();
    if (type == tflite::TensorType_FLOAT32) return constant<float>(layer, index);
    if (type != tflite::TensorType_INT8 && type != tflite::TensorType_INT4) {
        refuse(layer, "its weight is " + type_name(type) +
                          " in a float model; FLOAT32, FLOAT16, INT8 and INT4 can be read");
    }
    notes.push_back(named(layer) +
                    ": its int8 weights become floats, scale times code; TensorFlow Lite rounds "
                    "the layer's inputs to int8 too as it runs, Nutshell does not");
    return dequantized(layer, index, side);
}

void TfliteTensors::dequantize(const SourceLayer& layer, int from, int to) {
    const tflite::TensorType type = at(from).type();
    std::vector<float> values;
    if (type == tflite::TensorType_FLOAT16) {
        for (const uint16_t half : constant<uint16_t>(layer, from)) {
            values.push_back(float_of_half(half));
        }
    } else if (type == tflite::TensorType_INT8 || type == tflite::TensorType_INT4) {
        const auto* meaning = at(from).quantization();
        const int side = meaning == nullptr ? 0 : meaning->quantized_dimension();
        values = dequantized(layer, from, side < 0 ? 0 : side);
    } else {
        refuse(layer, "it makes floats of " + type_name(type) +
                          "; constants of FLOAT16, INT8 and INT4 can be read");
    }
    if (elements(to) != values.size()) {
        refuse(layer, "its output has another size than its input; the file is damaged");
    }
    dequantized_[to] = std::move(values);
}

}  // namespace nutshell::tools
#endif
