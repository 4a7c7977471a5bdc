// SPDX-License-Identifier: MIT
#include "check_file.hpp"

namespace nutshell {

Status check_int8_dense(const void* bytes, size_t size, File& file) noexcept {
    File view;
    Status status = view.check_layout<NumberType::int8, DenseRow>(bytes, size);
    if (status == Status::ok) status = view.check_codes<check_quantized_int8_dense>();
    if (status == Status::ok) file = view;
    return status;
}

}  // namespace nutshell
