// SPDX-License-Identifier: MIT
#include "footprint.hpp"

#include <algorithm>

#include "loops.hpp"
#include "tools/error.hpp"
#include "tools/model/inference_form.hpp"
#include "tools/suggest.hpp"

namespace nutshell::tools {
namespace {

/// Bytes of one inference's input, output and work memory, as the model's type has them.
size_t memory_of(const std::vector<Row>& rows, bool int8, ScratchRule rule) {
    const int element = int8 ? 1 : static_cast<int>(sizeof(float));
    int inner = 0, scratch = 0;
    for (size_t i = 0; i < rows.size(); i++) {
        const int in = rows[i].in.size();
        if (i > 0) inner = std::max(inner, in);
        scratch = std::max(scratch, int8 ? int8_scratch_bytes(rows[i], rule)
                                         : element * scratch_floats(rows[i], Mode::inference));
    }
    const int buffers = inner * element * inner_buffers(static_cast<int>(rows.size()));
    const int work = scratch > 0 ? align_up(buffers, 16) + scratch : buffers;
    const int ends = element * (rows.front().in.size() + rows.back().out.size());
    return static_cast<size_t>(ends + align_up(work, 16));
}

/// Bytes of the view: the tensors of each layer (numbers.hpp) and the self-test.
size_t view_of(size_t layers, bool int8, int pointer) {
    constexpr int packing_and_flags = 4, quantizations = 3 * sizeof(Quantization);
    const int floats = 3 * pointer;
    const int codes = align_up(5 * pointer + packing_and_flags + quantizations, pointer);
    return layers * static_cast<size_t>(int8 ? codes : floats) + static_cast<size_t>(2 * pointer);
}

double cost_of(const Row& row, const ActivationCost& cost) {
    const double outputs = row.out.size();
    switch (row.activation) {
        case Activation::linear:
        case Activation::relu:
            return 0;
        case Activation::leaky_relu:
            return cost.leaky_relu * outputs;
        case Activation::sigmoid:
            return cost.sigmoid * outputs;
        case Activation::tanh:
            return cost.tanh * outputs;
    }
    return 0;
}

/// How often the inputs are gone through: for each whole block of outputs, and for each half,
/// quarter and so on that is needed for the others.
int passes_of(int outputs, const ProductCost& cost) {
    if (cost.least == 0) return 1;
    int passes = outputs / cost.outputs;
    for (int parts = outputs % cost.outputs / cost.least; parts > 0; parts /= 2)
        passes += parts % 2;
    return passes;
}

double cost_of(const Row& row, bool per_output, const ProductCost& cost) {
    const int rest = cost.rest > 0 ? row.in.size() % cost.inputs : 0;
    const double in = align_up(row.in.size() - rest, cost.inputs);
    const int out = align_up(row.out.size(), cost.least > 0 ? cost.least : cost.outputs);
    const double output = cost.output + (per_output ? cost.scale : 0);
    const bool partial =
        cost.least > 0 ? row.in.size() % cost.inputs != 0 : row.out.size() % cost.outputs != 0;
    return cost.call + (partial ? cost.partial : 0) +
           (cost.pass + cost.input * in) * passes_of(out, cost) + output * out +
           cost.product * in * out + cost.rest * rest * row.out.size();
}

bool is_dense(const Row& row) { return row.kind == Kind::dense || row.kind == Kind::tied_dense; }

/// Whether inputs are turned into outputs by rows of products, which clamp them afterwards.
bool is_product(const Row& row) {
    return is_dense(row) || row.kind == Kind::conv2d || row.kind == Kind::transposed_conv2d;
}

double instructions_of(const Graph& graph, const Target& target) {
    const NumbersCost& cost = target.float32;
    double sum = cost.check * graph.rows().front().in.size();
    for (const Row& row : graph.rows()) {
        const bool dots = DenseLayer::rows_are_outputs(row);
        sum += is_dense(row) ? cost_of(row, false, dots ? cost.dots : cost.combined)
                             : layer_instructions({row, false, false}, target);
        sum += cost_of(row, cost.activation);
    }
    return sum;
}

std::optional<double> instructions_of(const Int8Graph& graph, const Target& target) {
    if (graph.type() == NumberType::int4) return std::nullopt;
    const NumbersCost& cost = target.int8;
    double sum = 0;
    for (size_t i = 0; i < graph.rows().size(); i++) {
        const Row& row = graph.rows()[i];
        const Int8Layer& layer = graph.layers()[i];
        sum += is_dense(row) ? cost_of(row, layer.per_output, cost.dots)
                             : layer_instructions({row, true, layer.per_output}, target);
        sum += cost_of(row, cost.activation);
        const bool clamped = is_product(row) && row.activation == Activation::relu &&
                             layer.quantization.sum.zero_point != INT8_MIN;
        if (clamped) sum += cost.activation.clamp * row.out.size();
    }
    return sum;
}

Footprint sizes_of(const std::vector<Row>& rows, size_t model, bool int8, const Target& target) {
    const ImageSize& size = int8 ? target.image.int8 : target.image.float32;
    Footprint result;
    result.model = model;
    result.flash = model + static_cast<size_t>(code_bytes(rows, size));
    result.stack = static_cast<size_t>(stack_bytes(rows, size));
    result.ram = memory_of(rows, int8, target.scratch) +
                 view_of(rows.size(), int8, target.scratch.pointer) +
                 static_cast<size_t>(target.variables) + result.stack;
    return result;
}

Footprint footprint_of(const Graph& whole, const Target& target) {
    const Graph graph = inference_form(whole);
    size_t model = 0;
    to_file_bytes(graph, model);
    Footprint result = sizes_of(graph.rows(), model, false, target);
    result.instructions = instructions_of(graph, target);
    return result;
}

Footprint footprint_of(const Int8Graph& graph, const Target& target) {
    Footprint result =
        sizes_of(graph.rows(), graph.file_bytes(target.packing).size(), true, target);
    result.instructions = instructions_of(graph, target);
    return result;
}

}  // namespace

const Target& target_named(const std::string& name) {
    std::vector<std::string> names;
    for (const Target& target : targets()) {
        if (name == target.name) return target;
        names.emplace_back(target.name);
    }
    throw Error("--target: " + unknown_word("target", name, names));
}

Footprint footprint_of(const AnyGraph& graph, const Target& target) {
    return std::visit([&](const auto& model) { return footprint_of(model, target); }, graph);
}

}  // namespace nutshell::tools
