// SPDX-License-Identifier: MIT
#include "model_file.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "nutshell/self_test.hpp"
#include "on_reference.hpp"
#include "tools/atomic_file.hpp"
#include "tools/data/bytes.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {

namespace {

CheckedFile read_checked(const std::string& path) {
    const std::vector<uint8_t> content = read_file(path);
    CheckedFile checked = checked_file(content, path);
    if (content.size() != checked.file.size()) {
        throw Error(path + ": " + std::to_string(content.size() - checked.file.size()) +
                    " bytes follow the end of the model; give a whole .nut file");
    }
    return checked;
}

Graph float_graph(const File& file) {
    std::vector<Row> rows;
    for (int i = 0; i < file.layer_count(); i++) rows.push_back(file.row(i));
    Graph graph(std::move(rows), file.code_layer());
    for (int i = 0; i < graph.layer_count(); i++) graph.set_tensors(i, file.tensors(i));
    graph.model_id = file.model_id();
    graph.parent_id = file.parent_id();
    return graph;
}

}  // namespace

CheckedFile checked_file(const std::vector<uint8_t>& content, const std::string& path) {
    CheckedFile checked{AlignedFloats(content.size() / sizeof(float) + 1), {}};
    AlignedFloats& aligned = checked.bytes;
    std::copy(content.begin(), content.end(), reinterpret_cast<uint8_t*>(aligned.data()));
    const Status status = check(aligned.data(), content.size(), checked.file);
    if (status != Status::ok) {
        throw Error(path + ": " + to_string(status) + "; give a whole .nut file");
    }
    return checked;
}

Graph read_model(const std::string& path) {
    const CheckedFile content = read_checked(path);
    if (content.file.type() != NumberType::float32) {
        throw Error(path + ": is an int8 model; give the float model that it was made from");
    }
    return float_graph(content.file);
}

AnyGraph read_any_model(const std::string& path) {
    const CheckedFile content = read_checked(path);
    return graph_in(content.file);
}

AnyGraph graph_in(const File& file) {
    if (file.type() != NumberType::float32) return Int8Graph(file);
    return float_graph(file);
}

namespace {

/// Fills the section of a self-test; false when the model's answer is not finite, and so is none.
bool answer_self_test(const Graph& graph, uint32_t model_id, uint8_t* section) {
    const OnReference reference;
    const Graph::Range whole = graph.range(Part::whole);
    std::vector<float> x(static_cast<size_t>(graph.input_size(whole)));
    std::vector<float> y(static_cast<size_t>(graph.output_size(whole)));
    self_test_input(model_id, graph.input_size(whole), x.data());
    graph.run(whole, x.data(), 1, y.data());
    write_self_test(y.data(), graph.output_size(whole), section);
    return all_finite(y.data(), graph.output_size(whole));
}

FileContents contents_of(const Graph& graph, std::vector<Tensors>& tensors) {
    for (int i = 0; i < graph.layer_count(); i++) tensors.push_back(graph.tensors(i));
    FileContents contents{graph.rows().data(), graph.layer_count(), graph.code_layer(),
                          tensors.data(),      graph.model_id,      graph.parent_id};
    if (contents.model_id == 0) contents.model_id = model_id(contents);
    return contents;
}

}  // namespace

void identify(Graph& graph) {
    std::vector<Tensors> tensors;
    graph.model_id = contents_of(graph, tensors).model_id;
}

AlignedFloats to_file_bytes(const Graph& graph, size_t& size) {
    std::vector<Tensors> tensors;
    FileContents contents = contents_of(graph, tensors);
    uint8_t answer[kSelfTestBytes];
    if (answer_self_test(graph, contents.model_id, answer)) contents.self_test = answer;
    const size_t capacity = file_size(contents);
    AlignedFloats bytes(capacity / sizeof(float));
    const Status status = write(contents, bytes.data(), capacity, size);
    if (status != Status::ok)
        throw Error(std::string("the model cannot be saved: ") + to_string(status));
    return bytes;
}

void write_model(const Graph& graph, const std::string& path) {
    size_t size = 0;
    const AlignedFloats bytes = to_file_bytes(graph, size);
    write_file(path, bytes.data(), size);
}

void write_model(const Int8Graph& graph, const std::string& path, Packing packing) {
    const std::vector<uint8_t> bytes = graph.file_bytes(packing);
    write_file(path, bytes.data(), bytes.size());
}

}  // namespace nutshell::tools
