// SPDX-License-Identifier: MIT
// nutshell run: applies a model, or a part of it, to rows of an array.
#include <cstdio>

#include "commands.hpp"
#include "tools/data/npy.hpp"
#include "tools/model_file.hpp"

namespace nutshell::tools {
namespace {

struct Options {
    std::string model, input, output, set;
    Part part = Part::whole;
};

int run_model(const Options& options, const Common& common) {
    const AnyGraph any = read_any_model(options.model);
    const Dataset data = choose_set(load_data(options.input), options.set);
    const std::vector<float> outputs =
        std::visit([&](const auto& graph) { return run_all(graph, options.part, data); }, any);
    const int width = std::visit(
        [&](const auto& graph) { return graph.output_size(graph.range(options.part)); }, any);
    const Shape shape = width == data.shape.size() ? data.shape : flat(width);
    write_npy(options.output, outputs.data(), data.count, shape);
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
    command->add_option("MODEL", options.model, "A .nut file")->required();
    command->add_option("--in", options.input, "Rows: .npy, or whatever --data takes elsewhere")
        ->required();
    command->add_option("--out", options.output, "Where the outputs go, as .npy")->required();
    add_part_option(*command, options.part);
    add_set_option(*command, options.set);
}

}  // namespace nutshell::tools
