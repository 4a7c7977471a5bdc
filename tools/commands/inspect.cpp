// SPDX-License-Identifier: MIT
// nutshell inspect: what is in a model file.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "exchange.hpp"
#include "nutshell/weights.hpp"
#include "tools/model/layer_list.hpp"
#include "tools/model/model_file.hpp"

namespace nutshell::tools {
namespace {

/// The least and the largest of values[count]; null when there are none.
template <class T>
nlohmann::ordered_json range_of(const T* values, size_t count) {
    if (count == 0) return nullptr;
    const auto [low, high] = std::minmax_element(values, values + count);
    return {*low, *high};
}

nlohmann::ordered_json describe_row(const Row& row) {
    const TensorSizes sizes = tensor_sizes(row);
    return {{"kind", name_of(row.kind)},
            {"activation", activation_text(row)},
            {"inputs", row.in.size()},
            {"outputs", row.out.size()},
            {"parameters", sizes.weight + sizes.bias}};
}

void describe_numbers(const Graph& graph, int index, nlohmann::ordered_json& layer) {
    const Row& row = graph.rows()[static_cast<size_t>(index)];
    const TensorSizes sizes = tensor_sizes(row);
    const Tensors tensors = graph.tensors(index);
    if (row.kind == Kind::dense) {
        layer["weight_order"] = DenseLayer::rows_are_outputs(row) ? "[out][in]" : "[in][out]";
    }
    layer["weight_range"] = range_of(tensors.weight, static_cast<size_t>(sizes.weight));
    layer["bias_range"] = range_of(tensors.bias, static_cast<size_t>(sizes.bias));
}

nlohmann::ordered_json describe(Quantization quantization) {
    return {{"scale", quantization.scale},
            {"zero_point", quantization.zero_point},
            {"bits", 8 - quantization.unused_bits}};
}

void describe_numbers(const Int8Graph& graph, int index, nlohmann::ordered_json& layer) {
    const Int8Layer& numbers = graph.layers()[static_cast<size_t>(index)];
    layer["weight_bits"] = numbers.weight_bits;
    layer["per_output"] = numbers.per_output;
    layer["weight_range"] = range_of(numbers.weight.data(), numbers.weight.size());
    layer["bias_range"] = range_of(numbers.bias.data(), numbers.bias.size());
    layer["shift_range"] = range_of(numbers.shift.data(), numbers.shift.size());
    layer["in"] = describe(numbers.quantization.in);
    layer["sum"] = describe(numbers.quantization.sum);
    layer["out"] = describe(numbers.quantization.out);
}

NumberType type_of(const Graph&) { return NumberType::float32; }
NumberType type_of(const Int8Graph& graph) { return graph.type(); }
Packing packing_of(const Graph&) { return Packing::canonical; }
Packing packing_of(const Int8Graph& graph) { return graph.file_packing; }
int parameters_of(const Graph& graph) { return graph.totals().parameters; }
int parameters_of(const Int8Graph& graph) { return graph.parameter_count(); }

template <class AnyKind>
nlohmann::ordered_json describe(const AnyKind& graph, const std::string& path) {
    nlohmann::ordered_json layers = nlohmann::ordered_json::array();
    for (int i = 0; i < graph.layer_count(); i++) {
        layers.push_back(describe_row(graph.rows()[static_cast<size_t>(i)]));
        describe_numbers(graph, i, layers.back());
    }
    return {{"file", path},
            {"bytes", std::filesystem::file_size(path)},
            {"layer_sizes", layer_sizes(graph)},
            {"code_layer", graph.code_layer()},
            {"parameters", parameters_of(graph)},
            {"type", name_of(type_of(graph))},
            {"packing", name_of(packing_of(graph))},
            {"fingerprint", hexadecimal(graph.fingerprint())},
            {"model_id", hexadecimal(graph.model_id)},
            {"parent_id", hexadecimal(graph.parent_id)},
            {"layers", layers}};
}

std::string range_text(const nlohmann::ordered_json& range) {
    if (range.is_null()) return "-";
    return significant(range[0].get<double>(), 4) + " .. " + significant(range[1].get<double>(), 4);
}

std::string meaning_text(const nlohmann::ordered_json& quantization) {
    const int zero_point = quantization["zero_point"].get<int>();
    const std::string shift =
        (zero_point < 0 ? " + " : " - ") + std::to_string(std::abs(zero_point));
    return significant(quantization["scale"].get<double>(), 4) + " * (code" + shift + ")";
}

void print_table(const nlohmann::ordered_json& facts) {
    const auto text = [](const nlohmann::ordered_json& fact) { return fact.get<std::string>(); };
    const bool int8 = facts["type"] != name_of(NumberType::float32);
    const std::string producer = text(facts["producer"]);
    const std::string source =
        facts.contains("checksums")
            ? "every checksum right"
            : text(facts["format"]) + (producer.empty() ? "" : ", " + producer);
    std::printf("%s: %s, %d parameters of %s, %zu bytes, %s\n", text(facts["file"]).c_str(),
                text(facts["layer_sizes"]).c_str(), facts["parameters"].get<int>(),
                text(facts["type"]).c_str(), facts["bytes"].get<size_t>(), source.c_str());
    std::printf("fingerprint %s, model %s", text(facts["fingerprint"]).c_str(),
                text(facts["model_id"]).c_str());
    if (facts["parent_id"] != hexadecimal(0)) {
        std::printf(", made from model %s", text(facts["parent_id"]).c_str());
    }
    if (int8) std::printf(", packing %s", text(facts["packing"]).c_str());
    const bool foreign = !facts["origin"].empty();
    std::printf("\n\n%5s  %-17s %8s %8s  %-16s %11s  %-22s %-22s %s%s\n", "layer", "kind", "inputs",
                "outputs", "activation", "parameters", "weights", "bias",
                int8 ? "a value of the output" : "", foreign ? "  from" : "");
    size_t number = 0;
    for (const nlohmann::ordered_json& layer : facts["layers"]) {
        number++;
        std::printf(
            "%5d  %-17s %8d %8d  %-16s %11d  %-22s %-22s %-*s%s%s\n", static_cast<int>(number),
            text(layer["kind"]).c_str(), layer["inputs"].get<int>(), layer["outputs"].get<int>(),
            text(layer["activation"]).c_str(), layer["parameters"].get<int>(),
            range_text(layer["weight_range"]).c_str(), range_text(layer["bias_range"]).c_str(),
            int8 ? 21 : 0, int8 ? meaning_text(layer["out"]).c_str() : "",
            foreign ? ("  " + text(facts["origin"][number - 1])).c_str() : "",
            number == facts["code_layer"] ? "  <- code" : "");
    }
}

}  // namespace

void add_inspect(CLI::App& app, Common& common) {
    static std::string path;
    static ImportChoice choice;
    CLI::App* command =
        add_command(app, common, "inspect", "Say what is in a model file", [&common] {
            const Imported imported = import_model(path, choice);
            nlohmann::ordered_json facts =
                std::visit([](const auto& graph) { return describe(graph, path); }, imported.graph);
            if (imported.origin.empty()) facts["checksums"] = "ok";
            add_provenance(imported, facts);
            if (common.json) {
                print_json(facts);
            } else {
                print_table(facts);
                print_provenance(imported);
            }
            return kSuccess;
        });
    add_model_argument(*command, "FILE", path, choice);
}

}  // namespace nutshell::tools
