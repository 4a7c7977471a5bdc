// SPDX-License-Identifier: MIT
// .nut files: the library's own format, described in nutshell/weights.hpp.
#include "formats.hpp"
#include "tools/atomic_file.hpp"

namespace nutshell::tools {
namespace {

std::vector<std::string> write_nut(const Export& model, const std::string& path) {
    write_file(path, model.bytes.data(), model.bytes.size());
    return {path};
}

}  // namespace

const Format kNutFormat{"nut", ".nut", "Nutshell's own file", read_any_model, write_nut};

}  // namespace nutshell::tools
