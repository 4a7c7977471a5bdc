// SPDX-License-Identifier: MIT
// ONNX: what PyTorch, tf2onnx and others export, in floats and in int8 with QuantizeLinear and
// DequantizeLinear; written so, too.
#include "formats.hpp"
#include "onnx_model.hpp"
#include "tools/atomic_file.hpp"

namespace nutshell::tools {

#ifdef NUTSHELL_PROTOBUF
namespace {

Imported read_onnx(const std::string& path, const ImportOptions& options) {
    const Bytes file = read_file(path);
    return lower(onnx_source(view(file), path), options);
}

std::vector<std::string> write_onnx(const Export& model, const std::string& path) {
    const Bytes bytes = onnx_bytes(model);
    write_file(path, bytes.data(), bytes.size());
    return {path};
}

}  // namespace

const Format kOnnxFormat{
    "onnx", {".onnx"}, "an ONNX model", read_onnx, write_onnx, "protobuf " NUTSHELL_PROTOBUF, ""};
#else
const Format kOnnxFormat{"onnx",
                         {".onnx"},
                         "an ONNX model",
                         nullptr,
                         nullptr,
                         "",
                         "libprotobuf-dev and protobuf-compiler"};
#endif

}  // namespace nutshell::tools
