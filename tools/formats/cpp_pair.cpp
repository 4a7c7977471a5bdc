// SPDX-License-Identifier: MIT
// A C++ header and source: the bytes of the .nut file as a constant array, which lies in flash, and
// the type of the model that looks at them there.
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>

#include "cpp_type.hpp"
#include "formats.hpp"
#include "nutshell/nut_format.hpp"
#include "tools/atomic_file.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

/// What both texts are made of.
struct Pair {
    const Export& model;
    File file;
    std::string stem;   // "digits"
    std::string space;  // the namespace
    std::string kind;   // "whole model", "encoder", "decoder"
};

std::string hex(uint32_t value, int digits) {
    char text[16];
    std::snprintf(text, sizeof text, "0x%0*x", digits, static_cast<unsigned>(value));
    return text;
}

/// Behind the code there is nothing, or in front of it: the other half's layers are not known.
bool is_half(const Export& model) {
    return model.code_layer == 0 || model.code_layer == static_cast<int>(model.rows.size());
}

/// The library's type: "nutshell::Int8".
std::string numbers_type(const Pair& pair) {
    std::string name = name_of(pair.file.type());
    name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
    return "nutshell::" + name;
}

std::string numbers_text(const Pair& pair) {
    switch (pair.file.type()) {
        case NumberType::float32:
            break;
        case NumberType::int8:
            return std::string("int8, weights in the order ") + name_of(pair.file.packing());
        case NumberType::int4:
            return std::string("int8, weights of 4 bits in some layers, in the order ") +
                   name_of(pair.file.packing());
    }
    return "float32";
}

unsigned alignment_of(const Pair& pair) {
    return 1u << pair.model.bytes[format::header::align_log2];
}

std::string array_text(const Pair& pair) {
    return "const unsigned char bytes[" + std::to_string(pair.model.bytes.size()) + "]";
}

/// Three lines of how to use it.
std::string usage(const Pair& pair) {
    const std::string& space = pair.space;
    const Part part = pair.model.part;
    const std::string type = space + (part == Part::encoder   ? "::Encoder"
                                      : part == Part::decoder ? "::Decoder"
                                                              : "::Model");
    const std::string call = part == Part::encoder   ? "encode(x, code, work)"
                             : part == Part::decoder ? "decode(code, y, work)"
                                                     : "reconstruct(x, y, work)";
    return "//     " + type + " model;  " + type + "::Workspace work;\n" +
           "//     if (model.load(" + space + "::bytes, " + space +
           "::size) != nutshell::Status::ok) stop();  // copies nothing\n" + "//     if (model." +
           call + " != nutshell::Status::ok) stop();\n";
}

/// The lines that say what the pair is.
std::string introduction(const Pair& pair) {
    const File& file = pair.file;
    std::string text = "// " + pair.space + ": the " + pair.kind + " of " +
                       layer_sizes(pair.model.rows) + ", " + numbers_text(pair) +
                       ". Written by nutshell convert.\n//\n";
    text +=
        "//     model id " + hex(file.model_id(), 8) + ", the same in every part of this model\n";
    text += "//     " + std::to_string(file.row(0).in.size()) + " inputs, " +
            std::to_string(file.row(file.layer_count() - 1).out.size()) + " outputs, " +
            std::to_string(file.size()) + " bytes: a whole .nut file, with a self-test\n//\n";
    return text + usage(pair);
}

std::string whole_types(const Pair& pair) {
    const Export& model = pair.model;
    const int count = static_cast<int>(model.rows.size());
    std::string text = "/// The layers in front of the code and behind it.\n";
    text += "using Architecture = nutshell::Autoencoder<\n    " +
            sequential_type(model.rows, 0, model.code_layer, 4) + ",\n    " +
            sequential_type(model.rows, model.code_layer, count, 4) + ">;\n";
    const std::string both = pair.file.type() == NumberType::float32
                                 ? "Architecture"
                                 : numbers_type(pair) + "Model<Architecture>";
    if (model.part == Part::encoder) return text + "using Encoder = " + both + "::Encoder;\n";
    if (model.part == Part::decoder) return text + "using Decoder = " + both + "::Decoder;\n";
    return text + "using Model = " + both +
           ";\nusing Encoder = Model::Encoder;\nusing Decoder = Model::Decoder;\n";
}

std::string half_type(const Pair& pair) {
    const Export& model = pair.model;
    const std::string name = model.part == Part::encoder ? "Encoder" : "Decoder";
    return "/// Alone: the other half's layers are not known here.\nusing " + name +
           " = nutshell::" + name + "Alone<\n    " +
           sequential_type(model.rows, 0, static_cast<int>(model.rows.size()), 4) + ",\n    " +
           numbers_type(pair) + ">;\n";
}

std::string header_text(const Pair& pair) {
    const std::string type = pair.model.part == Part::encoder   ? "Encoder"
                             : pair.model.part == Part::decoder ? "Decoder"
                                                                : "Model";
    return introduction(pair) +
           "#pragma once\n#include <nutshell/autoencoder.hpp>\n#include <stddef.h>\n\nnamespace " +
           pair.space + " {\n\n" + (is_half(pair.model) ? half_type(pair) : whole_types(pair)) +
           "static_assert(" + type + "::fingerprint == " + hex(pair.file.fingerprint(), 8) +
           "u,\n              \"these layers are not those of the file\");\n\n" +
           "/// The .nut file, for load().\nalignas(" + std::to_string(alignment_of(pair)) +
           ") extern " + array_text(pair) + ";\nconstexpr size_t size = sizeof bytes;\n\n" +
           "}  // namespace " + pair.space + "\n";
}

const char* name_of(format::Role role) {
    switch (role) {
        case format::Role::weight:
            return "weights";
        case format::Role::bias:
            return "bias";
        case format::Role::multiplier:
            return "multipliers";
        case format::Role::shift:
            return "shifts";
        case format::Role::table:
            return "table";
        case format::Role::self_test:
            return "self-test";
        case format::Role::state:
            return "state";
    }
    return "section";
}

/// What begins at which byte of the file.
std::map<size_t, std::string> landmarks(const Pair& pair) {
    const uint8_t* bytes = pair.model.bytes.data();
    const uint32_t sections = format::read16(bytes + format::header::sections);
    std::map<size_t, std::string> marks{
        {0, "header"},
        {format::kHeaderBytes, "layer table"},
        {format::read32(bytes + format::header::section_table), "section table"}};
    int layer = 0;
    for (uint32_t i = 0; i < sections; i++) {
        const uint8_t* record = format::section_at(bytes, i);
        const auto role = static_cast<format::Role>(record[format::section::role]);
        layer += role == format::Role::weight;
        const std::string owner =
            role == format::Role::self_test ? "" : "layer " + std::to_string(layer) + ": ";
        marks[format::read32(record + format::section::offset)] = owner + name_of(role);
    }
    return marks;
}

std::string source_text(const Pair& pair) {
    const std::vector<uint8_t>& bytes = pair.model.bytes;
    const std::string& section = pair.model.section;
    const std::string attribute =
        section.empty() ? "" : "__attribute__((section(\"" + section + "\"))) ";
    std::string text =
        "// The bytes of " + pair.stem + ".hpp, which says what they are.\n#include \"" +
        pair.stem + ".hpp\"\n\nnamespace " + pair.space + " {\n\nalignas(" +
        std::to_string(alignment_of(pair)) + ") " + attribute + array_text(pair) + " = {\n";
    text.reserve(bytes.size() * 7);
    const std::map<size_t, std::string> marks = landmarks(pair);
    for (size_t at = 0; at < bytes.size(); at += 16) {
        const auto mark = marks.find(at);
        if (mark != marks.end()) text += "    // " + mark->second + "\n";
        text += "   ";
        for (size_t i = at; i < at + 16; i++) text += " " + hex(bytes[i], 2) + ",";
        text += "\n";
    }
    return text + "};\n\n}  // namespace " + pair.space + "\n";
}

void check_section_name(const std::string& section) {
    const char* allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._,$-";
    if (section.find_first_not_of(allowed) == std::string::npos) return;
    throw Error("--section: '" + section + "' is no section's name; use letters, digits and ._,$-");
}

std::vector<std::string> write_pair(const Export& model, const std::string& path) {
    check_section_name(model.section);
    std::filesystem::path base(path);
    if (base.extension() == ".hpp") base.replace_extension();
    const std::string stem = base.filename().string();
    if (stem.find_first_of("\"\\\n") != std::string::npos) {
        throw Error(path +
                    ": a header's name has neither quotes nor backslashes; name it otherwise");
    }
    const CheckedFile checked = checked_file(model.bytes, path);
    const Pair pair{model, checked.file, stem, identifier_of(stem),
                    model.part == Part::whole ? "whole model" : tools::name_of(model.part)};
    const std::string header_path = base.string() + ".hpp", source_path = base.string() + ".cpp";
    const std::string header = header_text(pair), source = source_text(pair);
    AtomicFile header_file(header_path), source_file(source_path);
    header_file.write(header.data(), header.size());
    source_file.write(source.data(), source.size());
    source_file.commit();
    header_file.commit();
    return {header_path, source_path};
}

}  // namespace

const Format kCppFormat{"cpp", {".hpp"}, "a C++ header and source", nullptr, write_pair, "", ""};

}  // namespace nutshell::tools
