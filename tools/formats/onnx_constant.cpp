// SPDX-License-Identifier: MIT
#ifdef NUTSHELL_PROTOBUF
#include "onnx_constant.hpp"

#include <onnx.pb.h>

#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

constexpr int32_t kExternal = 1;

std::optional<ElementType> element_type(int32_t type) {
    switch (type) {
        case kOnnxFloat:
            return ElementType::float32;
        case kOnnxUint8:
            return ElementType::uint8;
        case kOnnxInt8:
            return ElementType::int8;
        case kOnnxInt32:
            return ElementType::int32;
        case kOnnxInt64:
            return ElementType::int64;
        case kOnnxFloat16:
            return ElementType::float16;
        case kOnnxDouble:
            return ElementType::float64;
        case kOnnxBfloat16:
            return ElementType::bfloat16;
        default:
            return std::nullopt;
    }
}

bool is_integer(int32_t type) {
    return type == kOnnxUint8 || type == kOnnxInt8 || type == kOnnxInt32 || type == kOnnxInt64;
}

int64_t integer_at(const uint8_t* bytes, int32_t type) {
    switch (type) {
        case kOnnxUint8:
            return *bytes;
        case kOnnxInt8:
            return static_cast<int8_t>(*bytes);
        case kOnnxInt32:
            return static_cast<int32_t>(little_endian(bytes, 4));
        default:
            return static_cast<int64_t>(little_endian(bytes, 8));
    }
}

void take_raw(const onnx::Tensor& tensor, ElementType element, OnnxConstant& constant) {
    const std::string& raw = tensor.raw_data();
    const ByteView bytes{reinterpret_cast<const uint8_t*>(raw.data()), raw.size()};
    constant.values = to_floats(element, bytes);
    if (!is_integer(constant.type)) return;
    const size_t width = element_bytes(element);
    for (size_t at = 0; at + width <= bytes.size; at += width) {
        constant.integers.push_back(integer_at(bytes.data + at, constant.type));
    }
}

/// Numbers in the field of their type; small types share the one of int32.
void take_fields(const onnx::Tensor& tensor, OnnxConstant& constant) {
    if (constant.type == kOnnxFloat) {
        constant.values.assign(tensor.float_data().begin(), tensor.float_data().end());
    } else if (constant.type == kOnnxDouble) {
        for (const double value : tensor.double_data()) constant.values.push_back(narrowed(value));
    } else if (constant.type == kOnnxFloat16 || constant.type == kOnnxBfloat16) {
        Bytes bytes;
        for (const int32_t bits : tensor.int32_data()) {
            bytes.push_back(static_cast<uint8_t>(bits));
            bytes.push_back(static_cast<uint8_t>(bits >> 8));
        }
        constant.values = to_floats(*element_type(constant.type), view(bytes));
    } else if (constant.type == kOnnxInt64) {
        constant.integers.assign(tensor.int64_data().begin(), tensor.int64_data().end());
    } else {
        constant.integers.assign(tensor.int32_data().begin(), tensor.int32_data().end());
    }
    if (!is_integer(constant.type)) return;
    for (const int64_t value : constant.integers) {
        constant.values.push_back(static_cast<float>(value));
    }
}

}  // namespace

OnnxConstant read_constant(const onnx::Tensor& tensor, const std::string& where) {
    if (tensor.data_location() == kExternal || tensor.external_data_size() > 0) {
        throw Error(where +
                    ": its bytes lie in another file, which is not opened; save the model "
                    "in one file (onnx.save_model of a model loaded whole does)");
    }
    OnnxConstant constant;
    for (const int64_t side : tensor.dims()) {
        if (side < 0) throw Error(where + ": has a negative side; export the model again");
        constant.shape.push_back(static_cast<uint64_t>(side));
    }
    const size_t count = element_count(constant.shape, where);
    constant.type = tensor.data_type();
    const std::optional<ElementType> element = element_type(constant.type);
    if (!element) {
        throw Error(where + ": element type " + std::to_string(constant.type) +
                    " is not read; export the model with float32 weights");
    }
    if (tensor.has_raw_data()) {
        if (tensor.raw_data().size() != count * element_bytes(*element)) {
            throw Error(where + ": " + std::to_string(tensor.raw_data().size()) +
                        " bytes do not fit the shape " + text_of(constant.shape) +
                        "; export the model again");
        }
        take_raw(tensor, *element, constant);
    } else {
        take_fields(tensor, constant);
    }
    if (constant.values.size() != count) {
        throw Error(where + ": " + std::to_string(constant.values.size()) +
                    " values do not fit the shape " + text_of(constant.shape) +
                    "; export the model again");
    }
    return constant;
}

OnnxConstant turned(const OnnxConstant& matrix) {
    OnnxConstant result = matrix;
    const auto rows = static_cast<size_t>(matrix.shape[0]);
    const auto columns = static_cast<size_t>(matrix.shape[1]);
    result.shape = {matrix.shape[1], matrix.shape[0]};
    for (size_t row = 0; row < rows; row++) {
        for (size_t column = 0; column < columns; column++) {
            const size_t from = row * columns + column, to = column * rows + row;
            result.values[to] = matrix.values[from];
            if (!matrix.integers.empty()) result.integers[to] = matrix.integers[from];
        }
    }
    result.axis = 1 - matrix.axis;
    return result;
}

OnnxConstant dequantized(const OnnxConstant& codes, const OnnxConstant& scale,
                         const OnnxConstant* zero_point, int64_t axis, const std::string& where) {
    OnnxConstant result = codes;
    const auto rank = static_cast<int64_t>(codes.shape.size());
    result.axis = axis < 0 ? axis + rank : axis;
    const size_t channels = scale.values.size();
    const bool per_channel =
        channels > 1 && result.axis >= 0 && result.axis < rank &&
        codes.shape[static_cast<size_t>(result.axis)] == static_cast<uint64_t>(channels);
    if (codes.integers.empty() || (channels != 1 && !per_channel) ||
        (zero_point != nullptr && zero_point->integers.size() != channels)) {
        throw Error(where + ": its scale or zero point does not fit its codes");
    }
    result.scale = scale.values;
    result.zero_point.assign(channels, 0);
    if (zero_point != nullptr) result.zero_point = zero_point->integers;
    size_t inner = 1;
    for (auto i = static_cast<size_t>(result.axis) + 1; per_channel && i < codes.shape.size();
         i++) {
        inner *= static_cast<size_t>(codes.shape[i]);
    }
    for (size_t i = 0; i < codes.integers.size(); i++) {
        const size_t channel = per_channel ? i / inner % channels : 0;
        const auto code = static_cast<double>(codes.integers[i]) -
                          static_cast<double>(result.zero_point[channel]);
        result.values[i] = narrowed(code * static_cast<double>(result.scale[channel]));
    }
    return result;
}

}  // namespace nutshell::tools

#endif  // NUTSHELL_PROTOBUF
