// SPDX-License-Identifier: MIT
// Reader and writer of .nut files. Every offset of the format is named once, here.
#include "weights.hpp"

#include <string.h>

namespace nutshell {
namespace {

constexpr uint32_t kMagic = 0x3154554Eu;  // "NUT1"
constexpr uint32_t kHeaderBytes = 64, kLayerBytes = 80, kSectionBytes = 16;
constexpr uint32_t kMaxFileBytes = 1u << 27;
constexpr uint32_t kMaxSections = 128;
constexpr uint8_t kMajor = 1, kMinor = 0;
constexpr uint8_t kAlignLog2 = 6;
constexpr uint8_t kFloat32 = 0;

namespace header {
enum : uint32_t {
    magic = 0,
    size = 4,
    major = 6,
    minor = 7,
    file_size = 8,
    required = 12,
    optional = 16,
    layers = 20,
    sections = 22,
    layer_table = 24,
    section_table = 28,
    fingerprint = 32,
    model_id = 36,
    parent_id = 40,
    align_log2 = 44,
    type = 45,
    code_layer = 46,
    reserved = 48,
    tables_crc = 56,
    crc = 60
};
}
namespace layer {
enum : uint32_t {
    kind = 0,
    activation = 1,
    in = 4,
    out = 16,
    slope = 28,
    weight = 48,
    bias = 50,
    quantization = 52
};
}
namespace section {
enum : uint32_t {
    offset = 0,
    bytes = 4,
    type = 8,
    role = 9,
    packing = 10,
    reserved = 11,
    crc = 12
};
}

enum class Role : uint8_t { weight = 1, bias = 2 };

uint32_t read16(const uint8_t* at) noexcept {
    return static_cast<uint32_t>(at[0]) | static_cast<uint32_t>(at[1]) << 8;
}
uint32_t read32(const uint8_t* at) noexcept { return read16(at) | read16(at + 2) << 16; }

uint32_t bits_of(float value) noexcept {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

void write16(uint8_t* at, uint32_t value) noexcept {
    at[0] = static_cast<uint8_t>(value);
    at[1] = static_cast<uint8_t>(value >> 8);
}
void write32(uint8_t* at, uint32_t value) noexcept {
    write16(at, value);
    write16(at + 2, value >> 16);
}

bool all_zero(const uint8_t* bytes, uint32_t size) noexcept {
    uint8_t any = 0;
    for (uint32_t i = 0; i < size; i++) any = static_cast<uint8_t>(any | bytes[i]);
    return any == 0;
}

bool little_endian() noexcept {
    const uint16_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    return first == 1;
}

constexpr uint32_t align(uint32_t n, uint32_t alignment) noexcept {
    return (n + alignment - 1) / alignment * alignment;
}

const uint8_t* layer_at(const uint8_t* bytes, uint32_t index) noexcept {
    return bytes + kHeaderBytes + index * kLayerBytes;
}
const uint8_t* section_at(const uint8_t* bytes, uint32_t index) noexcept {
    return bytes + read32(bytes + header::section_table) + index * kSectionBytes;
}

Shape read_shape(const uint8_t* at) noexcept {
    return {static_cast<int32_t>(read32(at)), static_cast<int32_t>(read32(at + 4)),
            static_cast<int32_t>(read32(at + 8))};
}

Row read_row(const uint8_t* record) noexcept {
    Row row{static_cast<Kind>(record[layer::kind]),
            static_cast<Activation>(record[layer::activation]), read_shape(record + layer::in),
            read_shape(record + layer::out), 0.0f};
    const uint32_t slope = read32(record + layer::slope);
    memcpy(&row.slope, &slope, sizeof row.slope);
    return row;
}

/// to_bytes(row) without arithmetic on doubles. A slope of minus zero becomes zero.
RowBytes canonical_bytes(const Row& row) noexcept {
    return to_bytes(row, row.slope == 0.0f ? 0u : bits_of(row.slope));
}

Status check_header(const uint8_t* bytes, size_t size) noexcept {
    if (size < kHeaderBytes) return Status::truncated;
    if (read32(bytes + header::magic) != kMagic) return Status::bad_magic;
    if (read32(bytes + header::crc) != crc32c(0, bytes, header::crc)) return Status::bad_header;
    if (bytes[header::major] != kMajor) return Status::bad_version;
    if (read32(bytes + header::required) != 0) return Status::unsupported;
    if (bytes[header::type] != kFloat32) return Status::unsupported;
    const uint32_t file_size = read32(bytes + header::file_size);
    if (file_size > kMaxFileBytes || file_size % kFileAlignment != 0) return Status::bad_header;
    if (file_size > size) return Status::truncated;
    const uint32_t layers = read16(bytes + header::layers);
    const uint32_t sections = read16(bytes + header::sections);
    const uint32_t align_log2 = bytes[header::align_log2];
    const bool plausible =
        read16(bytes + header::size) == kHeaderBytes && layers >= 1 && layers <= kMaxLayers &&
        sections >= 1 && sections <= kMaxSections && align_log2 >= 4 && align_log2 <= 6 &&
        read16(bytes + header::code_layer) <= layers &&
        read32(bytes + header::layer_table) == kHeaderBytes &&
        read32(bytes + header::section_table) == kHeaderBytes + layers * kLayerBytes &&
        all_zero(bytes + header::reserved, header::tables_crc - header::reserved);
    return plausible ? Status::ok : Status::bad_header;
}

uint32_t tables_end(const uint8_t* bytes) noexcept {
    return read32(bytes + header::section_table) + read16(bytes + header::sections) * kSectionBytes;
}

uint32_t first_section(const uint8_t* bytes) noexcept {
    return align(tables_end(bytes), 1u << bytes[header::align_log2]);
}

Status check_tables(const uint8_t* bytes) noexcept {
    const uint32_t file_size = read32(bytes + header::file_size);
    const uint32_t begin = first_section(bytes), end = tables_end(bytes);
    if (begin > file_size) return Status::bad_section;
    const uint32_t crc = crc32c(0, bytes + kHeaderBytes, begin - kHeaderBytes);
    if (crc != read32(bytes + header::tables_crc)) return Status::bad_checksum;
    return all_zero(bytes + end, begin - end) ? Status::ok : Status::bad_section;
}

/// Sections lie behind each other without a hole, and each one's CRC is right.
Status check_sections(const uint8_t* bytes) noexcept {
    const uint32_t file_size = read32(bytes + header::file_size);
    const uint32_t count = read16(bytes + header::sections);
    const uint32_t alignment = 1u << bytes[header::align_log2];
    uint32_t expected = first_section(bytes);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t* record = section_at(bytes, i);
        const uint32_t offset = read32(record + section::offset);
        const uint32_t size = read32(record + section::bytes);
        if (offset != expected || size == 0 || size > file_size - offset)
            return Status::bad_section;
        const uint32_t padded = align(size, alignment);
        if (padded > file_size - offset) return Status::bad_section;
        if (record[section::reserved] != 0) return Status::bad_section;
        if (record[section::packing] != 0) return Status::unsupported;
        if (crc32c(0, bytes + offset, padded) != read32(record + section::crc)) {
            return Status::bad_checksum;
        }
        if (!all_zero(bytes + offset + size, padded - size)) return Status::bad_section;
        expected = offset + padded;
    }
    return expected == file_size ? Status::ok : Status::bad_section;
}

/// One tensor of a layer: the next section in order, of the right role, type and size, finite.
Status check_tensor(const uint8_t* bytes, uint32_t index, uint32_t expected_index, Role role,
                    int32_t elements) noexcept {
    if (index != expected_index || index >= read16(bytes + header::sections)) {
        return Status::bad_section;
    }
    const uint8_t* record = section_at(bytes, index);
    if (record[section::role] != static_cast<uint8_t>(role)) return Status::bad_section;
    if (record[section::type] != kFloat32) return Status::unsupported;
    const uint32_t size = read32(record + section::bytes);
    if (size % 4 != 0 || size / 4 != static_cast<uint32_t>(elements)) return Status::bad_section;
    const float* values = reinterpret_cast<const float*>(bytes + read32(record + section::offset));
    return all_finite(values, elements) ? Status::ok : Status::non_finite_weights;
}

Status check_layers(const uint8_t* bytes) noexcept {
    const uint32_t count = read16(bytes + header::layers);
    uint32_t next_section = 0;
    Shape previous{};
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t* record = layer_at(bytes, i);
        const Row row = read_row(record);
        if (!valid(row) || (i > 0 && !meets(previous, row.in))) return Status::bad_layer;
        const RowBytes canonical = canonical_bytes(row);
        if (memcmp(record, canonical.at, sizeof canonical.at) != 0 ||
            !all_zero(record + layer::quantization, kLayerBytes - layer::quantization)) {
            return Status::bad_layer;
        }
        const TensorSizes sizes = tensor_sizes(row);
        Status status = check_tensor(bytes, read16(record + layer::weight), next_section,
                                     Role::weight, sizes.weight);
        if (status != Status::ok) return status;
        status = check_tensor(bytes, read16(record + layer::bias), next_section + 1, Role::bias,
                              sizes.bias);
        if (status != Status::ok) return status;
        next_section += 2;
        previous = row.out;
    }
    return next_section == read16(bytes + header::sections) ? Status::ok : Status::bad_section;
}

uint32_t fingerprint_in(const uint8_t* bytes) noexcept {
    const uint8_t head[2] = {bytes[header::layers], bytes[header::code_layer]};
    uint32_t crc = crc32c(0, head, sizeof head);
    const uint32_t count = read16(bytes + header::layers);
    for (uint32_t i = 0; i < count; i++) crc = crc32c(crc, layer_at(bytes, i), kRowBytes);
    return crc;
}

/// Fills the record of one section and its bytes at `offset`; returns the offset behind it.
uint32_t write_section(uint8_t* out, uint32_t index, uint32_t offset, Role role,
                       const float* values, int32_t elements) noexcept {
    const uint32_t size = static_cast<uint32_t>(elements) * 4;
    const uint32_t padded = align(size, 1u << kAlignLog2);
    memcpy(out + offset, values, size);
    memset(out + offset + size, 0, padded - size);
    uint8_t* record = out + read32(out + header::section_table) + index * kSectionBytes;
    write32(record + section::offset, offset);
    write32(record + section::bytes, size);
    record[section::type] = kFloat32;
    record[section::role] = static_cast<uint8_t>(role);
    write32(record + section::crc, crc32c(0, out + offset, padded));
    return offset + padded;
}

void write_header(const FileContents& contents, uint32_t total, uint8_t* out) noexcept {
    const uint32_t layers = static_cast<uint32_t>(contents.layer_count);
    write32(out + header::magic, kMagic);
    write16(out + header::size, kHeaderBytes);
    out[header::major] = kMajor;
    out[header::minor] = kMinor;
    write32(out + header::file_size, total);
    write16(out + header::layers, layers);
    write16(out + header::sections, layers * 2);
    write32(out + header::layer_table, kHeaderBytes);
    write32(out + header::section_table, kHeaderBytes + layers * kLayerBytes);
    write32(out + header::fingerprint,
            fingerprint_of(contents.rows, contents.layer_count, contents.code_layer));
    write32(out + header::model_id, contents.model_id ? contents.model_id : model_id(contents));
    write32(out + header::parent_id, contents.parent_id);
    out[header::align_log2] = kAlignLog2;
    out[header::type] = kFloat32;
    write16(out + header::code_layer, static_cast<uint32_t>(contents.code_layer));
}

Status check_contents(const FileContents& contents) noexcept {
    if (!contents.rows || !contents.tensors) return Status::null_argument;
    if (file_size(contents.rows, contents.layer_count) == 0) return Status::bad_layer;
    if (contents.code_layer < 0 || contents.code_layer > contents.layer_count) {
        return Status::bad_layer;
    }
    for (int i = 0; i < contents.layer_count; i++) {
        const TensorSizes sizes = tensor_sizes(contents.rows[i]);
        const Tensors& tensors = contents.tensors[i];
        if (!tensors.weight || !tensors.bias) return Status::null_argument;
        if (!all_finite(tensors.weight, sizes.weight) || !all_finite(tensors.bias, sizes.bias)) {
            return Status::non_finite_weights;
        }
    }
    return Status::ok;
}

}  // namespace

bool all_finite(const float* x, int32_t n) noexcept {
    uint32_t bad = 0;
    for (int32_t i = 0; i < n; i++) {
        bad |= static_cast<uint32_t>((bits_of(x[i]) & 0x7F800000u) == 0x7F800000u);
    }
    return bad == 0;
}

Row File::row(int index) const noexcept {
    return read_row(layer_at(bytes_, static_cast<uint32_t>(index)));
}

Tensors File::tensors(int index) const noexcept {
    const uint8_t* record = layer_at(bytes_, static_cast<uint32_t>(index));
    const auto floats = [&](uint32_t field) noexcept {
        const uint8_t* entry = section_at(bytes_, read16(record + field));
        return reinterpret_cast<const float*>(bytes_ + read32(entry + section::offset));
    };
    return {floats(layer::weight), floats(layer::bias)};
}

Status check(const void* data, size_t size, File& file) noexcept {
    if (!data) return Status::null_argument;
    if (reinterpret_cast<uintptr_t>(data) % kFileAlignment != 0) return Status::misaligned;
    if (!little_endian()) return Status::wrong_endianness;
    const uint8_t* bytes = static_cast<const uint8_t*>(data);
    Status status = check_header(bytes, size);
    if (status == Status::ok) status = check_tables(bytes);
    if (status == Status::ok) status = check_sections(bytes);
    if (status == Status::ok) status = check_layers(bytes);
    if (status != Status::ok) return status;
    if (fingerprint_in(bytes) != read32(bytes + header::fingerprint)) return Status::bad_header;
    file.bytes_ = bytes;
    file.size_ = read32(bytes + header::file_size);
    file.fingerprint_ = read32(bytes + header::fingerprint);
    file.model_id_ = read32(bytes + header::model_id);
    file.parent_id_ = read32(bytes + header::parent_id);
    file.layer_count_ = static_cast<int>(read16(bytes + header::layers));
    file.code_layer_ = static_cast<int>(read16(bytes + header::code_layer));
    return Status::ok;
}

size_t file_size(const Row* rows, int layer_count) noexcept {
    if (!rows || layer_count < 1 || layer_count > kMaxLayers) return 0;
    const uint32_t alignment = 1u << kAlignLog2;
    const uint32_t layers = static_cast<uint32_t>(layer_count);
    uint32_t size = align(kHeaderBytes + layers * (kLayerBytes + 2 * kSectionBytes), alignment);
    for (int i = 0; i < layer_count; i++) {
        if (!valid(rows[i]) || (i > 0 && !meets(rows[i - 1].out, rows[i].in))) return 0;
        const TensorSizes sizes = tensor_sizes(rows[i]);
        size += align(static_cast<uint32_t>(sizes.weight) * 4, alignment);
        size += align(static_cast<uint32_t>(sizes.bias) * 4, alignment);
        if (size > kMaxFileBytes) return 0;
    }
    return size;
}

uint32_t model_id(const FileContents& contents) noexcept {
    uint32_t crc = fingerprint_of(contents.rows, contents.layer_count, contents.code_layer);
    for (int i = 0; i < contents.layer_count; i++) {
        const TensorSizes sizes = tensor_sizes(contents.rows[i]);
        const Tensors& tensors = contents.tensors[i];
        crc = crc32c(crc, reinterpret_cast<const uint8_t*>(tensors.weight),
                     static_cast<size_t>(sizes.weight) * 4);
        crc = crc32c(crc, reinterpret_cast<const uint8_t*>(tensors.bias),
                     static_cast<size_t>(sizes.bias) * 4);
    }
    return crc;
}

Status write(const FileContents& contents, void* out, size_t capacity, size_t& written) noexcept {
    written = 0;
    const Status status = check_contents(contents);
    if (status != Status::ok) return status;
    if (!out) return Status::null_argument;
    if (!little_endian()) return Status::wrong_endianness;
    const size_t total = file_size(contents.rows, contents.layer_count);
    if (capacity < total) return Status::buffer_too_small;

    uint8_t* bytes = static_cast<uint8_t*>(out);
    const uint32_t layers = static_cast<uint32_t>(contents.layer_count);
    const uint32_t tables = kHeaderBytes + layers * (kLayerBytes + 2 * kSectionBytes);
    uint32_t offset = align(tables, 1u << kAlignLog2);
    memset(bytes, 0, offset);
    write_header(contents, static_cast<uint32_t>(total), bytes);
    for (uint32_t i = 0; i < layers; i++) {
        uint8_t* record = bytes + kHeaderBytes + i * kLayerBytes;
        const RowBytes row = canonical_bytes(contents.rows[i]);
        memcpy(record, row.at, sizeof row.at);
        write16(record + layer::weight, 2 * i);
        write16(record + layer::bias, 2 * i + 1);
        const TensorSizes sizes = tensor_sizes(contents.rows[i]);
        const Tensors& tensors = contents.tensors[i];
        offset = write_section(bytes, 2 * i, offset, Role::weight, tensors.weight, sizes.weight);
        offset = write_section(bytes, 2 * i + 1, offset, Role::bias, tensors.bias, sizes.bias);
    }
    write32(bytes + header::tables_crc,
            crc32c(0, bytes + kHeaderBytes, first_section(bytes) - kHeaderBytes));
    write32(bytes + header::crc, crc32c(0, bytes, header::crc));
    written = total;
    return Status::ok;
}

}  // namespace nutshell
