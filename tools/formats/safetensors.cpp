// SPDX-License-Identifier: MIT
// safetensors: eight bytes of length, a JSON header of names, types, shapes and offsets, then the
// bytes of the arrays. Ours say their layer list in the header's metadata.
#include "formats.hpp"
#include "json_text.hpp"
#include "tensor_files.hpp"
#include "tensor_model.hpp"
#include "tools/atomic_file.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kMaxHeader = 100'000'000;  // the format's own limit

ElementType element_type(const std::string& name, const std::string& where) {
    if (name == "F32") return ElementType::float32;
    if (name == "F16") return ElementType::float16;
    if (name == "BF16") return ElementType::bfloat16;
    if (name == "F64") return ElementType::float64;
    throw Error(where + " has elements of type " + in_quotes(name) +
                "; save it as floats (F32, F16, BF16 or F64)");
}

Tensor read_tensor(const std::string& name, const Json& entry, ByteView data,
                   const std::string& path) {
    const std::string where = path + ": array " + in_quotes(name);
    const ElementType type = element_type(text_member(entry, "dtype"), where);
    Tensor tensor{name, {}, {}};
    for (const Json& side : member(entry, "shape")) {
        if (!side.is_number_unsigned()) throw Error(where + " has no shape; save it again");
        tensor.shape.push_back(side.get<uint64_t>());
    }
    const Json& offsets = member(entry, "data_offsets");
    if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
        !offsets[1].is_number_unsigned()) {
        throw Error(where + " has no offsets; save it again");
    }
    const auto begin = offsets[0].get<uint64_t>(), end = offsets[1].get<uint64_t>();
    const uint64_t size = element_count(tensor.shape, where) * element_bytes(type);
    if (begin > end || end > data.size || end - begin != size) {
        throw Error(where + " of shape " + text_of(tensor.shape) + " does not fit its bytes " +
                    std::to_string(begin) + " to " + std::to_string(end) + "; save it again");
    }
    tensor.values = to_floats(type, {data.data + begin, static_cast<size_t>(size)});
    return tensor;
}

}  // namespace

SourceModel safetensors_source(ByteView file, const std::string& layers, const std::string& path) {
    const uint64_t length = file.size < kLengthBytes ? 0 : little_endian(file.data, kLengthBytes);
    if (length < 2 || length > kMaxHeader || length > file.size - kLengthBytes) {
        throw Error(path + ": is no safetensors file, or is cut short; save it again");
    }
    const auto header_size = static_cast<size_t>(length);
    const Json header = parse_json({file.data + kLengthBytes, header_size}, path + ": header");
    const size_t body = kLengthBytes + header_size;
    const ByteView data{file.data + body, file.size - body};
    std::string list = layers;
    std::vector<Tensor> tensors;
    if (!header.is_object()) throw Error(path + ": its header is no object; save it again");
    for (const auto& [name, entry] : header.items()) {
        if (is_batch_count(name)) continue;
        if (name != "__metadata__") {
            tensors.push_back(read_tensor(name, entry, data, path));
        } else if (list.empty()) {
            list = text_member(entry, "layers");
        }
    }
    SourceModel source = tensor_source(std::move(tensors), list, path);
    source.format = "safetensors";
    return source;
}

Bytes safetensors_bytes(const Export& model) {
    const std::vector<Tensor> tensors = tensors_of(model);
    Json header;
    header["__metadata__"] = {{"format", "pt"}, {"layers", layers_of(model)}};
    Bytes data;
    for (const Tensor& tensor : tensors) {
        const Bytes bytes = to_bytes(tensor.values);
        header[tensor.name] = {{"dtype", "F32"},
                               {"shape", tensor.shape},
                               {"data_offsets", {data.size(), data.size() + bytes.size()}}};
        data.insert(data.end(), bytes.begin(), bytes.end());
    }
    std::string text = header.dump();
    text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');
    Bytes file;
    for (size_t i = 0; i < kLengthBytes; i++) {
        file.push_back(static_cast<uint8_t>(static_cast<uint64_t>(text.size()) >> 8 * i));
    }
    file.insert(file.end(), text.begin(), text.end());
    file.insert(file.end(), data.begin(), data.end());
    return file;
}

namespace {

Imported read_safetensors(const std::string& path, const ImportOptions& options) {
    return lower(safetensors_source(view(read_file(path)), options.layers, path), options);
}

std::vector<std::string> write_safetensors(const Export& model, const std::string& path) {
    const Bytes file = safetensors_bytes(model);
    write_file(path, file.data(), file.size());
    return {path};
}

}  // namespace

const Format kSafetensorsFormat{"safetensors",
                                {".safetensors"},
                                "a safetensors file",
                                read_safetensors,
                                write_safetensors,
                                "",
                                ""};

}  // namespace nutshell::tools
