// SPDX-License-Identifier: MIT
// Just enough of a reader of .tflite files for the tests: a chain of int8 fully connected layers.
// Every access is checked against the file's size. Source: the FlatBuffers binary format and the
// table indices of TensorFlow Lite's schema.
#pragma once
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace nutshell::tests {

/// One FULLY_CONNECTED operator and what its tensors' codes mean.
struct TfliteLayer {
    int in, out;
    bool relu;
    float in_scale, weight_scale, out_scale;
    int in_zero_point, out_zero_point;
    std::vector<int8_t> weights;  // [out][in]
    std::vector<int32_t> bias;    // [out], the zero point not folded in

    /// bias[out] with the input's zero point folded in.
    std::vector<int32_t> folded_bias() const {
        std::vector<int32_t> folded = bias;
        const int8_t* weight = weights.data();
        for (int32_t& value : folded) {
            for (int i = 0; i < in; i++) value -= in_zero_point * *weight++;
        }
        return folded;
    }
    /// What a sum is multiplied with, computed as TensorFlow Lite does for one scale a tensor.
    double sum_scale() const {
        return static_cast<double>(in_scale * weight_scale) / static_cast<double>(out_scale);
    }
    int8_t low() const { return relu ? static_cast<int8_t>(out_zero_point) : int8_t{-128}; }
};

class TfliteReader {
  public:
    explicit TfliteReader(std::vector<uint8_t> bytes) : bytes_(std::move(bytes)) {}

    std::vector<TfliteLayer> layers() const {
        const size_t model = follow(0);
        const size_t subgraph = element(vector(model, 2), 0);
        const size_t tensors = vector(subgraph, 0), operators = vector(subgraph, 3);
        const size_t buffers = vector(model, 4);
        std::vector<TfliteLayer> layers;
        for (uint32_t i = 0; i < get<uint32_t>(operators); i++) {
            layers.push_back(layer(element(operators, i), tensors, buffers));
        }
        return layers;
    }

  protected:
    template <class T>
    T get(size_t at) const {
        if (at > bytes_.size() || sizeof(T) > bytes_.size() - at) {
            throw std::runtime_error("tflite: an offset leads outside the file");
        }
        T value;
        std::memcpy(&value, bytes_.data() + at, sizeof value);
        return value;
    }
    size_t follow(size_t at) const { return at + get<uint32_t>(at); }

    /// Where a table's field is, 0 when it is absent.
    size_t field(size_t table, int index) const {
        const size_t vtable = table - static_cast<size_t>(get<int32_t>(table));
        const size_t entry = 4 + 2 * static_cast<size_t>(index);
        if (entry >= get<uint16_t>(vtable)) return 0;
        const uint16_t offset = get<uint16_t>(vtable + entry);
        return offset == 0 ? 0 : table + offset;
    }
    size_t vector(size_t table, int index) const {
        const size_t at = field(table, index);
        if (at == 0) throw std::runtime_error("tflite: a vector is missing");
        return follow(at);
    }
    size_t element(size_t vector, uint32_t index) const {
        if (index >= get<uint32_t>(vector))
            throw std::runtime_error("tflite: an index is too large");
        return follow(vector + 4 + 4 * size_t{index});
    }
    template <class T>
    T first(size_t table, int index) const {
        return get<T>(vector(table, index) + 4);
    }
    template <class T>
    std::vector<T> data(size_t tensor, size_t buffers) const {
        const size_t buffer = element(buffers, get<uint32_t>(field(tensor, 2)));
        const size_t bytes = vector(buffer, 0);
        std::vector<T> values(get<uint32_t>(bytes) / sizeof(T));
        for (size_t i = 0; i < values.size(); i++) values[i] = get<T>(bytes + 4 + i * sizeof(T));
        return values;
    }
    int32_t operand(size_t op, int list, uint32_t index) const {
        return get<int32_t>(vector(op, list) + 4 + 4 * size_t{index});
    }

  private:
    TfliteLayer layer(size_t op, size_t tensors, size_t buffers) const {
        const auto tensor = [&](int list, uint32_t index) {
            return element(tensors, static_cast<uint32_t>(operand(op, list, index)));
        };
        const size_t x = tensor(1, 0), w = tensor(1, 1), b = tensor(1, 2), y = tensor(2, 0);
        const auto quantization = [&](size_t t) { return follow(field(t, 4)); };
        const size_t shape = vector(w, 0);
        TfliteLayer layer{};
        layer.out = get<int32_t>(shape + 4);
        layer.in = get<int32_t>(shape + 8);
        const size_t options = follow(field(op, 4)), activation = field(options, 0);
        layer.relu = activation != 0 && get<uint8_t>(activation) == 1;
        layer.in_scale = first<float>(quantization(x), 2);
        layer.weight_scale = first<float>(quantization(w), 2);
        layer.out_scale = first<float>(quantization(y), 2);
        layer.in_zero_point = static_cast<int>(first<int64_t>(quantization(x), 3));
        layer.out_zero_point = static_cast<int>(first<int64_t>(quantization(y), 3));
        layer.weights = data<int8_t>(w, buffers);
        layer.bias = data<int32_t>(b, buffers);
        return layer;
    }

    std::vector<uint8_t> bytes_;
};

}  // namespace nutshell::tests
