// SPDX-License-Identifier: MIT
#include "exchange.hpp"

#include <cstdio>
#include <optional>

#include "tools/error.hpp"
#include "tools/model/inference_form.hpp"
#include "tools/suggest.hpp"

namespace nutshell::tools {
namespace {

std::vector<std::string> packing_names() {
    return {
#define NUTSHELL_NAME(name, ...) #name,
        NUTSHELL_PACKINGS(NUTSHELL_NAME)
#undef NUTSHELL_NAME
    };
}

std::optional<Packing> packing_named(const std::string& text) {
    if (text.empty()) return {};
#define NUTSHELL_FIND(name, ...) \
    if (text == #name) return Packing::name;
    NUTSHELL_PACKINGS(NUTSHELL_FIND)
#undef NUTSHELL_FIND
    throw Error("--packing: " + unknown_word("packing", text, packing_names()));
}

std::string listed(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::vector<uint8_t> bytes_of(const Graph& part, std::optional<Packing> packing) {
    if (packing) {
        throw Error(
            "--packing: the model computes in float32, which has one order only; leave --packing "
            "away, or quantize the model first");
    }
    size_t size = 0;
    const AlignedFloats bytes = to_file_bytes(part, size);
    const uint8_t* begin = reinterpret_cast<const uint8_t*>(bytes.data());
    return {begin, begin + size};
}

std::vector<uint8_t> bytes_of(const Int8Graph& part, std::optional<Packing> packing) {
    return part.file_bytes(packing.value_or(part.file_packing));
}

/// It has no layers that only training needs.
const Int8Graph& inference_form(const Int8Graph& graph) { return graph; }

/// An encoder or decoder alone is that part, even when the whole file is asked for.
Part part_of(Part asked, int code_layer, int layer_count) {
    if (code_layer == layer_count) return Part::encoder;
    return code_layer == 0 ? Part::decoder : asked;
}

std::string text_of(const nlohmann::ordered_json& fact) { return fact.get<std::string>(); }

}  // namespace

void add_model_argument(CLI::App& command, const std::string& name, std::string& path,
                        ImportChoice& choice) {
    command.add_option(name, path, "A model: " + readable_formats())->required();
    command.add_option("--from", choice.format,
                       "Format of the model, whatever its name: " + readable_formats());
    command.add_option("--code", choice.options.code_layer,
                       "Layer of the model whose output is the code [found: a sub-model's end, or "
                       "the narrowest place]");
    command.add_option("--layers", choice.options.layers,
                       "Layers of a file that holds tensors alone");
}

void add_export_options(CLI::App& command, ExportChoice& choice) {
    command.add_option("--to", choice.format, "Format of what is written: " + writable_formats());
    command.add_option("--packing", choice.packing,
                       "Order of int8 weights, for the target's kernels: " +
                           listed(packing_names()) + " [as in the model]");
    command.add_option("--section", choice.section,
                       "Linker section of the C++ array, for flash that is not the default");
}

const Format& target_format(const ExportChoice& choice, const std::string& path) {
    const Format& format = find_format(choice.format, path, "--to");
    require_writable(format, path);
    return format;
}

Export export_of(const AnyGraph& graph, const ExportChoice& choice) {
    const std::optional<Packing> packing = packing_named(choice.packing);
    return std::visit(
        [&](const auto& model) {
            const auto whole = inference_form(model);
            auto part = whole.extract(choice.part);
            std::vector<uint8_t> bytes = bytes_of(part, packing);
            return Export{std::move(part),
                          std::move(bytes),
                          whole.rows(),
                          whole.code_layer(),
                          part_of(choice.part, whole.code_layer(), whole.layer_count()),
                          choice.section};
        },
        graph);
}

nlohmann::ordered_json facts_of(const Export& model, const std::vector<std::string>& files) {
    const CheckedFile checked = checked_file(model.bytes, listed(files));
    const File& file = checked.file;
    return {{"files", files},
            {"layer_sizes", layer_sizes(model.rows)},
            {"part", name_of(model.part)},
            {"type", name_of(file.type())},
            {"packing", name_of(file.packing())},
            {"bytes", file.size()},
            {"model_id", hexadecimal(file.model_id())}};
}

void print_facts(const nlohmann::ordered_json& facts) {
    std::printf("%s: %s of %s, %s, packing %s, %d bytes, model %s\n",
                listed(facts["files"].get<std::vector<std::string>>()).c_str(),
                text_of(facts["part"]).c_str(), text_of(facts["layer_sizes"]).c_str(),
                text_of(facts["type"]).c_str(), text_of(facts["packing"]).c_str(),
                facts["bytes"].get<int>(), text_of(facts["model_id"]).c_str());
}

void add_provenance(const Imported& imported, nlohmann::ordered_json& facts) {
    facts["format"] = imported.format;
    facts["producer"] = imported.producer;
    facts["code_layer"] =
        std::visit([](const auto& graph) { return graph.code_layer(); }, imported.graph);
    facts["code_from"] = imported.code_from;
    facts["origin"] = imported.origin;
    facts["notes"] = imported.notes;
}

void print_provenance(const Imported& imported) {
    if (imported.origin.empty()) return;
    const int code_layer =
        std::visit([](const auto& graph) { return graph.code_layer(); }, imported.graph);
    const std::string where =
        code_layer == 0 ? "the input" : "behind layer " + std::to_string(code_layer);
    std::printf("code: %s, %s\n", where.c_str(), imported.code_from.c_str());
    for (const std::string& note : imported.notes) std::printf("note: %s\n", note.c_str());
}

}  // namespace nutshell::tools
