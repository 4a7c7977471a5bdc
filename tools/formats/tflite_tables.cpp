// SPDX-License-Identifier: MIT
#ifdef NUTSHELL_FLATBUFFERS
#include "tflite_tables.hpp"

#include "tools/error.hpp"

namespace nutshell::tools {

TfliteTables::TfliteTables() {
    buffers_.push_back(tflite::CreateBuffer(builder_));  // number 0 is none
}

int TfliteTables::add_tensor(const std::string& name, const std::vector<int32_t>& sides,
                             tflite::TensorType type, const TfliteMeaning& meaning) {
    return add_tensor(name, sides, type, meaning, 0);
}

int TfliteTables::add_tensor(const std::string& name, const std::vector<int32_t>& sides,
                             tflite::TensorType type, const TfliteMeaning& meaning,
                             uint32_t buffer) {
    flatbuffers::Offset<tflite::QuantizationParameters> quantization = 0;
    if (!meaning.scales.empty()) {
        const std::vector<int64_t> zero_points(meaning.scales.size(), meaning.zero_point);
        quantization = tflite::CreateQuantizationParametersDirect(
            builder_, nullptr, nullptr, &meaning.scales, &zero_points,
            tflite::QuantizationDetails_NONE, 0, meaning.dimension);
    }
    tensors_.push_back(
        tflite::CreateTensorDirect(builder_, &sides, type, buffer, name.c_str(), quantization));
    return static_cast<int>(tensors_.size()) - 1;
}

void TfliteTables::add_operator(tflite::BuiltinOperator code, int version,
                                const std::vector<int>& inputs, int output,
                                tflite::BuiltinOptions type, flatbuffers::Offset<void> options) {
    const std::vector<int> outputs{output};
    operators_.push_back(tflite::CreateOperatorDirect(builder_, code_number(code, version), &inputs,
                                                      &outputs, type, options));
}

std::vector<uint8_t> TfliteTables::finish(int input, int output, const char* metadata_name,
                                          const std::vector<uint8_t>& metadata) {
    const std::vector<int> inputs{input}, outputs{output};
    const std::vector entries{
        tflite::CreateMetadataDirect(builder_, metadata_name, add_buffer(metadata))};
    const std::vector subgraphs{
        tflite::CreateSubGraphDirect(builder_, &tensors_, &inputs, &outputs, &operators_, "main")};
    builder_.Finish(tflite::CreateModelDirect(builder_, 3, &codes_, &subgraphs, "Nutshell",
                                              &buffers_, nullptr, &entries),
                    tflite::ModelIdentifier());
    const uint8_t* begin = builder_.GetBufferPointer();
    flatbuffers::Verifier verifier(begin, builder_.GetSize());
    if (!tflite::VerifyModelBuffer(verifier)) throw Error("the .tflite file came out damaged");
    return {begin, begin + builder_.GetSize()};
}

uint32_t TfliteTables::add_buffer(const std::vector<uint8_t>& data) {
    buffers_.push_back(tflite::CreateBufferDirect(builder_, &data));
    return static_cast<uint32_t>(buffers_.size()) - 1;
}

uint32_t TfliteTables::code_number(tflite::BuiltinOperator code, int version) {
    const auto [at, added] = numbers_.try_emplace(code, static_cast<uint32_t>(codes_.size()));
    if (added) {
        codes_.push_back(
            tflite::CreateOperatorCode(builder_, static_cast<int8_t>(code), 0, version, code));
    }
    return at->second;
}

}  // namespace nutshell::tools
#endif
