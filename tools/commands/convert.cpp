// SPDX-License-Identifier: MIT
// nutshell convert: a model, or a part of it, from one format to another.
#include <cstdio>
#include <optional>

#include "commands.hpp"
#include "tools/error.hpp"
#include "tools/formats/formats.hpp"
#include "tools/suggest.hpp"

namespace nutshell::tools {
namespace {

struct Options {
    std::string input, output, from, to, packing, section, code;
    Part part = Part::whole;
};

std::vector<std::string> packing_names() {
    return {
#define NUTSHELL_NAME(name, ...) #name,
        NUTSHELL_PACKINGS(NUTSHELL_NAME)
#undef NUTSHELL_NAME
    };
}

Packing packing_named(const std::string& text) {
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

/// An encoder or decoder alone is that part, even when the whole file is asked for.
Part part_of(Part asked, int code_layer, int layer_count) {
    if (code_layer == layer_count) return Part::encoder;
    return code_layer == 0 ? Part::decoder : asked;
}

Export export_of(const AnyGraph& graph, const Options& options, std::optional<Packing> packing) {
    return std::visit(
        [&](const auto& model) {
            auto part = model.extract(options.part);
            std::vector<uint8_t> bytes = bytes_of(part, packing);
            return Export{std::move(part),
                          std::move(bytes),
                          model.rows(),
                          model.code_layer(),
                          part_of(options.part, model.code_layer(), model.layer_count()),
                          options.section};
        },
        graph);
}

nlohmann::ordered_json facts_of(const Export& model, const std::vector<std::string>& files) {
    File file;
    const Status status = check(model.bytes.data(), model.bytes.size(), file);
    if (status != Status::ok) throw Error(to_string(status));
    return {{"files", files},
            {"layer_sizes", layer_sizes(model.rows)},
            {"part", name_of(model.part)},
            {"type", name_of(file.type())},
            {"packing", name_of(file.packing())},
            {"bytes", file.size()},
            {"model_id", hexadecimal(file.model_id())}};
}

int convert(const Options& options, const Common& common) {
    const Format& from = find_format(options.from, options.input, "--from");
    const Format& to = find_format(options.to, options.output, "--to");
    require_readable(from, options.input);
    require_writable(to, options.output);
    std::optional<Packing> packing;
    if (!options.packing.empty()) packing = packing_named(options.packing);
    const Export model =
        export_of(from.read(options.input, {options.code, {}}).graph, options, packing);
    const std::vector<std::string> files = to.write(model, options.output);
    const nlohmann::ordered_json facts = facts_of(model, files);
    if (common.json) {
        print_json(facts);
        return kSuccess;
    }
    std::printf(
        "%s: %s of %s, %s, packing %s, %d bytes, model %s\n", listed(files).c_str(),
        facts["part"].get<std::string>().c_str(), facts["layer_sizes"].get<std::string>().c_str(),
        facts["type"].get<std::string>().c_str(), facts["packing"].get<std::string>().c_str(),
        facts["bytes"].get<int>(), facts["model_id"].get<std::string>().c_str());
    return kSuccess;
}

}  // namespace

void add_convert(CLI::App& app, Common& common) {
    static Options options;
    CLI::App* command = add_command(app, common, "convert",
                                    "Write a model, its encoder or its decoder in another format",
                                    [&common] { return convert(options, common); });
    command->add_option("IN", options.input, "A model: " + readable_formats())->required();
    command->add_option("OUT", options.output, "x.nut, or x.hpp (which writes x.cpp too)")
        ->required();
    command->add_option("--from", options.from,
                        "Format of IN, whatever its name: " + readable_formats());
    command->add_option("--to", options.to, "Format of OUT: " + writable_formats());
    add_part_option(*command, options.part);
    command->add_option("--code", options.code,
                        "Layer of IN whose output is the code [found: a sub-model's end, or the "
                        "narrowest layer]");
    command->add_option("--packing", options.packing,
                        "Order of int8 weights, for the target's kernels: " +
                            listed(packing_names()) + " [as in IN]");
    command->add_option("--section", options.section,
                        "Linker section of the C++ array, for flash that is not the default");
}

}  // namespace nutshell::tools
