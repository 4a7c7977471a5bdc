// SPDX-License-Identifier: MIT
// nutshell inspect: what is in a model file.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "commands.hpp"
#include "nutshell/weights.hpp"
#include "tools/layer_list.hpp"
#include "tools/model_file.hpp"

namespace nutshell::tools {
namespace {

struct Range {
    float low;
    float high;
};

Range range_of(const float* values, int count) {
    const auto [low, high] = std::minmax_element(values, values + count);
    return {*low, *high};
}

nlohmann::ordered_json describe_layer(const Graph& graph, int layer) {
    const Row& row = graph.rows()[static_cast<size_t>(layer)];
    const TensorSizes sizes = tensor_sizes(row);
    const Tensors tensors = graph.tensors(layer);
    const Range weight = range_of(tensors.weight, sizes.weight);
    const Range bias = range_of(tensors.bias, sizes.bias);
    return {{"kind", name_of(row.kind)},
            {"activation", activation_text(row)},
            {"inputs", row.in.size()},
            {"outputs", row.out.size()},
            {"parameters", sizes.weight + sizes.bias},
            {"weight_order", DenseLayer::rows_are_outputs(row) ? "[out][in]" : "[in][out]"},
            {"weight_range", {weight.low, weight.high}},
            {"bias_range", {bias.low, bias.high}}};
}

nlohmann::ordered_json describe(const Graph& graph, const std::string& path) {
    nlohmann::ordered_json layers = nlohmann::ordered_json::array();
    for (int i = 0; i < graph.layer_count(); i++) layers.push_back(describe_layer(graph, i));
    char fingerprint[16], model_id[16];
    std::snprintf(fingerprint, sizeof fingerprint, "%08x", graph.fingerprint());
    std::snprintf(model_id, sizeof model_id, "%08x", graph.model_id);
    return {{"file", path},
            {"bytes", std::filesystem::file_size(path)},
            {"layer_sizes", layer_sizes(graph)},
            {"code_layer", graph.code_layer()},
            {"parameters", graph.totals().parameters},
            {"type", "float32"},
            {"fingerprint", fingerprint},
            {"model_id", model_id},
            {"checksums", "ok"},
            {"layers", layers}};
}

void print_table(const Graph& graph, const nlohmann::ordered_json& facts) {
    std::printf("%s: %s, %d parameters of float32, %zu bytes, every checksum right\n",
                facts["file"].get<std::string>().c_str(), layer_sizes(graph).c_str(),
                graph.totals().parameters, facts["bytes"].get<size_t>());
    std::printf("fingerprint %s, model %s\n\n", facts["fingerprint"].get<std::string>().c_str(),
                facts["model_id"].get<std::string>().c_str());
    std::printf("%5s  %-6s %8s %8s  %-16s %11s  %-21s %s\n", "layer", "kind", "inputs", "outputs",
                "activation", "parameters", "weights", "bias");
    for (int i = 0; i < graph.layer_count(); i++) {
        const auto& layer = facts["layers"][static_cast<size_t>(i)];
        const auto& weight = layer["weight_range"];
        const auto& bias = layer["bias_range"];
        std::printf("%5d  %-6s %8d %8d  %-16s %11d  %9.4g ..%9.4g %9.4g ..%9.4g%s\n", i + 1,
                    layer["kind"].get<std::string>().c_str(), layer["inputs"].get<int>(),
                    layer["outputs"].get<int>(), layer["activation"].get<std::string>().c_str(),
                    layer["parameters"].get<int>(), weight[0].get<double>(),
                    weight[1].get<double>(), bias[0].get<double>(), bias[1].get<double>(),
                    i + 1 == graph.code_layer() ? "  <- code" : "");
    }
}

}  // namespace

void add_inspect(CLI::App& app, Common& common) {
    static std::string path;
    CLI::App* command =
        add_command(app, common, "inspect", "Say what is in a model file", [&common] {
            const Graph graph = read_model(path);
            const nlohmann::ordered_json facts = describe(graph, path);
            if (common.json) {
                print_json(facts);
            } else {
                print_table(graph, facts);
            }
            return kSuccess;
        });
    command->add_option("FILE", path, "A .nut file")->required();
}

}  // namespace nutshell::tools
