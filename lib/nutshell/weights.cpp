// SPDX-License-Identifier: MIT
// What a checked .nut file holds.
#include "nut_format.hpp"

namespace nutshell {

using namespace format;

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
    const TensorSizes sizes = tensor_sizes(row_at(record));
    const auto floats = [this](bool there, uint32_t section) noexcept {
        const uint8_t* data = there ? data_of(bytes_, section) : bytes_;
        return reinterpret_cast<const float*>(data);
    };
    const uint32_t bias = read16(record + layer::bias);
    const int32_t shared = shares_weights(row_at(record));
    if (shared > 0) return {tensors(layer - shared).weight, floats(true, bias)};
    return {floats(sizes.weight > 0, read16(record + layer::weight)), floats(sizes.bias > 0, bias),
            floats(sizes.state > 0, bias + 1)};
}

Int8Tensors File::int8_tensors(int layer) const noexcept {
    const uint8_t* record = layer_at(bytes_, static_cast<uint32_t>(layer));
    const uint32_t first = read16(record + layer::weight), table = read16(record + layer::table);
    // The bias lies behind the weights, 1 on. A layer without weights names section 0 for both, and
    // all its pointers are to that one's bytes, which nobody reads.
    const uint32_t step = read16(record + layer::bias) - first;
    const LayerForm form = step > 0 ? form_of_layer(bytes_, first) : LayerForm{};
    return {reinterpret_cast<const int8_t*>(data_of(bytes_, first)),
            reinterpret_cast<const int32_t*>(data_of(bytes_, first + step)),
            reinterpret_cast<const int32_t*>(data_of(bytes_, first + 2 * step)),
            reinterpret_cast<const int8_t*>(data_of(bytes_, first + 3 * step)),
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

Status check(const void* bytes, size_t size, File& file) noexcept {
    const Status status = check_float32(bytes, size, file);
    return status == Status::wrong_numbers ? check_int4(bytes, size, file) : status;
}

}  // namespace nutshell
