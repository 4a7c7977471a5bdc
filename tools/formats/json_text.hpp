// SPDX-License-Identifier: MIT
// JSON from untrusted files.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "tools/data/bytes.hpp"

namespace nutshell::tools {

using Json = nlohmann::ordered_json;

/// Throws Error, beginning with `where`, for what is no JSON, or nests more than 64 levels.
Json parse_json(ByteView text, const std::string& where);

/// Members that may be missing or of another type: then an empty object, text, or the number given.
const Json& member(const Json& object, const char* name);
std::string text_member(const Json& object, const char* name);
double number_member(const Json& object, const char* name, double otherwise);
bool flag_member(const Json& object, const char* name, bool otherwise);

}  // namespace nutshell::tools
