// SPDX-License-Identifier: MIT
// .tflite files. What is taken and small comes back from our own writer as the same model, to the
// bit.
#include "fuzz.hpp"
#include "tools/formats/tflite_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace nutshell;
    return fuzz::read_or_refuse([&] {
        const tools::Imported imported = tools::read_tflite({data, data + size}, {});
        if (!fuzz::is_small(imported.graph)) return;
        const std::vector<uint8_t> nut = fuzz::nut_bytes(imported.graph);
        const tools::Imported again = tools::read_tflite(tools::tflite_bytes(imported.graph), {});
        fuzz::require(fuzz::nut_bytes(again.graph) == nut);
    });
}
