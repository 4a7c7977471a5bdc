// SPDX-License-Identifier: MIT
#include "formats.hpp"

#include <filesystem>

#include "tools/error.hpp"
#include "tools/suggest.hpp"

namespace nutshell::tools {

/// THE LIST.
const std::vector<const Format*>& formats() {
    static const std::vector<const Format*> list{&kNutFormat, &kCppFormat};
    return list;
}

const Format& find_format(const std::string& name, const std::string& path,
                          const std::string& option) {
    std::vector<std::string> names, extensions;
    const std::string extension = std::filesystem::path(path).extension();
    for (const Format* format : formats()) {
        if (name.empty() ? extension == format->extension : name == format->name) return *format;
        names.push_back(format->name);
        extensions.push_back(format->extension);
    }
    if (!name.empty()) throw Error(option + ": " + unknown_word("format", name, names));
    throw Error(path + ": " + unknown_word("extension", extension, extensions) + "; or say " +
                option);
}

}  // namespace nutshell::tools
