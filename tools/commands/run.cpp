// SPDX-License-Identifier: MIT
// nutshell run: applies a model, or a part of it, to rows of an array.
#include <cstdio>
#include <type_traits>
#include <vector>

#include "exchange.hpp"
#include "tools/data/npy.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

struct Options {
    std::string model, input, output, set;
    ImportChoice from;
    Part part = Part::whole;
    bool int8 = false;
};

/// Writes the part's outputs for all samples and says how many numbers each has.
template <class AnyKind>
int write_outputs(const AnyKind& graph, const Dataset& data, const Options& options) {
    const int width = graph.output_size(graph.range(options.part));
    const Shape shape = width == data.shape.size() ? data.shape : flat(width);
    if constexpr (std::is_same_v<AnyKind, Int8Graph>) {
        if (options.int8) {
            const std::vector<int8_t> codes = run_all_to_codes(graph, options.part, data);
            write_npy(options.output, codes.data(), data.count, shape);
            return width;
        }
    } else if (options.int8) {
        throw Error(options.model + ": --int8 needs an int8 model; make one with quantize");
    }
    const std::vector<float> outputs = run_all(graph, options.part, data);
    write_npy(options.output, outputs.data(), data.count, shape);
    return width;
}

int run_model(const Options& options, const Common& common) {
    const AnyGraph any = import_model(options.model, options.from).graph;
    const Dataset data = choose_set(load_data(options.input), options.set);
    const int width =
        std::visit([&](const auto& graph) { return write_outputs(graph, data, options); }, any);
    if (common.json) {
        print_json({{"samples", data.count},
                    {"part", name_of(options.part)},
                    {"outputs", width},
                    {"file", options.output}});
    } else {
        std::printf("%s: %d rows of %d numbers from the %s of %s\n", options.output.c_str(),
                    data.count, width,
                    options.part == Part::whole ? "whole" : name_of(options.part),
                    options.model.c_str());
    }
    return kSuccess;
}

}  // namespace

void add_run(CLI::App& app, Common& common) {
    static Options options;
    CLI::App* command =
        add_command(app, common, "run", "Apply a model, or its encoder or decoder, to data",
                    [&common] { return run_model(options, common); });
    add_model_argument(*command, "MODEL", options.model, options.from);
    command->add_option("--in", options.input, "Rows: .npy, or whatever --data takes elsewhere")
        ->required();
    command->add_option("--out", options.output, "Where the outputs go, as .npy")->required();
    add_part_option(*command, options.part);
    add_set_option(*command, options.set);
    command->add_flag("--int8", options.int8,
                      "Write the codes of an int8 model themselves, not the values they stand for; "
                      "an .npy of int8 is always read as codes");
}

}  // namespace nutshell::tools
