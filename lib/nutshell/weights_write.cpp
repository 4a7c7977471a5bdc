// SPDX-License-Identifier: MIT
// Writer of .nut files.
#include "nut_format.hpp"

namespace nutshell {
namespace {

using namespace format;

Form form_of(const FileContents& contents) noexcept {
    if (!contents.int8_tensors) return {NumberType::float32, Packing::canonical};
    bool any_int4 = false;
    for (int i = 0; i < contents.layer_count; i++) any_int4 |= contents.int8_tensors[i].int4;
    return {any_int4 ? NumberType::int4 : NumberType::int8, contents.int8_tensors[0].packing};
}

/// Vector loads of floats like whole cache lines; int8 files are for flash.
uint32_t align_log2_of(Form form) noexcept { return form.numbers == NumberType::float32 ? 6 : 4; }

/// The sections of layer i and where their bytes are.
struct LayerData {
    uint32_t count;
    Section sections[kMaxLayerSections];
    const void* bytes[kMaxLayerSections];
};

LayerData data_of(const FileContents& contents, int i) noexcept {
    const Row& row = contents.rows[i];
    const Form form = form_of(contents);
    LayerData data{section_count(row, form), {}, {}};
    LayerForm layer{};
    if (contents.int8_tensors) {
        layer = {contents.int8_tensors[i].per_output, contents.int8_tensors[i].int4};
    }
    for (uint32_t s = 0; s < data.count; s++) data.sections[s] = section_of(row, form, layer, s);
    if (contents.int8_tensors) {
        const Int8Tensors& tensors = contents.int8_tensors[i];
        const void* bytes[] = {tensors.weight, tensors.bias, tensors.multiplier, tensors.shift,
                               tensors.table};
        memcpy(data.bytes, weight_matrix(row).outputs > 0 ? bytes : bytes + kMaxLayerSections - 1,
               data.count * sizeof *bytes);
    } else {
        const Tensors& tensors = contents.tensors[i];
        for (uint32_t s = 0; s < data.count; s++) {
            const Role role = data.sections[s].role;
            data.bytes[s] = role == Role::weight ? tensors.weight
                            : role == Role::bias ? tensors.bias
                                                 : tensors.state;
        }
    }
    return data;
}

uint32_t section_count(const FileContents& contents) noexcept {
    uint32_t count = contents.self_test ? 1 : 0;
    for (int i = 0; i < contents.layer_count; i++) count += data_of(contents, i).count;
    return count;
}

/// Fills the record of one section and its bytes at `offset`; returns the offset behind it.
uint32_t write_section(uint8_t* out, uint32_t index, uint32_t offset, const Section& section,
                       Packing packing, const void* data) noexcept {
    const uint32_t padded = align(section.bytes, 1u << out[header::align_log2]);
    memcpy(out + offset, data, section.bytes);
    memset(out + offset + section.bytes, 0, padded - section.bytes);
    uint8_t* record = out + read32(out + header::section_table) + index * kSectionBytes;
    write32(record + section::offset, offset);
    write32(record + section::bytes, section.bytes);
    record[section::type] = static_cast<uint8_t>(section.type);
    record[section::role] = static_cast<uint8_t>(section.role);
    record[section::packing] = static_cast<uint8_t>(packing);
    write32(record + section::crc, crc32c(0, out + offset, padded));
    return offset + padded;
}

void write_header(const FileContents& contents, uint32_t total, uint8_t* out) noexcept {
    const uint32_t layers = static_cast<uint32_t>(contents.layer_count);
    const Form form = form_of(contents);
    write32(out + header::magic, kMagic);
    write16(out + header::size, kHeaderBytes);
    out[header::major] = kMajor;
    out[header::minor] = kMinor;
    write32(out + header::file_size, total);
    write16(out + header::layers, layers);
    write16(out + header::sections, section_count(contents));
    write32(out + header::layer_table, kHeaderBytes);
    write32(out + header::section_table, kHeaderBytes + layers * kLayerBytes);
    write32(out + header::fingerprint,
            fingerprint_of(contents.rows, contents.layer_count, contents.code_layer));
    write32(out + header::model_id, contents.model_id ? contents.model_id : model_id(contents));
    write32(out + header::parent_id, contents.parent_id);
    out[header::align_log2] = static_cast<uint8_t>(align_log2_of(form));
    out[header::type] = static_cast<uint8_t>(form.numbers);
    write16(out + header::code_layer, static_cast<uint32_t>(contents.code_layer));
}

void write_meaning(Quantization quantization, uint8_t* at) noexcept {
    write32(at, bits_of(quantization.scale));
    at[4] = static_cast<uint8_t>(quantization.zero_point);
    at[5] = quantization.unused_bits;
}

/// The record of layer i, whose sections begin with number `first`.
void write_layer(const FileContents& contents, int i, uint32_t first, uint8_t* record) noexcept {
    const RowBytes row = canonical_bytes(contents.rows[i]);
    memcpy(record, row.at, sizeof row.at);
    const WeightSections sections = weight_sections(contents.rows[i], form_of(contents), first);
    write16(record + layer::weight, sections.weight);
    write16(record + layer::bias, sections.bias);
    if (!contents.int8_tensors) return;
    write_meaning(contents.int8_tensors[i].in, record + layer::in_meaning);
    write_meaning(contents.int8_tensors[i].sum, record + layer::sum_meaning);
    write_meaning(contents.int8_tensors[i].out, record + layer::out_meaning);
    const uint32_t count = section_count(contents.rows[i], form_of(contents));
    write16(record + layer::table, table_section(contents.rows[i], first, count));
}

Status check_tensors(const FileContents& contents, int i) noexcept {
    const LayerData data = data_of(contents, i);
    for (uint32_t s = 0; s < data.count; s++) {
        if (!data.bytes[s]) return Status::null_argument;
    }
    if (contents.int8_tensors) {
        const Int8Tensors* tensors = contents.int8_tensors + i;
        const bool chained = i == 0 || (tensors->packing == tensors[-1].packing &&
                                        same(tensors[-1].out, tensors->in));
        return chained ? check_quantized(contents.rows[i], *tensors) : Status::bad_quantization;
    }
    const TensorSizes sizes = tensor_sizes(contents.rows[i]);
    const Tensors& tensors = contents.tensors[i];
    const bool finite = all_finite(tensors.weight, sizes.weight) &&
                        all_finite(tensors.bias, sizes.bias) &&
                        all_finite(tensors.state, sizes.state);
    return finite ? Status::ok : Status::non_finite_weights;
}

Status check_contents(const FileContents& contents) noexcept {
    if (!contents.rows || (!contents.tensors && !contents.int8_tensors)) {
        return Status::null_argument;
    }
    if (file_size(contents) == 0) return Status::bad_layer;
    if (contents.code_layer < 0 || contents.code_layer > contents.layer_count) {
        return Status::bad_layer;
    }
    for (int i = 0; i < contents.layer_count; i++) {
        const Status status = check_tensors(contents, i);
        if (status != Status::ok) return status;
    }
    return Status::ok;
}

}  // namespace

size_t file_size(const FileContents& contents) noexcept {
    const Row* rows = contents.rows;
    if (!rows || contents.layer_count < 1 || contents.layer_count > kMaxLayers) return 0;
    for (int i = 0; i < contents.layer_count; i++) {
        if (!valid(rows[i]) || !finds_weights(rows, i) ||
            (contents.int8_tensors && !has_int8(rows[i].kind)) ||
            (i > 0 && !meets(rows[i - 1].out, rows[i].in)))
            return 0;
    }
    if (section_count(contents) == 0) return 0;
    const uint32_t alignment = 1u << align_log2_of(form_of(contents));
    const uint32_t layers = static_cast<uint32_t>(contents.layer_count);
    const uint32_t tables =
        kHeaderBytes + layers * kLayerBytes + section_count(contents) * kSectionBytes;
    uint32_t size = align(tables, alignment);
    for (int i = 0; i < contents.layer_count; i++) {
        const LayerData data = data_of(contents, i);
        for (uint32_t s = 0; s < data.count; s++) size += align(data.sections[s].bytes, alignment);
        if (size > kMaxFileBytes) return 0;
    }
    return size + (contents.self_test ? align(kSelfTestBytes, alignment) : 0);
}

size_t file_size(const Row* rows, int layer_count) noexcept {
    const Tensors none[kMaxLayers] = {};
    return file_size({rows, layer_count, 0, none});
}

uint32_t model_id(const FileContents& contents) noexcept {
    uint32_t crc = fingerprint_of(contents.rows, contents.layer_count, contents.code_layer);
    for (int i = 0; i < contents.layer_count; i++) {
        const LayerData data = data_of(contents, i);
        for (uint32_t s = 0; s < data.count; s++) {
            crc = crc32c(crc, static_cast<const uint8_t*>(data.bytes[s]), data.sections[s].bytes);
        }
    }
    return crc;
}

Status write(const FileContents& contents, void* out, size_t capacity, size_t& written) noexcept {
    written = 0;
    const Status status = check_contents(contents);
    if (status != Status::ok) return status;
    if (!out) return Status::null_argument;
    if (!little_endian()) return Status::wrong_endianness;
    const size_t total = file_size(contents);
    if (capacity < total) return Status::buffer_too_small;

    uint8_t* bytes = static_cast<uint8_t*>(out);
    const Form form = form_of(contents);
    memset(bytes, 0, kHeaderBytes);
    write_header(contents, static_cast<uint32_t>(total), bytes);
    uint32_t offset = first_section(bytes), index = 0;
    memset(bytes + kHeaderBytes, 0, offset - kHeaderBytes);
    for (int i = 0; i < contents.layer_count; i++) {
        uint8_t* record = bytes + kHeaderBytes + static_cast<uint32_t>(i) * kLayerBytes;
        write_layer(contents, i, index, record);
        const LayerData data = data_of(contents, i);
        for (uint32_t s = 0; s < data.count; s++, index++) {
            offset =
                write_section(bytes, index, offset, data.sections[s], form.packing, data.bytes[s]);
        }
    }
    if (contents.self_test) {
        const Section section{Role::self_test, Type::int32, kSelfTestBytes};
        write_section(bytes, index, offset, section, form.packing, contents.self_test);
    }
    write32(bytes + header::tables_crc,
            crc32c(0, bytes + kHeaderBytes, first_section(bytes) - kHeaderBytes));
    write32(bytes + header::crc, crc32c(0, bytes, header::crc));
    written = total;
    return Status::ok;
}

}  // namespace nutshell
