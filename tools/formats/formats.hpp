// SPDX-License-Identifier: MIT
// THE LIST of formats that models are read from and written to. A format is one file in this folder
// and one line in formats.cpp.
#pragma once
#include <string>
#include <vector>

#include "tools/model_file.hpp"

namespace nutshell::tools {

/// A model, or one part of it, on its way into files.
struct Export {
    std::vector<uint8_t> bytes;  ///< the part's .nut file, which every exported form carries
    std::vector<Row> rows;       ///< of the model that the part is taken from, as far as known
    int code_layer = 0;          ///< of these rows
    Part part = Part::whole;     ///< of these rows
    std::string section;         ///< linker section for C++ arrays, or empty
};

struct Format {
    const char* name;
    const char* extension;
    const char* what;
    /// Null when the format is only written. Throws Error.
    AnyGraph (*read)(const std::string& path);
    /// Writes all files or none and returns their paths. Throws Error.
    std::vector<std::string> (*write)(const Export& model, const std::string& path);
};

extern const Format kNutFormat, kCppFormat;

const std::vector<const Format*>& formats();

/// The format of this name, or of the path's extension when the name is empty. Throws Error with
/// what was probably meant; `option` names the command's option that would settle it.
const Format& find_format(const std::string& name, const std::string& path,
                          const std::string& option);

}  // namespace nutshell::tools
