// SPDX-License-Identifier: MIT
// TensorFlow Lite's .tflite files: chains of dense and image operators and activations, in floats
// (with weights of 32, 16 or 8 bits) and in int8 to the bit. tflite.fbs is the part of the format
// that is used; tflite_read.cpp and tflite_write.cpp go from and to it.
#include "tflite_file.hpp"
#include "tools/atomic_file.hpp"
#include "tools/data/bytes.hpp"

namespace nutshell::tools {

#ifdef NUTSHELL_FLATBUFFERS
namespace {

Imported read(const std::string& path, const ImportOptions& options) {
    return read_tflite(read_file(path), options);
}

std::vector<std::string> write(const Export& model, const std::string& path) {
    const std::vector<uint8_t> bytes = tflite_bytes(model.graph);
    write_file(path, bytes.data(), bytes.size());
    return {path};
}

}  // namespace

const Format kTfliteFormat{
    "tflite", {".tflite"}, "TensorFlow Lite", read, write, "flatbuffers " NUTSHELL_FLATBUFFERS, ""};
#else
const Format kTfliteFormat{"tflite",
                           {".tflite"},
                           "TensorFlow Lite",
                           nullptr,
                           nullptr,
                           "",
                           "libflatbuffers-dev and "
                           "flatbuffers-compiler"};
#endif

}  // namespace nutshell::tools
