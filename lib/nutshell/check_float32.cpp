// SPDX-License-Identifier: MIT
#include "check_file.hpp"

namespace nutshell {

Status File::check_floats() const noexcept {
    for (int i = 0; i < layer_count(); i++) {
        const TensorSizes sizes = tensor_sizes(row(i));
        const Tensors floats = tensors(i);
        if (!all_finite(floats.weight, sizes.weight) || !all_finite(floats.bias, sizes.bias) ||
            !all_finite(floats.state, sizes.state)) {
            return Status::non_finite_weights;
        }
    }
    return Status::ok;
}

Status check_float32(const void* bytes, size_t size, File& file) noexcept {
    File view;
    Status status = view.check_layout<NumberType::float32, Row>(bytes, size);
    if (status == Status::ok) status = view.check_floats();
    if (status == Status::ok) file = view;
    return status;
}

}  // namespace nutshell
