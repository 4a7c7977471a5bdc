// SPDX-License-Identifier: MIT
// What the commands that read foreign models and write exports share: their options, and what they
// tell of an import.
#pragma once
#include "commands.hpp"
#include "tools/formats/formats.hpp"

namespace nutshell::tools {

/// How a model is to be read.
struct ImportChoice {
    std::string format;  // empty: the extension tells
    ImportOptions options;
};
/// Adds the model's path as the next positional argument, --from, --code and --layers.
void add_model_argument(CLI::App& command, const std::string& name, std::string& path,
                        ImportChoice& choice);
inline Imported import_model(const std::string& path, const ImportChoice& choice) {
    return import_model(path, choice.format, choice.options);
}

/// How a model is to be written.
struct ExportChoice {
    std::string format, packing, section;
    Part part = Part::whole;
};
/// Adds --to, --packing and --section; --part is the command's own.
void add_export_options(CLI::App& command, ExportChoice& choice);

/// The format of the path, which can be written. Throws Error.
const Format& target_format(const ExportChoice& choice, const std::string& path);
Export export_of(const AnyGraph& graph, const ExportChoice& choice);
/// Its files, sizes and identity.
nlohmann::ordered_json facts_of(const Export& model, const std::vector<std::string>& files);
void print_facts(const nlohmann::ordered_json& facts);

/// Where the model came from: format, code, notes, origin of each layer.
void add_provenance(const Imported& imported, nlohmann::ordered_json& facts);
/// The code and the notes, a line each; nothing for Nutshell's own files.
void print_provenance(const Imported& imported);

}  // namespace nutshell::tools
