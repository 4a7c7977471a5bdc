// SPDX-License-Identifier: MIT
// .npz files with a layer list that the seeds fit, as they come and with their sums put right. What
// is taken comes back from our own writer as the same model, to the bit.
#include "fuzz.hpp"
#include "tests/zip_sums.hpp"
#include "tools/formats/tensor_files.hpp"

namespace {

using namespace nutshell;

void read(tools::ByteView file) {
    (void)fuzz::read_or_refuse([&] {
        const auto imported =
            tools::lower(tools::npz_source(file, "12,4:relu,12:sigmoid", "m"), {});
        const tools::Bytes written =
            tools::npz_bytes({imported.graph, {}, {}, 0, tools::Part::whole, ""});
        const auto again = tools::lower(tools::npz_source(tools::view(written), "", "m"), {});
        fuzz::require(fuzz::nut_bytes(again.graph) == fuzz::nut_bytes(imported.graph));
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    read({data, size});
    std::vector<uint8_t> repaired(data, data + size);
    if (tests::repair_zip_sums(repaired)) read(tools::view(repaired));
    return 0;
}
