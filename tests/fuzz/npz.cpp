// SPDX-License-Identifier: MIT
// .npz files with a layer list that the seeds fit.
#include "fuzz.hpp"
#include "tools/formats/tensor_files.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace nutshell;
    return fuzz::read_or_refuse([&] {
        (void)tools::lower(tools::npz_source({data, size}, "12,4:relu,12:sigmoid", "m"), {});
    });
}
