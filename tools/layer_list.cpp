// SPDX-License-Identifier: MIT
#include "layer_list.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "error.hpp"

namespace nutshell::tools {
namespace {

constexpr float kDefaultSlope = 0.01f;

struct Name {
    const char* text;
    Activation activation;
};
constexpr Name kNames[] = {{"linear", Activation::linear},
                           {"relu", Activation::relu},
                           {"leaky_relu", Activation::leaky_relu},
                           {"sigmoid", Activation::sigmoid},
                           {"tanh", Activation::tanh}};

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    size_t begin = 0;
    for (size_t end; (end = text.find(separator, begin)) != std::string::npos; begin = end + 1) {
        parts.push_back(text.substr(begin, end - begin));
    }
    parts.push_back(text.substr(begin));
    return parts;
}

[[noreturn]] void fail(const std::string& entry, const std::string& why,
                       const std::string& option = "--layers") {
    throw Error(option + ": '" + entry + "' " + why);
}

int parse_size(const std::string& entry, const std::string& text) {
    int size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error == std::errc::result_out_of_range || size > kMaxSize) {
        fail(entry, "is too large; a layer has at most " + std::to_string(kMaxSize) + " outputs");
    }
    if (error != std::errc() || end != text.data() + text.size()) {
        fail(entry, "is no size; write sizes with commas between, as in 784,24,784");
    }
    if (size < 1) fail(entry, "is no size; a layer has at least 1 output");
    return size;
}

/// `text` names an activation; `entry` of `option` is where the user wrote it.
void set_activation(Row& row, const std::string& text, const std::string& entry,
                    const std::string& option) {
    const size_t bracket = text.find('(');
    const std::string name = text.substr(0, bracket);
    for (const Name& known : kNames) {
        if (name != known.text) continue;
        row.activation = known.activation;
        const bool leaky = known.activation == Activation::leaky_relu;
        row.slope = leaky ? kDefaultSlope : 0.0f;
        if (bracket == std::string::npos) return;
        char* end = nullptr;
        row.slope = std::strtof(text.c_str() + bracket + 1, &end);
        if (leaky && std::string(end) == ")" && row.slope >= 1e-6f && row.slope < 1.0f) return;
        fail(entry, "has a slope that makes no sense; write leaky_relu(0.01)", option);
    }
    fail(entry, "names no known activation; use linear, relu, leaky_relu, sigmoid or tanh", option);
}

int narrowest(const std::vector<Row>& rows) {
    int best = 1;
    for (int i = 2; i < static_cast<int>(rows.size()); i++) {
        const auto size_in_front = [&](int at) { return rows[static_cast<size_t>(at)].in.size(); };
        if (size_in_front(i) < size_in_front(best)) best = i;
    }
    return best;
}

}  // namespace

LayerList parse_layers(const std::string& text, const LayerDefaults& defaults) {
    const std::vector<std::string> entries = split(text, ',');
    if (entries.size() < 3) {
        throw Error("--layers: '" + text +
                    "' needs at least input, code and output, as in 784,24,784");
    }
    LayerList list{};
    int previous = 0;
    for (size_t i = 0; i < entries.size(); i++) {
        const size_t colon = entries[i].find(':');
        const int size = parse_size(entries[i], entries[i].substr(0, colon));
        if (i > 0) {
            Row row{Kind::dense, Activation::linear, flat(previous), flat(size), 0.0f};
            const bool last = i + 1 == entries.size();
            if (colon != std::string::npos) {
                set_activation(row, entries[i].substr(colon + 1), entries[i], "--layers");
            } else if (last) {
                set_activation(row, defaults.output, defaults.output, "--output");
            } else {
                set_activation(row, defaults.hidden, defaults.hidden, "--activation");
            }
            list.rows.push_back(row);
        } else if (colon != std::string::npos) {
            fail(entries[i], "names an activation, but the first entry is the input");
        }
        previous = size;
    }
    list.code_layer = narrowest(list.rows);
    return list;
}

std::string activation_text(const Row& row) {
    for (const Name& known : kNames) {
        if (row.activation != known.activation) continue;
        std::string text = known.text;
        if (row.activation != Activation::leaky_relu || row.slope == kDefaultSlope) return text;
        char slope[32];
        std::snprintf(slope, sizeof slope, "(%g)", static_cast<double>(row.slope));
        return text + slope;
    }
    return "unknown";
}

const char* name_of(Kind kind) {
    switch (kind) {
#define NUTSHELL_CASE(name, functions, number) \
    case Kind::name:                           \
        return #name;
        NUTSHELL_LAYER_KINDS(NUTSHELL_CASE)
#undef NUTSHELL_CASE
    }
    return "unknown";
}

}  // namespace nutshell::tools
