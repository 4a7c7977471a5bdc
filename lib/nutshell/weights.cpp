// SPDX-License-Identifier: MIT
// Reader of .nut files, whoever wrote them.
#include "nut_format.hpp"

namespace nutshell {
namespace {

using namespace format;

bool all_zero(const uint8_t* bytes, uint32_t size) noexcept {
    uint8_t any = 0;
    for (uint32_t i = 0; i < size; i++) any = static_cast<uint8_t>(any | bytes[i]);
    return any == 0;
}

Status check_header(const uint8_t* bytes, size_t size) noexcept {
    if (size < kHeaderBytes) return Status::truncated;
    if (read32(bytes + header::magic) != kMagic) return Status::bad_magic;
    if (read32(bytes + header::crc) != crc32c(0, bytes, header::crc)) return Status::bad_header;
    if (bytes[header::major] != kMajor) return Status::bad_version;
    if (read32(bytes + header::required) != 0) return Status::unsupported;
    if (bytes[header::type] > static_cast<uint8_t>(NumberType::int4)) return Status::unsupported;
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
        if (!known(static_cast<Packing>(record[section::packing]))) return Status::unsupported;
        if (crc32c(0, bytes + offset, padded) != read32(record + section::crc)) {
            return Status::bad_checksum;
        }
        if (!all_zero(bytes + offset + size, padded - size)) return Status::bad_section;
        expected = offset + padded;
    }
    return expected == file_size ? Status::ok : Status::bad_section;
}

/// The first section's packing, which all others must repeat.
Form form_of(const uint8_t* bytes) noexcept {
    return {static_cast<NumberType>(bytes[header::type]),
            static_cast<Packing>(section_at(bytes, 0)[section::packing])};
}

/// A section, of which there are so many, is the one that is needed.
Status check_section(const uint8_t* bytes, uint32_t index, Form form,
                     const Section& expected) noexcept {
    const uint8_t* record = section_at(bytes, index);
    if (record[section::role] != static_cast<uint8_t>(expected.role)) return Status::bad_section;
    if (record[section::type] != static_cast<uint8_t>(expected.type)) return Status::unsupported;
    if (record[section::packing] != static_cast<uint8_t>(form.packing)) return Status::bad_section;
    return read32(record + section::bytes) == expected.bytes ? Status::ok : Status::bad_section;
}

/// How a quantized layer is whose weights are in section `first`: by a single multiplier when that
/// section holds no more.
LayerForm form_of_layer(const uint8_t* bytes, uint32_t first) noexcept {
    const uint8_t* weight = section_at(bytes, first);
    return {read32(weight + 2 * kSectionBytes + section::bytes) > 4,
            weight[section::type] == static_cast<uint8_t>(Type::int4)};
}

/// What has no meaning in a layer's record is zero.
bool rest_is_zero(const uint8_t* record, NumberType numbers) noexcept {
    const uint32_t reserved =
        numbers == NumberType::float32 ? layer::quantization : layer::reserved;
    return read16(record + layer::unused) == 0 &&
           all_zero(record + layer::window, layer::weight - layer::window) &&
           (read16(record + layer::in_meaning + 6) | read16(record + layer::sum_meaning + 6) |
            read16(record + layer::out_meaning + 6)) == 0 &&
           all_zero(record + reserved, kLayerBytes - reserved);
}

/// The codes that a layer reads mean what those that the layer before it writes do.
bool reads_what_the_last_wrote(const uint8_t* record) noexcept {
    const uint8_t* last = record - kLayerBytes + layer::out_meaning;
    const uint8_t* now = record + layer::in_meaning;
    return read32(last) == read32(now) && read32(last + 4) == read32(now + 4);
}

/// The sections of a layer are those from `next_section` on, which it moves forward.
Status check_layer(const uint8_t* bytes, const uint8_t* record, const Row& row, Form form,
                   uint32_t& next_section) noexcept {
    const uint32_t count = section_count(row, form);
    if (next_section + count > read16(bytes + header::sections)) return Status::bad_section;
    LayerForm layer_form{};
    if (form.numbers != NumberType::float32) {
        layer_form = form_of_layer(bytes, next_section);
        if (layer_form.int4 && form.numbers != NumberType::int4) return Status::unsupported;
        if (read16(record + layer::table) != table_section(next_section, count)) {
            return Status::bad_section;
        }
    }
    if (read16(record + layer::weight) != next_section ||
        read16(record + layer::bias) != next_section + 1) {
        return Status::bad_section;
    }
    for (uint32_t i = 0; i < count; i++, next_section++) {
        const Section expected = section_of(row, form, layer_form, i);
        const Status status = check_section(bytes, next_section, form, expected);
        if (status != Status::ok) return status;
    }
    return Status::ok;
}

/// The bytes of a section.
const uint8_t* data_of(const uint8_t* bytes, uint32_t index) noexcept {
    return bytes + read32(section_at(bytes, index) + section::offset);
}

/// Behind the layers comes at most a self-test.
Status check_rest(const uint8_t* bytes, uint32_t index, Form form) noexcept {
    const uint32_t count = read16(bytes + header::sections);
    if (index == count) return Status::ok;
    if (index + 1 != count) return Status::bad_section;
    const Section expected{Role::self_test, Type::int32, kSelfTestBytes};
    const Status status = check_section(bytes, index, form, expected);
    if (status != Status::ok || form.numbers == NumberType::float32) return status;
    const uint8_t* answer = bytes + read32(section_at(bytes, index) + section::offset);
    return all_zero(answer + 4, kSelfTestBytes - 4) ? Status::ok : Status::bad_section;
}

/// (Apart from its caller for size: branches reach further in small functions.)
[[gnu::noinline]] Status check_layers(const uint8_t* bytes) noexcept {
    const uint32_t count = read16(bytes + header::layers);
    const Form form = form_of(bytes);
    if (form.numbers == NumberType::float32 && form.packing != Packing::canonical) {
        return Status::unsupported;
    }
    uint32_t next_section = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t* record = layer_at(bytes, i);
        const Row& row = row_at(record);
        if (!valid(row, read32(record + layer::slope))) return Status::bad_layer;
        if (i > 0 && !meets(row_at(record - kLayerBytes).out, row.in)) return Status::bad_layer;
        if (!rest_is_zero(record, form.numbers)) return Status::bad_layer;
        const Status status = check_layer(bytes, record, row, form, next_section);
        if (status != Status::ok) return status;
    }
    return check_rest(bytes, next_section, form);
}

uint32_t fingerprint_in(const uint8_t* bytes) noexcept {
    const uint8_t head[2] = {bytes[header::layers], bytes[header::code_layer]};
    uint32_t crc = crc32c(0, head, sizeof head);
    const uint32_t count = read16(bytes + header::layers);
    for (uint32_t i = 0; i < count; i++) crc = crc32c(crc, layer_at(bytes, i), kRowBytes);
    return crc;
}

}  // namespace

bool all_finite(const float* x, int32_t n) noexcept { return kernels::all_finite(n, x); }

uint32_t File::size() const noexcept { return read32(bytes_ + header::file_size); }
uint32_t File::fingerprint() const noexcept { return read32(bytes_ + header::fingerprint); }
uint32_t File::model_id() const noexcept { return read32(bytes_ + header::model_id); }
uint32_t File::parent_id() const noexcept { return read32(bytes_ + header::parent_id); }
int File::layer_count() const noexcept {
    return bytes_ ? static_cast<int>(read16(bytes_ + header::layers)) : 0;
}
int File::code_layer() const noexcept {
    return static_cast<int>(read16(bytes_ + header::code_layer));
}
NumberType File::type() const noexcept { return form_of(bytes_).numbers; }
Packing File::packing() const noexcept { return form_of(bytes_).packing; }

Row File::row(int layer) const noexcept {
    return row_at(layer_at(bytes_, static_cast<uint32_t>(layer)));
}

Tensors File::tensors(int layer) const noexcept {
    const uint8_t* record = layer_at(bytes_, static_cast<uint32_t>(layer));
    const uint32_t first = read16(record + layer::weight);
    return {reinterpret_cast<const float*>(data_of(bytes_, first)),
            reinterpret_cast<const float*>(data_of(bytes_, first + 1))};
}

Int8Tensors File::int8_tensors(int layer) const noexcept {
    const uint8_t* record = layer_at(bytes_, static_cast<uint32_t>(layer));
    const uint32_t first = read16(record + layer::weight), table = read16(record + layer::table);
    const LayerForm form = form_of_layer(bytes_, first);
    return {reinterpret_cast<const int8_t*>(data_of(bytes_, first)),
            reinterpret_cast<const int32_t*>(data_of(bytes_, first + 1)),
            reinterpret_cast<const int32_t*>(data_of(bytes_, first + 2)),
            reinterpret_cast<const int8_t*>(data_of(bytes_, first + 3)),
            table == 0 ? nullptr : reinterpret_cast<const int8_t*>(data_of(bytes_, table)),
            packing(),
            form.per_output,
            form.int4,
            quantization_at(record + layer::in_meaning),
            quantization_at(record + layer::sum_meaning),
            quantization_at(record + layer::out_meaning)};
}

const uint8_t* File::self_test() const noexcept {
    const uint32_t last = read16(bytes_ + header::sections) - 1;
    const uint8_t* record = section_at(bytes_, last);
    if (record[section::role] != static_cast<uint8_t>(Role::self_test)) return nullptr;
    return bytes_ + read32(record + section::offset);
}

Status check_layout(const void* data, size_t size, File& file) noexcept {
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
    return Status::ok;
}

Status check_float32(const File& file) noexcept {
    for (int i = 0; i < file.layer_count(); i++) {
        const TensorSizes sizes = tensor_sizes(file.row(i));
        const Tensors tensors = file.tensors(i);
        if (!all_finite(tensors.weight, sizes.weight) || !all_finite(tensors.bias, sizes.bias)) {
            return Status::non_finite_weights;
        }
    }
    return Status::ok;
}

template <Status (*CheckLayer)(const Row&, const Int8Tensors&)>
Status File::check_layers() const noexcept {
    for (int i = 0; i < layer_count(); i++) {
        const uint8_t* record = layer_at(bytes_, static_cast<uint32_t>(i));
        if (i > 0 && !reads_what_the_last_wrote(record)) return Status::bad_quantization;
        const Int8Tensors tensors = int8_tensors(i);
        const Status status = CheckLayer(row_at(record), tensors);
        if (status != Status::ok) return status;
    }
    return Status::ok;
}

Status check_int8(const File& file) noexcept { return file.check_layers<check_quantized_int8>(); }

Status check_int4(const File& file) noexcept { return file.check_layers<check_quantized>(); }

Status check(const void* data, size_t size, File& file) noexcept {
    File view;
    Status status = check_layout(data, size, view);
    if (status != Status::ok) return status;
    status = view.type() == NumberType::float32 ? check_float32(view) : check_int4(view);
    if (status == Status::ok) file = view;
    return status;
}

}  // namespace nutshell
