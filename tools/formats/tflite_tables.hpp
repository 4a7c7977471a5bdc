// SPDX-License-Identifier: MIT
// The tables of a .tflite file that is being written. For tflite_write.cpp.
#pragma once
#include <tflite_generated.h>

#include <map>
#include <string>
#include <vector>

#include "nutshell/int8.hpp"

namespace nutshell::tools {

/// How the codes of a tensor are to be understood; without scales there are none.
struct TfliteMeaning {
    std::vector<float> scales;
    int64_t zero_point = 0;
    int dimension = 0;  ///< that has the scales

    static TfliteMeaning of(Quantization codes) { return {{codes.scale}, codes.zero_point, 0}; }
};

class TfliteTables {
  public:
    TfliteTables();

    /// The number of a tensor without values, or with constant ones.
    int add_tensor(const std::string& name, const std::vector<int32_t>& sides,
                   tflite::TensorType type, const TfliteMeaning& meaning);
    template <class Number>
    int add_constant(const std::string& name, const std::vector<int32_t>& sides,
                     tflite::TensorType type, const TfliteMeaning& meaning,
                     const std::vector<Number>& values) {
        const auto* begin = reinterpret_cast<const uint8_t*>(values.data());
        return add_tensor(name, sides, type, meaning,
                          add_buffer({begin, begin + values.size() * sizeof(Number)}));
    }

    void add_operator(tflite::BuiltinOperator code, int version, const std::vector<int>& inputs,
                      int output, tflite::BuiltinOptions type = tflite::BuiltinOptions_NONE,
                      flatbuffers::Offset<void> options = 0);

    /// Where operators' options are made.
    flatbuffers::FlatBufferBuilder& builder() { return builder_; }

    /// The file, with a metadata entry of this name. Throws Error unless the Verifier accepts it.
    std::vector<uint8_t> finish(int input, int output, const char* metadata_name,
                                const std::vector<uint8_t>& metadata);

  private:
    int add_tensor(const std::string& name, const std::vector<int32_t>& sides,
                   tflite::TensorType type, const TfliteMeaning& meaning, uint32_t buffer);
    uint32_t add_buffer(const std::vector<uint8_t>& data);
    uint32_t code_number(tflite::BuiltinOperator code, int version);

    flatbuffers::FlatBufferBuilder builder_;
    std::vector<flatbuffers::Offset<tflite::Buffer>> buffers_;
    std::vector<flatbuffers::Offset<tflite::Tensor>> tensors_;
    std::vector<flatbuffers::Offset<tflite::OperatorCode>> codes_;
    std::vector<flatbuffers::Offset<tflite::Operator>> operators_;
    std::map<tflite::BuiltinOperator, uint32_t> numbers_;
};

}  // namespace nutshell::tools
