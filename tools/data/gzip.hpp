// SPDX-License-Identifier: MIT
// Files that gzip wrote. Reading them needs zlib, which a build for another machine may lack.
#pragma once
#include <string>

#include "bytes.hpp"

namespace nutshell::tools {

/// True when the bytes start as a gzip file does.
bool is_gzip(ByteView file);

/// Inflates gzip members until `limit` bytes are there or the file ends; memory grows with what
/// comes out, never with what a header says. Throws Error (named by `path`) on damaged or cut-short
/// data, and in a build without zlib.
Bytes inflate_gzip(ByteView file, size_t limit, const std::string& path);

/// ".gz (zlib 1.2.13)", or ".gz (not built: lacks zlib1g-dev)".
std::string gzip_support();

}  // namespace nutshell::tools
