// SPDX-License-Identifier: MIT
#include "tensor_groups.hpp"

#include <algorithm>
#include <cctype>
#include <map>

#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

/// What an array's name says that it is, and the rest of the name, which its layer shares.
struct NameParts {
    Meaning meaning = Meaning::none;
    std::string layer;
};

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

std::string lower_case(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

/// A name without the running_ or moving_ of statistics at its end.
std::string without_running(const std::string& name) {
    for (const std::string word : {"running_", "moving_"}) {
        const size_t rest = name.size() < word.size() ? 0 : name.size() - word.size();
        if (name.compare(rest, std::string::npos, word) == 0) return name.substr(0, rest);
    }
    return name;
}

NameParts parts_of(const std::string& name) {
    static const std::map<std::string, Meaning> words{
        {"weight", Meaning::weight}, {"kernel", Meaning::kernel},     {"bias", Meaning::bias},
        {"gamma", Meaning::weight},  {"beta", Meaning::bias},         {"mean", Meaning::mean},
        {"var", Meaning::variance},  {"variance", Meaning::variance}, {"w", Meaning::either},
        {"b", Meaning::bias}};
    // The last word that is known, with no letters beside it.
    for (size_t end = name.size(); end > 0;) {
        if (!is_letter(name[end - 1])) {
            end--;
            continue;
        }
        size_t begin = end;
        while (begin > 0 && is_letter(name[begin - 1])) begin--;
        const auto word = words.find(lower_case(name.substr(begin, end - begin)));
        if (word != words.end()) {
            return {word->second, without_running(name.substr(0, begin)) + name.substr(end)};
        }
        end = begin;
    }
    return {Meaning::none, name};
}

/// Numbers inside names count by their value.
bool natural_less(const std::string& a, const std::string& b) {
    size_t i = 0, j = 0;
    while (i < a.size() && j < b.size()) {
        if (is_digit(a[i]) && is_digit(b[j])) {
            size_t i_end = i, j_end = j;
            while (i < a.size() && a[i] == '0') i++;
            while (j < b.size() && b[j] == '0') j++;
            i_end = std::max(i_end, i);
            j_end = std::max(j_end, j);
            while (i_end < a.size() && is_digit(a[i_end])) i_end++;
            while (j_end < b.size() && is_digit(b[j_end])) j_end++;
            if (i_end - i != j_end - j) return i_end - i < j_end - j;
            const int order = a.compare(i, i_end - i, b, j, j_end - j);
            if (order != 0) return order < 0;
            i = i_end;
            j = j_end;
        } else if (a[i] != b[j]) {
            return a[i] < b[j];
        } else {
            i++;
            j++;
        }
    }
    return a.size() - i < b.size() - j;
}

bool layer_less(const std::string& a, const std::string& b) {
    const int half_a = half_of(a), half_b = half_of(b);
    return half_a != half_b ? half_a < half_b : natural_less(a, b);
}

}  // namespace

int half_of(const std::string& name) {
    const std::string plain = lower_case(name);
    if (plain.rfind("enc", 0) == 0) return 0;
    return plain.rfind("dec", 0) == 0 ? 2 : 1;
}

std::vector<Group> groups_of(std::vector<Tensor>& tensors, const std::string& path) {
    std::stable_sort(tensors.begin(), tensors.end(),
                     [](const Tensor& a, const Tensor& b) { return layer_less(a.name, b.name); });
    std::map<std::string, Group, bool (*)(const std::string&, const std::string&)> groups(
        layer_less);
    std::string last;
    for (const Tensor& tensor : tensors) {
        NameParts parts = parts_of(tensor.name);
        const bool vector = tensor.shape.size() == 1;
        if (parts.meaning == Meaning::none && vector && !last.empty()) parts.layer = last;
        if (!vector) last = parts.layer;
        Group& group = groups[parts.layer];
        group.layer = parts.layer;
        const Tensor*& place = group.place(parts.meaning, vector);
        const size_t sides = tensor.shape.size();
        if ((sides != 1 && sides != 2 && sides != 4) || place != nullptr ||
            (!vector && (parts.meaning == Meaning::bias || &place != &group.weight))) {
            throw Error(path + ": array " + in_quotes(tensor.name) + " of shape " +
                        text_of(tensor.shape) +
                        " belongs to no layer; leave it away, or export the model as ONNX");
        }
        place = &tensor;
        if (!vector && parts.meaning != Meaning::none) group.meaning = parts.meaning;
    }
    std::vector<Group> list;
    for (const auto& [name, group] : groups) list.push_back(group);
    return list;
}

}  // namespace nutshell::tools
