// SPDX-License-Identifier: MIT
// npz: a zip archive of NumPy arrays, as np.savez and np.savez_compressed write it. Ours hold an
// array "layers", the layer list as text.
#include "formats.hpp"
#include "tensor_files.hpp"
#include "tensor_model.hpp"
#include "tools/atomic_file.hpp"
#include "tools/data/npy.hpp"
#include "tools/error.hpp"

#ifdef NUTSHELL_ZIP
#include "zip_archive.hpp"
#endif

namespace nutshell::tools {

#ifdef NUTSHELL_ZIP
namespace {

constexpr char kLayers[] = "layers";

ElementType element_type(const std::string& type, const std::string& where) {
    if (type == "<f4") return ElementType::float32;
    if (type == "<f8") return ElementType::float64;
    if (type == "<f2") return ElementType::float16;
    throw Error(where + ": dtype " + in_quotes(type) +
                " cannot be read; save it with np.asarray(x, dtype=np.float32)");
}

/// Row-major values from those of a column-major matrix.
void turn_if_fortran(const NpyHeader& header, Tensor& tensor, const std::string& where) {
    if (!header.fortran || tensor.shape.size() < 2) return;
    if (tensor.shape.size() > 2) {
        throw Error(where + ": is in Fortran order; save it with np.ascontiguousarray(x)");
    }
    tensor.values = transposed(tensor.values, static_cast<size_t>(tensor.shape[1]),
                               static_cast<size_t>(tensor.shape[0]));
}

Tensor read_array(const std::string& name, ByteView file, const std::string& where) {
    size_t body = 0;
    const NpyHeader header = read_npy_header(file, where, body);
    const ElementType type = element_type(header.type, where);
    Tensor tensor{name, header.sides, {}};
    const size_t size = element_count(header.sides, where) * element_bytes(type);
    if (file.size - body != size) {
        throw Error(where + ": the npy header promises " + std::to_string(size) + " bytes, but " +
                    std::to_string(file.size - body) + " follow; save it again");
    }
    tensor.values = to_floats(type, {file.data + body, size});
    turn_if_fortran(header, tensor, where);
    return tensor;
}

/// A text as NumPy keeps it: four bytes a character. What is not ASCII is no layer list.
std::string read_text(ByteView file, const std::string& where) {
    size_t body = 0;
    const NpyHeader header = read_npy_header(file, where, body);
    if (header.type.rfind("<U", 0) != 0 || !header.sides.empty()) {
        throw Error(where + ": is no text; store the layer list as np.array('784,24:relu,784')");
    }
    std::string text;
    for (size_t at = body; at + 4 <= file.size; at += 4) {
        const uint64_t character = little_endian(file.data + at, 4);
        if (character == 0) break;
        text += character < 127 ? static_cast<char>(character) : '?';
    }
    return text;
}

Bytes text_array(const std::string& text) {
    const std::string head = npy_head("<U" + std::to_string(text.size()), {});
    Bytes bytes(head.begin(), head.end());
    for (const char character : text) {
        const uint8_t low = static_cast<uint8_t>(character);
        bytes.insert(bytes.end(), {low, 0, 0, 0});
    }
    return bytes;
}

}  // namespace

SourceModel npz_source(ByteView file, const std::string& layers, const std::string& path) {
    const ZipArchive archive(file, path);
    std::vector<Tensor> tensors;
    std::string list = layers;
    for (const std::string& member : archive.names()) {
        const std::string where = path + ": " + printable(member);
        const size_t end = member.rfind(".npy");
        if (end == std::string::npos || end + 4 != member.size()) {
            throw Error(where + ": is no array; an .npz file holds .npy files alone");
        }
        const std::string name = member.substr(0, end);
        if (is_batch_count(name)) continue;
        const Bytes content = archive.read(member);
        if (name != kLayers) {
            tensors.push_back(read_array(name, view(content), where));
        } else if (list.empty()) {
            list = read_text(view(content), where);
        }
    }
    SourceModel source = tensor_source(std::move(tensors), list, path);
    source.format = "npz";
    return source;
}

Bytes npz_bytes(const Export& model) {
    std::vector<ZipMember> members;
    for (const Tensor& tensor : tensors_of(model)) {
        const std::string head = npy_head("<f4", tensor.shape);
        Bytes content(head.begin(), head.end());
        const Bytes values = to_bytes(tensor.values);
        content.insert(content.end(), values.begin(), values.end());
        members.push_back({tensor.name + ".npy", std::move(content)});
    }
    members.push_back({std::string(kLayers) + ".npy", text_array(layers_of(model))});
    return zip_archive(members);
}

namespace {

Imported read_npz(const std::string& path, const ImportOptions& options) {
    return lower(npz_source(view(read_file(path)), options.layers, path), options);
}

std::vector<std::string> write_npz(const Export& model, const std::string& path) {
    const Bytes file = npz_bytes(model);
    write_file(path, file.data(), file.size());
    return {path};
}

}  // namespace

const Format kNpzFormat{
    "npz", {".npz"}, "NumPy arrays", read_npz, write_npz, "libzip " NUTSHELL_ZIP, ""};
#else
const Format kNpzFormat{"npz", {".npz"}, "NumPy arrays", nullptr, nullptr, "", "libzip-dev"};
#endif

}  // namespace nutshell::tools
