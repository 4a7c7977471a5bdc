// SPDX-License-Identifier: MIT
// Foreign models in tests: reading one of tests/data, comparing what it computes with an array of
// tests/data, and refusing damaged ones.
#pragma once
#include <cmath>
#include <cstdlib>
#include <iostream>

#include "command.hpp"
#include "tools/data/npy.hpp"
#include "tools/formats/formats.hpp"
#include "tools/formats/tensor.hpp"

namespace nutshell::tests {

inline std::string data_path(const std::string& name) {
    return std::string(NUTSHELL_TEST_DATA) + "/" + name;
}

/// Ends the program with 77, saying what is missing, when this build lacks the format's library.
inline void require_built(const tools::Format& format) {
    if (format.lacks.empty()) return;
    std::cout << "skipped: this build lacks " << format.lacks << "\n";
    std::exit(77);
}

/// The numbers of an array of tests/data, whatever its shape.
inline std::vector<float> array(const std::string& name) {
    const tools::Bytes file = tools::read_file(data_path(name));
    size_t body = 0;
    const tools::NpyHeader header = tools::read_npy_header(tools::view(file), name, body);
    REQUIRE(header.type == "<f4");
    return tools::to_floats(tools::ElementType::float32, {file.data() + body, file.size() - body});
}

/// The numbers of {"name": [[...], ...]}, row after row.
inline std::vector<float> json_rows(const std::string& file, const char* name) {
    const tools::Bytes text = tools::read_file(data_path(file));
    const auto content = nlohmann::json::parse(text.begin(), text.end());
    std::vector<float> values;
    for (const auto& row : content[name]) {
        for (const auto& value : row) values.push_back(value.get<float>());
    }
    return values;
}

inline tools::Imported import_data(const std::string& name, const std::string& layers = "") {
    INFO(name);
    return tools::import_model(data_path(name), "", {"", layers});
}

/// The largest difference between what a part of a model computes and what is expected.
inline double difference(const tools::Imported& imported, tools::Part part,
                         const std::vector<float>& x, const std::vector<float>& expected) {
    return std::visit(
        [&](const auto& graph) {
            const auto range = graph.range(part);
            const auto rows = x.size() / static_cast<size_t>(graph.input_size(range));
            std::vector<float> y(rows * static_cast<size_t>(graph.output_size(range)));
            REQUIRE(y.size() == expected.size());
            graph.run(range, x.data(), static_cast<int>(rows), y.data());
            double most = 0;
            for (size_t i = 0; i < y.size(); i++) {
                most = std::max(
                    most, std::abs(static_cast<double>(y[i]) - static_cast<double>(expected[i])));
            }
            return most;
        },
        imported.graph);
}

/// The file is refused in one line that begins with its path and holds every one of the words.
inline void check_import_refused(const std::string& path, const std::vector<std::string>& words,
                                 const std::string& layers = "") {
    std::string message;
    try {
        (void)tools::import_model(path, "", {"", layers});
    } catch (const tools::Error& error) {
        message = error.what();
    }
    INFO("message: ", message);
    CHECK(message.rfind(path, 0) == 0);
    CHECK(message.find('\n') == std::string::npos);
    for (const std::string& word : words) {
        INFO("expected: ", word);
        CHECK(message.find(word) != std::string::npos);
    }
}

/// Every prefix of a file, or one in so many, is refused in one line.
inline void check_cuts_refused(const TemporaryFolder& folder, const std::string& name,
                               const std::string& valid, size_t step,
                               const std::string& layers = "") {
    for (size_t size = 0; size < valid.size(); size += step) {
        check_import_refused(folder.file(name, valid.substr(0, size)), {}, layers);
    }
}

/// The bytes with the first `from` in them replaced by `to`.
inline std::string replaced(std::string bytes, const std::string& from, const std::string& to) {
    const size_t at = bytes.find(from);
    REQUIRE(at != std::string::npos);
    return bytes.replace(at, from.size(), to);
}

}  // namespace nutshell::tests
