// SPDX-License-Identifier: MIT
#include "formats.hpp"

#include <filesystem>

#include "tools/error.hpp"
#include "tools/suggest.hpp"

namespace nutshell::tools {

/// THE LIST.
const std::vector<const Format*>& formats() {
    static const std::vector<const Format*> list{
        &kNutFormat,          &kCppFormat,  &kTfliteFormat, &kKerasH5Format,    &kKerasFormat,
        &kTensorFlowJsFormat, &kOnnxFormat, &kNpzFormat,    &kSafetensorsFormat};
    return list;
}

namespace {

template <class Member>
std::string names_with(Member member) {
    std::string text;
    for (const Format* format : formats()) {
        if (format->*member == nullptr) continue;
        text += (text.empty() ? "" : ", ") + format->name;
    }
    return text;
}

/// Null when no format has the path's extension.
const Format* format_of_extension(const std::string& path) {
    const std::string extension = std::filesystem::path(path).extension();
    for (const Format* format : formats()) {
        for (const std::string& known : format->extensions) {
            if (known == extension) return format;
        }
    }
    return nullptr;
}

void require_built(const Format& format, const std::string& path) {
    if (format.lacks.empty()) return;
    throw Error(path + ": this nutshell was built without " + format.what + "; install " +
                format.lacks + " and build it again");
}

}  // namespace

std::string built_formats() {
    std::string text;
    for (const Format* format : formats()) {
        text += (text.empty() ? "" : ", ") + format->name;
        if (!format->built_with.empty()) text += " (" + format->built_with + ")";
        if (!format->lacks.empty()) text += " (not built: lacks " + format->lacks + ")";
    }
    return text;
}

std::string readable_formats() { return names_with(&Format::read); }
std::string writable_formats() { return names_with(&Format::write); }

void require_readable(const Format& format, const std::string& path) {
    require_built(format, path);
    if (format.read != nullptr) return;
    throw Error(path + ": " + format.what + " is only written, not read; give a model as " +
                readable_formats());
}

void require_writable(const Format& format, const std::string& path) {
    require_built(format, path);
    if (format.write != nullptr) return;
    throw Error(path + ": " + format.what + " is only read, not written; write " +
                writable_formats());
}

const Format& find_format(const std::string& name, const std::string& path,
                          const std::string& option) {
    const Format* of_extension = format_of_extension(path);
    if (name.empty() && of_extension != nullptr) return *of_extension;
    std::vector<std::string> names, extensions;
    for (const Format* format : formats()) {
        if (!name.empty() && name == format->name) return *format;
        names.push_back(format->name);
        extensions.insert(extensions.end(), format->extensions.begin(), format->extensions.end());
    }
    const std::string extension = std::filesystem::path(path).extension();
    if (!name.empty()) throw Error(option + ": " + unknown_word("format", name, names));
    throw Error(path + ": " + unknown_word("extension", extension, extensions) + "; or say " +
                option);
}

Imported import_model(const std::string& path, const std::string& format,
                      const ImportOptions& options) {
    // A .nut file may have any name: it says itself what it is.
    const Format* known = format.empty() ? format_of_extension(path) : nullptr;
    const Format& from = known != nullptr ? *known
                         : format.empty() ? kNutFormat
                                          : find_format(format, path, "--from");
    require_readable(from, path);
    try {
        Imported imported = from.read(path, options);
        if (auto* graph = std::get_if<Graph>(&imported.graph)) identify(*graph);
        return imported;
    } catch (const Error& error) {
        const std::string text = error.what();
        const bool placed = text.rfind(path, 0) == 0 || text.rfind("--", 0) == 0;
        throw Error(placed ? text : path + ": " + text);
    }
}

}  // namespace nutshell::tools
