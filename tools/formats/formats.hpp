// SPDX-License-Identifier: MIT
// THE LIST of formats that models are read from and written to. A format is one file in this folder
// and one line in formats.cpp.
#pragma once
#include <string>
#include <vector>

#include "source_model.hpp"
#include "tools/model/model_file.hpp"

namespace nutshell::tools {

/// A model, or one part of it, on its way into files.
struct Export {
    AnyGraph graph;              ///< the part
    std::vector<uint8_t> bytes;  ///< the part's .nut file
    std::vector<Row> rows;       ///< of the model that the part is taken from, as far as known
    int code_layer = 0;          ///< of these rows
    Part part = Part::whole;     ///< of these rows
    std::string section;         ///< linker section for C++ arrays, or empty
};

struct Format {
    std::string name;
    std::vector<std::string> extensions;
    std::string what;
    /// Null when the format is only written, or not built. Throws Error.
    Imported (*read)(const std::string& path, const ImportOptions& options);
    /// Writes all files or none and returns their paths. Null when the format is only read, or not
    /// built. Throws Error.
    std::vector<std::string> (*write)(const Export& model, const std::string& path);
    /// The library that reads and writes it, with its version, or empty: "flatbuffers 2.0.8".
    std::string built_with;
    /// The Debian package that this program was built without, or empty: it can do neither then.
    std::string lacks;
};

extern const Format kNutFormat, kCppFormat, kTfliteFormat, kKerasH5Format, kKerasFormat,
    kTensorFlowJsFormat, kOnnxFormat, kNpzFormat, kSafetensorsFormat;

const std::vector<const Format*>& formats();

/// The format of this name, or of the path's extension when the name is empty. Throws Error with
/// what was probably meant, or the library that is missing; `option` names the command's option
/// that would settle it.
const Format& find_format(const std::string& name, const std::string& path,
                          const std::string& option);

/// Reads a model of the format so named, or that the path's extension tells, or a .nut file of
/// another name. Throws Error that begins with the path.
Imported import_model(const std::string& path, const std::string& format,
                      const ImportOptions& options);

/// Throws Error, naming the formats that can be, when this one is not read, or not written.
void require_readable(const Format& format, const std::string& path);
void require_writable(const Format& format, const std::string& path);

/// "nut, cpp, tflite (flatbuffers 2.0.8), onnx (not built: lacks libprotobuf-dev)"
std::string built_formats();

/// "nut, cpp": the formats that can be read, or written.
std::string readable_formats();
std::string writable_formats();

}  // namespace nutshell::tools
