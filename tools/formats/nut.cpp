// SPDX-License-Identifier: MIT
// .nut files: the library's own format, described in nutshell/weights.hpp.
#include "formats.hpp"
#include "tools/atomic_file.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

Imported read_nut(const std::string& path, const ImportOptions& options) {
    if (!options.code_layer.empty()) {
        throw Error(path + ": a .nut file knows where its code is; leave --code away");
    }
    if (!options.layers.empty()) {
        throw Error(path + ": a .nut file knows its layers; leave --layers away");
    }
    return {read_any_model(path), {}, {}, "as the file says", "Nutshell", ""};
}

std::vector<std::string> write_nut(const Export& model, const std::string& path) {
    write_file(path, model.bytes.data(), model.bytes.size());
    return {path};
}

}  // namespace

const Format kNutFormat{"nut", {".nut"}, "Nutshell's own file", read_nut, write_nut, "", ""};

}  // namespace nutshell::tools
