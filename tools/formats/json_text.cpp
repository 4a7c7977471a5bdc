// SPDX-License-Identifier: MIT
#include "json_text.hpp"

#include "tools/error.hpp"

namespace nutshell::tools {

Json parse_json(ByteView text, const std::string& where) {
    constexpr int deepest = 64;
    const auto guard = [&](int depth, Json::parse_event_t, const Json&) {
        if (depth > deepest) throw Error(where + ": JSON of more than 64 levels; it is no model");
        return true;
    };
    try {
        return Json::parse(text.data, text.data + text.size, guard);
    } catch (const nlohmann::json::parse_error& error) {
        throw Error(where + ": is no JSON: damaged at byte " + std::to_string(error.byte) +
                    "; save it again");
    } catch (const nlohmann::json::exception&) {
        throw Error(where + ": is no JSON that can be read; save it again");
    }
}

const Json& member(const Json& object, const char* name) {
    static const Json nothing = Json::object();
    if (!object.is_object()) return nothing;
    const auto found = object.find(name);
    return found == object.end() ? nothing : *found;
}

std::string text_member(const Json& object, const char* name) {
    const Json& value = member(object, name);
    return value.is_string() ? value.get<std::string>() : std::string();
}

double number_member(const Json& object, const char* name, double otherwise) {
    const Json& value = member(object, name);
    return value.is_number() ? value.get<double>() : otherwise;
}

bool flag_member(const Json& object, const char* name, bool otherwise) {
    const Json& value = member(object, name);
    return value.is_boolean() ? value.get<bool>() : otherwise;
}

}  // namespace nutshell::tools
