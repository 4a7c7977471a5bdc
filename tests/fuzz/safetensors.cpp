// SPDX-License-Identifier: MIT
// .safetensors files with a layer list that the seeds fit. What is taken comes back from our own
// writer as the same model, to the bit.
#include "fuzz.hpp"
#include "tools/formats/tensor_files.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace nutshell;
    return fuzz::read_or_refuse([&] {
        const std::string layers = "12,4:relu,12:sigmoid";
        const auto imported =
            tools::lower(tools::safetensors_source({data, size}, layers, "m"), {});
        const auto& graph = std::get<tools::Graph>(imported.graph);
        const tools::Bytes file =
            tools::safetensors_bytes({graph, {}, {}, 0, tools::Part::whole, ""});
        const auto again =
            tools::lower(tools::safetensors_source({file.data(), file.size()}, "", "m"), {});
        fuzz::require(fuzz::nut_bytes(again.graph) == fuzz::nut_bytes(imported.graph));
    });
}
