// SPDX-License-Identifier: MIT
// Quantized models for boards, made by programs of the host from the library alone.
#pragma once
#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "nutshell/quantize.hpp"
#include "nutshell/weights.hpp"

namespace nutshell::tests {

inline void require(Status status) {
    if (status != Status::ok) throw std::runtime_error(to_string(status));
}

/// One layer in canonical packing.
class HostLayer {
  public:
    HostLayer(const Row& row, Tensors tensors, const LayerQuantization& meaning)
        : row_(row), meaning_(meaning) {
        const size_t out = static_cast<size_t>(row.out.size());
        weights_.resize(static_cast<size_t>(row.in.size()) * out);
        bias_.resize(out);
        multiplier_.resize(out);
        shift_.resize(out);
        require(quantize_layer(row, tensors, meaning, {}, arrays()));
    }

    const Row& row() const { return row_; }
    const LayerQuantization& meaning() const { return meaning_; }
    Int8Tensors tensors() { return view_of(row_, meaning_, true, arrays()); }

  private:
    Int8Arrays arrays() {
        return {weights_.data(), bias_.data(), multiplier_.data(), shift_.data(), table_};
    }
    Row row_;
    LayerQuantization meaning_;
    std::vector<int8_t> weights_, shift_;
    std::vector<int32_t> bias_, multiplier_;
    int8_t table_[256] = {};
};

/// A canonical layer of 8-bit weights in another packing.
class PackedLayer {
  public:
    PackedLayer(const Row& row, const Int8Tensors& from, Packing packing) : tensors_(from) {
        const int32_t in = row.in.size(), out = row.out.size();
        if (packed_outputs(packing, out) != out) throw std::runtime_error("outputs need padding");
        weights_.resize(static_cast<size_t>(packed_weights(packing, in, out)));
        bias_.resize(static_cast<size_t>(packed_biases(packing, out)));
        pack_weights(packing, in, out, from.weight, weights_.data());
        pack_bias(packing, in, out, from.weight, from.bias, bias_.data());
        tensors_.packing = packing;
    }

    Int8Tensors tensors() const {
        Int8Tensors view = tensors_;
        view.weight = weights_.data();
        view.bias = bias_.data();
        return view;
    }

  private:
    Int8Tensors tensors_;
    std::vector<int8_t> weights_;
    std::vector<int32_t> bias_;
};

inline std::vector<uint8_t> file_of(const FileContents& contents) {
    std::vector<uint8_t> file(file_size(contents));
    size_t written = 0;
    require(write(contents, file.data(), file.size(), written));
    return file;
}

/// A .nut file of one layer, which is an encoder (code_layer 1) or a decoder (0).
inline std::vector<uint8_t> packed_file(HostLayer& layer, int code_layer, Packing packing,
                                        uint32_t model_id) {
    const PackedLayer packed(layer.row(), layer.tensors(), packing);
    const Int8Tensors tensors = packed.tensors();
    FileContents contents{&layer.row(), 1, code_layer, nullptr, model_id};
    contents.int8_tensors = &tensors;
    return file_of(contents);
}

inline std::vector<uint8_t> load(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// A file's bytes where check() accepts them.
class AlignedFile {
  public:
    explicit AlignedFile(const std::vector<uint8_t>& bytes)
        : units_(bytes.size() / sizeof(Unit) + 1) {
        std::copy(bytes.begin(), bytes.end(), units_[0].bytes);
        require(check(units_.data(), bytes.size(), file_));
    }
    const File& file() const { return file_; }

  private:
    struct alignas(kFileAlignment) Unit {
        uint8_t bytes[kFileAlignment];
    };
    std::vector<Unit> units_;
    File file_;
};

inline void save(const std::string& path, const std::vector<uint8_t>& bytes) {
    std::ofstream out(path, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace nutshell::tests
