// SPDX-License-Identifier: MIT
#include "formats.hpp"

#include <algorithm>
#include <filesystem>

#include "tools/error.hpp"
#include "tools/suggest.hpp"

namespace nutshell::tools {

/// THE LIST.
const std::vector<const Format*>& formats() {
    static const std::vector<const Format*> list{&kNutFormat, &kCppFormat, &kTfliteFormat};
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

void require_built(const Format& format, const std::string& path) {
    if (format.lacks.empty()) return;
    throw Error(path + ": this nutshell was built without " + format.what + "; install " +
                format.lacks + " and build it again");
}

}  // namespace

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
    std::vector<std::string> names, extensions;
    const std::string extension = std::filesystem::path(path).extension();
    for (const Format* format : formats()) {
        const std::vector<std::string>& known = format->extensions;
        const bool meant = name.empty()
                               ? std::find(known.begin(), known.end(), extension) != known.end()
                               : name == format->name;
        if (meant) return *format;
        names.push_back(format->name);
        extensions.insert(extensions.end(), known.begin(), known.end());
    }
    if (!name.empty()) throw Error(option + ": " + unknown_word("format", name, names));
    throw Error(path + ": " + unknown_word("extension", extension, extensions) + "; or say " +
                option);
}

Imported import_model(const std::string& path, const std::string& format,
                      const ImportOptions& options) {
    const Format& from = find_format(format, path, "--from");
    require_readable(from, path);
    try {
        return from.read(path, options);
    } catch (const Error& error) {
        const std::string text = error.what();
        const bool placed = text.rfind(path, 0) == 0 || text.rfind("--", 0) == 0;
        throw Error(placed ? text : path + ": " + text);
    }
}

}  // namespace nutshell::tools
