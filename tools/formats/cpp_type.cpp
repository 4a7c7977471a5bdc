// SPDX-License-Identifier: MIT
#include "cpp_type.hpp"

#include <cctype>
#include <cmath>
#include <set>

#include "nutshell/layers/activation.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

std::string leaky_relu_type(float slope) {
    const long thousandths = std::lround(slope * 1000.0f);
    if (static_cast<float>(thousandths) / 1000.0f != slope) {
        throw Error("a leaky relu of slope " + std::to_string(slope) +
                    " has no C++ type; types have whole thousandths, from 0.001 to 0.999");
    }
    return "nutshell::LeakyRelu<" + std::to_string(thousandths) + ">";
}

std::string activation_type(const Row& row) {
    switch (row.activation) {
        case Activation::linear:
            return "nutshell::Linear";
        case Activation::relu:
            return "nutshell::Relu";
        case Activation::leaky_relu:
            return leaky_relu_type(row.slope);
        case Activation::sigmoid:
            return "nutshell::Sigmoid";
        case Activation::tanh:
            return "nutshell::Tanh";
    }
    throw Error("an activation that has no C++ type");
}

std::string layer_type(const Row& row) {
    switch (row.kind) {
        case Kind::dense:
            return "nutshell::Dense<" + std::to_string(row.in.size()) + ", " +
                   std::to_string(row.out.size()) + ", " + activation_type(row) + ">";
    }
    throw Error("a layer that has no C++ type");
}

/// Names that a namespace cannot have: keywords, and the ones that the header itself speaks of.
const std::set<std::string>& taken_names() {
    static const std::set<std::string> names{
        "alignas",   "alignof", "and",        "asm",       "auto",     "bitand",    "bitor",
        "bool",      "break",   "case",       "catch",     "char",     "class",     "compl",
        "concept",   "const",   "const_cast", "constexpr", "continue", "decltype",  "default",
        "delete",    "do",      "double",     "else",      "enum",     "explicit",  "export",
        "extern",    "false",   "float",      "for",       "friend",   "goto",      "if",
        "inline",    "int",     "long",       "main",      "mutable",  "namespace", "new",
        "noexcept",  "not",     "nullptr",    "nutshell",  "operator", "or",        "private",
        "protected", "public",  "register",   "requires",  "return",   "short",     "signed",
        "sizeof",    "static",  "std",        "struct",    "switch",   "template",  "this",
        "throw",     "true",    "try",        "typedef",   "typeid",   "typename",  "union",
        "unsigned",  "using",   "virtual",    "void",      "volatile", "wchar_t",   "while",
        "xor"};
    return names;
}

}  // namespace

std::string sequential_type(const std::vector<Row>& rows, int first, int last, size_t indent) {
    const std::string open = "nutshell::Sequential<";
    std::string text = open;
    for (int i = first; i < last; i++) {
        if (i > first) text += ",\n" + std::string(indent + open.size(), ' ');
        text += layer_type(rows[static_cast<size_t>(i)]);
    }
    return text + ">";
}

std::string identifier_of(const std::string& stem) {
    std::string name;
    for (const char character : stem) {
        const bool plain = std::isalnum(static_cast<unsigned char>(character)) != 0 &&
                           static_cast<unsigned char>(character) < 128;
        if (plain) {
            name += character;
        } else if (!name.empty() && name.back() != '_') {
            name += '_';  // never two, nor one in front: such names belong to the compiler
        }
    }
    if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0) {
        name = "model_" + name;
    }
    return taken_names().count(name) > 0 ? name + "_model" : name;
}

}  // namespace nutshell::tools
