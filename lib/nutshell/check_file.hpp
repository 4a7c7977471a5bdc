// SPDX-License-Identifier: MIT
// The check of a .nut file, whoever wrote it, for files of one type of numbers. Each of
// check_float32.cpp, check_int8.cpp, check_int8_dense.cpp and check_int4.cpp is all of it with what
// that type needs, and Row or DenseRow the layers that may be in it.
// (static, so that each compiles it as a whole: it is then a tenth smaller.)
#pragma once
#include "nut_format.hpp"

namespace nutshell {

namespace format {

static inline bool all_zero(const uint8_t* bytes, uint32_t size) noexcept {
    uint8_t any = 0;
    for (uint32_t i = 0; i < size; i++) any = static_cast<uint8_t>(any | bytes[i]);
    return any == 0;
}

static inline Status check_header(const uint8_t* bytes, size_t size) noexcept {
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

static inline uint32_t tables_end(const uint8_t* bytes) noexcept {
    return read32(bytes + header::section_table) + read16(bytes + header::sections) * kSectionBytes;
}

/// The bytes of the tables, padding included, when their CRC is this.
static inline Status check_table_bytes(const uint8_t* bytes, uint32_t crc) noexcept {
    const uint32_t begin = first_section(bytes), end = tables_end(bytes);
    if (crc != read32(bytes + header::tables_crc)) return Status::bad_checksum;
    return all_zero(bytes + end, begin - end) ? Status::ok : Status::bad_section;
}

static inline Status check_tables(const uint8_t* bytes) noexcept {
    const uint32_t begin = first_section(bytes);
    if (begin > read32(bytes + header::file_size)) return Status::bad_section;
    return check_table_bytes(bytes, crc32c(0, bytes + kHeaderBytes, begin - kHeaderBytes));
}

/// What the record of section i says, which has to begin at `begin`; where it ends with its
/// padding.
static inline Status check_section_record(const uint8_t* bytes, uint32_t i, uint32_t begin,
                                          uint32_t& end) noexcept {
    const uint32_t file_size = read32(bytes + header::file_size);
    const uint8_t* record = section_at(bytes, i);
    const uint32_t offset = read32(record + section::offset);
    const uint32_t size = read32(record + section::bytes);
    if (offset != begin || size == 0 || size > file_size - offset) return Status::bad_section;
    const uint32_t padded = align(size, 1u << bytes[header::align_log2]);
    if (padded > file_size - offset) return Status::bad_section;
    if (record[section::reserved] != 0) return Status::bad_section;
    if (!known(static_cast<Packing>(record[section::packing]))) return Status::unsupported;
    end = offset + padded;
    return Status::ok;
}

/// The bytes of section i, which ends there, when their CRC is this.
static inline Status check_section_bytes(const uint8_t* bytes, uint32_t i, uint32_t end,
                                         uint32_t crc) noexcept {
    const uint8_t* record = section_at(bytes, i);
    if (crc != read32(record + section::crc)) return Status::bad_checksum;
    const uint32_t padding = read32(record + section::offset) + read32(record + section::bytes);
    return all_zero(bytes + padding, end - padding) ? Status::ok : Status::bad_section;
}

/// Sections lie behind each other without a hole, and each one's CRC is right.
static inline Status check_sections(const uint8_t* bytes) noexcept {
    const uint32_t count = read16(bytes + header::sections);
    uint32_t begin = first_section(bytes);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t end = 0;
        Status status = check_section_record(bytes, i, begin, end);
        if (status != Status::ok) return status;
        status = check_section_bytes(bytes, i, end, crc32c(0, bytes + begin, end - begin));
        if (status != Status::ok) return status;
        begin = end;
    }
    return begin == read32(bytes + header::file_size) ? Status::ok : Status::bad_section;
}

/// A section, of which there are so many, is the one that is needed.
static inline Status check_section(const uint8_t* bytes, uint32_t index, Form form,
                                   const Section& expected) noexcept {
    const uint8_t* record = section_at(bytes, index);
    if (record[section::role] != static_cast<uint8_t>(expected.role)) return Status::bad_section;
    if (record[section::type] != static_cast<uint8_t>(expected.type)) return Status::unsupported;
    if (record[section::packing] != static_cast<uint8_t>(form.packing)) return Status::bad_section;
    return read32(record + section::bytes) == expected.bytes ? Status::ok : Status::bad_section;
}

/// The numbers of a file that is checked as one of Numbers, which leaves a choice for int4 only: a
/// program that reads int8 links nothing that other files need.
template <NumberType Numbers>
static NumberType numbers_of(const uint8_t* bytes) noexcept {
    return Numbers == NumberType::int4 ? static_cast<NumberType>(bytes[header::type]) : Numbers;
}

/// What has no meaning in a layer's record is zero.
static inline bool rest_is_zero(const uint8_t* record, NumberType numbers) noexcept {
    const uint32_t reserved =
        numbers == NumberType::float32 ? layer::quantization : layer::reserved;
    return (read16(record + layer::in_meaning + 6) | read16(record + layer::sum_meaning + 6) |
            read16(record + layer::out_meaning + 6)) == 0 &&
           all_zero(record + reserved, kLayerBytes - reserved);
}

/// The codes that a layer reads mean what those that the layer before it writes do.
static inline bool reads_what_the_last_wrote(const uint8_t* record) noexcept {
    const uint8_t* last = record - kLayerBytes + layer::out_meaning;
    const uint8_t* now = record + layer::in_meaning;
    return read32(last) == read32(now) && read32(last + 4) == read32(now + 4);
}

/// The sections of a layer are those from `next_section` on, which it moves forward.
template <NumberType Numbers, class AnyRow>
static Status check_layer(const uint8_t* bytes, const uint8_t* record, const AnyRow& row,
                          Packing packing, uint32_t& next_section) noexcept {
    const Form form{numbers_of<Numbers>(bytes), packing};
    const uint32_t count = section_count(row, form);
    if (next_section + count > read16(bytes + header::sections)) return Status::bad_section;
    LayerForm layer_form{};
    if (form.numbers != NumberType::float32) {
        if (!has_int8(row)) return Status::unsupported;
        if (has_weights(row)) layer_form = form_of_layer(bytes, next_section);
        layer_form.int4 = layer_form.int4 && form.numbers == NumberType::int4;
        if (read16(record + layer::table) != table_section(row, next_section, count)) {
            return Status::bad_section;
        }
    }
    const WeightSections sections = weight_sections(row, form, next_section);
    if (read16(record + layer::weight) != sections.weight ||
        read16(record + layer::bias) != sections.bias) {
        return Status::bad_section;
    }
    for (uint32_t i = 0; i < count; i++, next_section++) {
        const Section expected = section_of(row, form, layer_form, i);
        const Status status = check_section(bytes, next_section, form, expected);
        if (status != Status::ok) return status;
    }
    return Status::ok;
}

/// Behind the layers comes at most a self-test.
template <NumberType Numbers>
static Status check_rest(const uint8_t* bytes, uint32_t index, Packing packing) noexcept {
    const Form form{Numbers, packing};
    const uint32_t count = read16(bytes + header::sections);
    if (index == count) return Status::ok;
    if (index + 1 != count) return Status::bad_section;
    const Section expected{Role::self_test, Type::int32, kSelfTestBytes};
    const Status status = check_section(bytes, index, form, expected);
    if (status != Status::ok || form.numbers == NumberType::float32) return status;
    const uint8_t* answer = bytes + read32(section_at(bytes, index) + section::offset);
    return all_zero(answer + 4, kSelfTestBytes - 4) ? Status::ok : Status::bad_section;
}

/// Layer i, whose sections are those from `next_section` on, which it moves forward.
template <NumberType Numbers, class AnyRow>
static Status check_layer_at(const uint8_t* bytes, uint32_t i, Packing packing,
                             uint32_t& next_section) noexcept {
    const uint8_t* record = layer_at(bytes, i);
    const AnyRow& row = row_at<AnyRow>(record);
    if (!may_be(row, row.kind)) return Status::wrong_model;
    if (!valid(row, read32(record + layer::slope))) return Status::bad_layer;
    if (i > 0 && !meets(row_at<AnyRow>(record - kLayerBytes).out, row.in)) {
        return Status::bad_layer;
    }
    if (!rest_is_zero(record, Numbers)) return Status::bad_layer;
    if (may_be(row, Kind::tied_dense)) {
        const uint32_t back = static_cast<uint32_t>(shares_weights(row));
        if (back > i || (back > 0 && !can_share(row, row_at(record - back * kLayerBytes)))) {
            return Status::bad_layer;
        }
    }
    return check_layer<Numbers>(bytes, record, row, packing, next_section);
}

/// Whether there are such numbers in such an order.
template <NumberType Numbers>
static bool may_be_packed(Packing packing) noexcept {
    return Numbers != NumberType::float32 || packing == Packing::canonical;
}

/// (Apart from its caller for size: branches reach further in small functions.)
template <NumberType Numbers, class AnyRow>
[[gnu::noinline]] static Status check_layers(const uint8_t* bytes) noexcept {
    const uint32_t count = read16(bytes + header::layers);
    const Packing packing = form_of(bytes).packing;
    if (!may_be_packed<Numbers>(packing)) return Status::unsupported;
    uint32_t next_section = 0;
    for (uint32_t i = 0; i < count; i++) {
        const Status status = check_layer_at<Numbers, AnyRow>(bytes, i, packing, next_section);
        if (status != Status::ok) return status;
    }
    return check_rest<Numbers>(bytes, next_section, packing);
}

static inline uint32_t fingerprint_in(const uint8_t* bytes) noexcept {
    const uint8_t head[2] = {bytes[header::layers], bytes[header::code_layer]};
    uint32_t crc = crc32c(0, head, sizeof head);
    const uint32_t count = read16(bytes + header::layers);
    for (uint32_t i = 0; i < count; i++) crc = crc32c(crc, layer_at(bytes, i), kRowBytes);
    return crc;
}

static inline Status check_fingerprint(const uint8_t* bytes) noexcept {
    return fingerprint_in(bytes) == read32(bytes + header::fingerprint) ? Status::ok
                                                                        : Status::bad_header;
}

/// The address, and what the header says.
template <NumberType Numbers>
static Status check_beginning(const void* data, size_t size) noexcept {
    if (!data) return Status::null_argument;
    if (reinterpret_cast<uintptr_t>(data) % kFileAlignment != 0) return Status::misaligned;
    if (!little_endian()) return Status::wrong_endianness;
    const uint8_t* bytes = static_cast<const uint8_t*>(data);
    const Status status = check_header(bytes, size);
    if (status != Status::ok) return status;
    const NumberType type = static_cast<NumberType>(bytes[header::type]);
    const bool right = type == Numbers || (Numbers == NumberType::int4 && type == NumberType::int8);
    return right ? Status::ok : Status::wrong_numbers;
}

}  // namespace format

/// (Apart from its caller, which checks the numbers next: the two stacks would add up.)
template <NumberType Numbers, class AnyRow>
[[gnu::noinline]] Status File::check_layout(const void* data, size_t size) noexcept {
    using namespace format;
    Status status = check_beginning<Numbers>(data, size);
    if (status != Status::ok) return status;
    const uint8_t* bytes = static_cast<const uint8_t*>(data);
    status = check_tables(bytes);
    if (status == Status::ok) status = check_sections(bytes);
    if (status == Status::ok) status = check_layers<Numbers, AnyRow>(bytes);
    if (status == Status::ok) status = check_fingerprint(bytes);
    if (status == Status::ok) bytes_ = bytes;
    return status;
}

template <Status (*CheckLayer)(const Row&, const Int8Tensors&)>
Status File::check_codes() const noexcept {
    using namespace format;
    for (int i = 0; i < layer_count(); i++) {
        const uint8_t* record = layer_at(bytes_, static_cast<uint32_t>(i));
        if (i > 0 && !reads_what_the_last_wrote(record)) return Status::bad_quantization;
        const Int8Tensors tensors = int8_tensors(i);
        const Status status = CheckLayer(row_at(record), tensors);
        if (status != Status::ok) return status;
    }
    return Status::ok;
}

}  // namespace nutshell
