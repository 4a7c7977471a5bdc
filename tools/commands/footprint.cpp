// SPDX-License-Identifier: MIT
// nutshell footprint: what a model would take on a target, before anything is compiled.
#include "tools/footprint/footprint.hpp"

#include <cmath>
#include <cstdio>

#include "commands.hpp"
#include "tools/model/layer_list.hpp"

namespace nutshell::tools {
namespace {

struct Options {
    std::string path, target;
    Part part = Part::whole;
};

nlohmann::ordered_json describe(const AnyGraph& graph, const Target& target) {
    const Footprint found = footprint_of(graph, target);
    const nlohmann::ordered_json instructions =
        found.instructions ? nlohmann::ordered_json(std::llround(*found.instructions)) : nullptr;
    return {{"target", target.name},
            {"model", found.model},
            {"flash", found.flash},
            {"ram", found.ram},
            {"stack", found.stack},
            {"instructions", instructions},
            {"packing", name_of(target.packing)}};
}

void print_table(const nlohmann::ordered_json& lines) {
    std::printf("%-12s %10s %10s %10s %8s %14s\n", "target", "model", "flash", "RAM", "stack",
                "instructions");
    bool counted = true;
    for (const nlohmann::ordered_json& line : lines) {
        const nlohmann::ordered_json& instructions = line["instructions"];
        counted = counted && !instructions.is_null();
        std::printf("%-12s %10zu %10zu %10zu %8zu %14s\n",
                    line["target"].get<std::string>().c_str(), line["model"].get<size_t>(),
                    line["flash"].get<size_t>(), line["ram"].get<size_t>(),
                    line["stack"].get<size_t>(),
                    instructions.is_null() ? "-" : instructions.dump().c_str());
    }
    std::printf(
        "\nBytes. Flash is the model, its code, startup and console; RAM is input, output, work\n"
        "memory, the model's view and the stack. Instructions are those of one inference%s\n",
        counted ? "." : ";\n- is for weights of 4 bits, whose instructions are not estimated.");
}

int footprint(const Options& options, const Common& common) {
    AnyGraph graph =
        std::visit([&](const auto& model) { return AnyGraph(model.extract(options.part)); },
                   read_any_model(options.path));
    nlohmann::ordered_json lines = nlohmann::ordered_json::array();
    if (options.target.empty()) {
        for (const Target& target : targets()) lines.push_back(describe(graph, target));
    } else {
        lines.push_back(describe(graph, target_named(options.target)));
    }
    if (!common.json) {
        print_table(lines);
    } else if (options.target.empty()) {
        print_json({{"file", options.path}, {"targets", lines}});
    } else {
        nlohmann::ordered_json object = {{"file", options.path}};
        object.update(lines[0]);
        print_json(object);
    }
    return kSuccess;
}

}  // namespace

void add_footprint(CLI::App& app, Common& common) {
    static Options options;
    CLI::App* command = add_command(app, common, "footprint",
                                    "Estimate flash, RAM, stack and instructions on a target",
                                    [&common] { return footprint(options, common); });
    command->add_option("MODEL", options.path, "A .nut file, float or int8, in any packing")
        ->required();
    std::string names;
    for (const Target& target : targets())
        names += std::string(names.empty() ? "" : ", ") + target.name;
    command->add_option("--target", options.target, "One of " + names + " [all of them]");
    add_part_option(*command, options.part);
}

}  // namespace nutshell::tools
