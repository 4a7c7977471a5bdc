// SPDX-License-Identifier: MIT
// NPY files of samples. What is taken is whole.
#include "fuzz.hpp"
#include "tools/data/readers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace nutshell;
    return fuzz::read_or_refuse([&] {
        const tools::Dataset read = tools::read_npy({data, size}, "x.npy");
        const size_t values =
            static_cast<size_t>(read.count) * static_cast<size_t>(read.shape.size());
        fuzz::require(read.bytes.size() + read.floats.size() == values && read.shape.valid());
    });
}
