// SPDX-License-Identifier: MIT
// The bytes of a .nut file, for its reader and its writer: every offset, role and type once. The
// format is described in weights.hpp.
#pragma once
#include <stddef.h>
#include <string.h>

#include "layers/dense_row.hpp"
#include "packing_int4.hpp"
#include "weights.hpp"

namespace nutshell::format {

constexpr uint32_t kMagic = 0x3154554Eu;  // "NUT1"
constexpr uint32_t kHeaderBytes = 64, kLayerBytes = 80, kSectionBytes = 16;
constexpr uint32_t kMaxFileBytes = 1u << 27;
constexpr uint8_t kMajor = 1, kMinor = 0;

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
    unused = 2,
    in = 4,
    out = 16,
    slope = 28,
    window = 32,
    weight = 48,
    bias = 50,
    in_meaning = 52,
    sum_meaning = 60,
    out_meaning = 68,
    table = 76,
    quantization = 52,
    reserved = 78
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

enum class Type : uint8_t { float32 = 0, int8 = 1, int32 = 2, int4 = 3 };
enum class Role : uint8_t {
    weight = 1,
    bias = 2,
    multiplier = 3,
    shift = 4,
    table = 5,
    self_test = 6,
    state = 7
};

/// How the numbers of a file are stored.
struct Form {
    NumberType numbers;
    Packing packing;
};

/// How those of one layer are.
struct LayerForm {
    bool per_output;
    bool int4;
};

/// A section as the rows and the form demand it.
struct Section {
    Role role;
    Type type;
    uint32_t bytes;
};

constexpr uint32_t kMaxLayerSections = 5, kMaxSections = kMaxLayers * kMaxLayerSections + 1;

/// Floats of a layer by tensor, in the order of its sections.
struct FloatTensor {
    Role role;
    int32_t elements;
};
struct FloatTensors {
    FloatTensor at[3];
};
template <class AnyRow>
constexpr FloatTensors float_tensors(const AnyRow& row) noexcept {
    const TensorSizes sizes = tensor_sizes(row);
    return {{{Role::weight, sizes.weight}, {Role::bias, sizes.bias}, {Role::state, sizes.state}}};
}

/// Sections of one layer; they come in the order of their roles, state last.
template <class AnyRow>
constexpr uint32_t section_count(const AnyRow& row, Form form) noexcept {
    if (form.numbers == NumberType::float32) {
        uint32_t count = 0;
        for (const FloatTensor& tensor : float_tensors(row).at) count += tensor.elements > 0;
        return count;
    }
    const uint32_t of_weights = has_weights(row) ? 4 : 0;
    return needs_table(row.activation) ? of_weights + 1 : of_weights;
}

/// Of an int8 file; for weights of 4 bits, bytes.
template <class AnyRow>
inline int32_t elements_of(Role role, const AnyRow& row, Form form, LayerForm layer) noexcept {
    const auto [in, out] = weight_matrix(row);
    const Packing packing = packing_of(row, form.packing);
    if (role == Role::weight) {
        const int32_t columns =
            layer.int4 ? packed_int4_inputs(packing, in) : packed_inputs(packing, in);
        return packed_outputs(packing, out) * columns >> (layer.int4 ? 1 : 0);
    }
    if (role == Role::bias) return packed_biases(packing, out);
    if (role == Role::table) return 256;
    return layer.per_output ? packed_outputs(packing, out) : 1;
}

/// The number of a layer's table's section: the last one's, if it has a table.
template <class AnyRow>
constexpr uint32_t table_section(const AnyRow& row, uint32_t first, uint32_t count) noexcept {
    return needs_table(row.activation) ? first + count - 1 : 0;
}

/// What a layer's record says where its weights and its bias are.
struct WeightSections {
    uint32_t weight;
    uint32_t bias;
};
template <class AnyRow>
constexpr WeightSections weight_sections(const AnyRow& row, Form form, uint32_t first) noexcept {
    if (form.numbers != NumberType::float32) {
        return has_weights(row) ? WeightSections{first, first + 1} : WeightSections{0, 0};
    }
    const TensorSizes sizes = tensor_sizes(row);
    const uint32_t bias = sizes.weight > 0 ? first + 1 : first;
    return {sizes.weight > 0 ? first : 0, sizes.bias > 0 ? bias : 0};
}

/// Section 0 to section_count - 1 of a layer.
template <class AnyRow>
inline Section section_of(const AnyRow& row, Form form, LayerForm layer, uint32_t index) noexcept {
    if (form.numbers == NumberType::float32) {
        const FloatTensors tensors = float_tensors(row);
        const FloatTensor* const last = tensors.at + 2;
        const FloatTensor* tensor = tensors.at;
        while (tensor < last && (tensor->elements == 0 || index-- > 0)) tensor++;
        return {tensor->role, Type::float32, 4 * static_cast<uint32_t>(tensor->elements)};
    }
    static constexpr Type int8_types[] = {Type::int8, Type::int32, Type::int32, Type::int8,
                                          Type::int8};
    if (!has_weights(row)) index = kMaxLayerSections - 1;
    const Role role = static_cast<Role>(index + 1);
    const Type type = role == Role::weight && layer.int4 ? Type::int4 : int8_types[index];
    const uint32_t elements = static_cast<uint32_t>(elements_of(role, row, form, layer));
    const bool of_bytes = type == Type::int8 || type == Type::int4;
    return {role, type, of_bytes ? elements : 4 * elements};
}

/// Numbers of the file at their natural alignment, as a little-endian machine reads them: no other
/// one gets past check().
inline uint32_t read16(const uint8_t* at) noexcept {
    uint16_t value;
    memcpy(&value, __builtin_assume_aligned(at, sizeof value), sizeof value);
    return value;
}
inline uint32_t read32(const uint8_t* at) noexcept {
    uint32_t value;
    memcpy(&value, __builtin_assume_aligned(at, sizeof value), sizeof value);
    return value;
}
inline float read_float(const uint8_t* at) noexcept {
    float value;
    memcpy(&value, __builtin_assume_aligned(at, sizeof value), sizeof value);
    return value;
}

/// The first part of a layer's record is a Row as it lies in memory, whatever its kind is. (What
/// asks a row takes a DenseRow too, for those who read no other.)
template <class AnyRow = Row>
const AnyRow& row_at(const uint8_t* record) noexcept {
    static_assert(offsetof(Row, kind) == layer::kind && offsetof(Row, activation) == 1 &&
                  offsetof(Row, in) == layer::in && offsetof(Row, out) == layer::out &&
                  offsetof(Row, slope) == layer::slope && offsetof(Row, window) == layer::window &&
                  offsetof(Window, parameter) == 12 && sizeof(AnyRow) == kRowBytes);
    return *reinterpret_cast<const AnyRow*>(record);
}

/// The meaning of codes lies in a record as it does in memory, zeros behind it.
inline Quantization quantization_at(const uint8_t* at) noexcept {
    static_assert(offsetof(Quantization, zero_point) == 4 &&
                  offsetof(Quantization, unused_bits) == 5 && sizeof(Quantization) == 8);
    return *reinterpret_cast<const Quantization*>(at);
}

inline uint32_t bits_of(float value) noexcept {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
inline void write16(uint8_t* at, uint32_t value) noexcept {
    at[0] = static_cast<uint8_t>(value);
    at[1] = static_cast<uint8_t>(value >> 8);
}
inline void write32(uint8_t* at, uint32_t value) noexcept {
    write16(at, value);
    write16(at + 2, value >> 16);
}

inline bool little_endian() noexcept {
    const uint16_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    return first == 1;
}

/// The next multiple of a power of two.
constexpr uint32_t align(uint32_t n, uint32_t power_of_two) noexcept {
    return (n + power_of_two - 1) & ~(power_of_two - 1);
}

inline const uint8_t* layer_at(const uint8_t* bytes, uint32_t index) noexcept {
    return bytes + kHeaderBytes + index * kLayerBytes;
}
inline const uint8_t* section_at(const uint8_t* bytes, uint32_t index) noexcept {
    return bytes + read32(bytes + header::section_table) + index * kSectionBytes;
}
inline uint32_t first_section(const uint8_t* bytes) noexcept {
    const uint32_t end =
        read32(bytes + header::section_table) + read16(bytes + header::sections) * kSectionBytes;
    return align(end, 1u << bytes[header::align_log2]);
}

/// The first section's packing, which all others must repeat.
inline Form form_of(const uint8_t* bytes) noexcept {
    return {static_cast<NumberType>(bytes[header::type]),
            static_cast<Packing>(section_at(bytes, 0)[section::packing])};
}

/// How a quantized layer is whose weights are in section `first`: by a single multiplier when that
/// section holds no more.
inline LayerForm form_of_layer(const uint8_t* bytes, uint32_t first) noexcept {
    const uint8_t* weight = section_at(bytes, first);
    return {read32(weight + 2 * kSectionBytes + section::bytes) > 4,
            weight[section::type] == static_cast<uint8_t>(Type::int4)};
}

/// The bytes of a section.
inline const uint8_t* data_of(const uint8_t* bytes, uint32_t index) noexcept {
    return bytes + read32(section_at(bytes, index) + section::offset);
}

/// to_bytes(row) without arithmetic on doubles. A slope of minus zero becomes zero.
inline RowBytes canonical_bytes(const Row& row) noexcept {
    return to_bytes(row, row.slope == 0.0f ? 0u : bits_of(row.slope));
}

}  // namespace nutshell::format
