// SPDX-License-Identifier: MIT
// nutshell convert: a model, or a part of it, from one format to another.
#include <cstdio>
#include <optional>

#include "exchange.hpp"
#include "tools/error.hpp"
#include "tools/formats/agreement.hpp"

namespace nutshell::tools {
namespace {

struct Options {
    std::string input, output;
    ImportChoice from;
    ExportChoice to;
    std::vector<std::string> check;  // inputs, the outputs that the original gave
    double tolerance = 1e-3;
};

std::optional<Agreement> checked(const AnyGraph& graph, const Options& options) {
    if (options.check.empty()) return {};
    return compare(graph, options.to.part, load_data(options.check[0]).train,
                   load_data(options.check[1]).train);
}

bool accepted(const Agreement& agreement, const Options& options) {
    return agreement.codes ? agreement.different == 0 : agreement.largest <= options.tolerance;
}

nlohmann::ordered_json to_json(const Agreement& agreement, bool accepted) {
    return {{"rows", agreement.rows},
            {"compared", agreement.codes ? "codes" : "values"},
            {"largest_difference", number_or_null(agreement.largest)},
            {"mean_squared_difference", number_or_null(agreement.mean_square)},
            {"different", agreement.different},
            {"accepted", accepted}};
}

void print(const Agreement& agreement, const Options& options) {
    std::printf("check: %d rows of %s against %s: %zu %s differ, by at most %s\n", agreement.rows,
                options.check[0].c_str(), options.check[1].c_str(), agreement.different,
                agreement.codes ? "codes" : "values", significant(agreement.largest).c_str());
}

int convert(const Options& options, const Common& common) {
    const Format& to = target_format(options.to, options.output);
    const Imported imported = import_model(options.input, options.from);
    const Export model = export_of(imported.graph, options.to);
    const std::optional<Agreement> agreement = checked(imported.graph, options);
    const bool good = !agreement || accepted(*agreement, options);
    const std::vector<std::string> files =
        good ? to.write(model, options.output) : std::vector<std::string>();
    nlohmann::ordered_json facts = facts_of(model, files);
    add_provenance(imported, facts);
    if (agreement) facts["check"] = to_json(*agreement, good);
    if (common.json) {
        print_json(facts);
    } else {
        if (good) print_facts(facts);
        print_provenance(imported);
        if (agreement) print(*agreement, options);
    }
    if (good) return kSuccess;
    std::fprintf(stderr,
                 "nutshell: the model does not give the outputs of %s within %s; nothing is "
                 "written\n",
                 options.check[1].c_str(),
                 agreement->codes ? "a single code" : significant(options.tolerance).c_str());
    return kAnswerIsNo;
}

}  // namespace

void add_convert(CLI::App& app, Common& common) {
    static Options options;
    CLI::App* command = add_command(app, common, "convert",
                                    "Write a model, its encoder or its decoder in another format",
                                    [&common] { return convert(options, common); });
    add_model_argument(*command, "IN", options.input, options.from);
    command
        ->add_option("OUT", options.output,
                     "Where it goes: " + writable_formats() + " (x.hpp writes x.cpp too)")
        ->required();
    add_part_option(*command, options.to.part);
    add_export_options(*command, options.to);
    command
        ->add_option("--check", options.check,
                     "Inputs and the outputs that the original gave them, as .npy: compared before "
                     "anything is written")
        ->type_name("IN OUT")
        ->expected(2);
    command
        ->add_option("--tolerance", options.tolerance,
                     "Largest difference that --check lets pass; int8 codes must be equal")
        ->check(not_negative())
        ->capture_default_str();
}

}  // namespace nutshell::tools
