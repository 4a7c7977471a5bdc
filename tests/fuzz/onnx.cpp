// SPDX-License-Identifier: MIT
// .onnx files. What is taken as floats comes back from our own writer as the same model, to the
// bit.
#include "fuzz.hpp"
#include "tools/formats/onnx_model.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace nutshell;
    return fuzz::read_or_refuse([&] {
        const auto imported = tools::lower(tools::onnx_source({data, size}, "m.onnx"), {});
        const auto* graph = std::get_if<tools::Graph>(&imported.graph);
        if (graph == nullptr || !fuzz::is_small(imported.graph)) return;
        const tools::Bytes file = tools::onnx_bytes({*graph, {}, {}, 0, tools::Part::whole, ""});
        const auto again =
            tools::lower(tools::onnx_source({file.data(), file.size()}, "m.onnx"), {});
        const auto& back = std::get<tools::Graph>(again.graph);
        fuzz::require(back.parameters().size() == graph->parameters().size());
        fuzz::require(std::memcmp(back.parameters().data(), graph->parameters().data(),
                                  graph->parameters().size() * sizeof(float)) == 0);
    });
}
