// SPDX-License-Identifier: MIT
// THE LIST of subcommands, and what they share.
#pragma once
#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tools/data/dataset.hpp"
#include "tools/evaluation/evaluate.hpp"
#include "tools/model/model_file.hpp"
#include "tools/text.hpp"

namespace nutshell::tools {

/// Exit statuses: the command ran; it ran and the answer is no; bad use or bad input.
enum ExitStatus { kSuccess = 0, kAnswerIsNo = 1, kBadInput = 2 };

/// What every subcommand has.
struct Common {
    bool json = false;         // one JSON object on standard output and nothing else there
    std::string command_line;  // as the user typed it, for reports
    std::string platform;      // as asked for, or empty: the best one
    std::function<int()> run;  // set by the subcommand that the user named
};

void add_train(CLI::App& app, Common& common);
void add_evaluate(CLI::App& app, Common& common);
void add_quantize(CLI::App& app, Common& common);
void add_convert(CLI::App& app, Common& common);
void add_run(CLI::App& app, Common& common);
void add_inspect(CLI::App& app, Common& common);
void add_footprint(CLI::App& app, Common& common);
void add_show(CLI::App& app, Common& common);
void add_windows(CLI::App& app, Common& common);
void add_generate(CLI::App& app, Common& common);
void add_denoise(CLI::App& app, Common& common);
void add_upscale(CLI::App& app, Common& common);
void add_detect(CLI::App& app, Common& common);
void add_search(CLI::App& app, Common& common);
void add_bench(CLI::App& app, Common& common);

/// Adds a subcommand with --json and --platform; `run` is called when the user named it.
CLI::App* add_command(CLI::App& app, Common& common, const std::string& name,
                      const std::string& help, std::function<int()> run);

/// Adds `--set train|test` and says which part of a source it means: the test part when there is
/// one and nothing was said. Throws Error when the asked part is missing.
void add_set_option(CLI::App& command, std::string& set);
Dataset choose_set(DataSource source, const std::string& set);

/// Adds `--part whole|encoder|decoder`.
void add_part_option(CLI::App& command, Part& part);

/// Checks of numbers, whose messages say what is right: "must be greater than 0, not -1".
CLI::Validator positive();
CLI::Validator not_negative();
CLI::Validator between(double low, double high);

/// Adds an option that takes one of some names and sets `value` to what that name stands for.
template <class T>
CLI::Option* add_choice(CLI::App& command, const std::string& option, T& value,
                        const std::vector<std::pair<std::string, T>>& choices,
                        const std::string& help, const std::string& fallback) {
    std::vector<std::string> names;
    for (const auto& choice : choices) names.push_back(choice.first);
    const auto set = [&value, choices](const std::string& name) {
        for (const auto& choice : choices) {
            if (choice.first == name) value = choice.second;
        }
    };
    return command.add_option_function<std::string>(option, set, help)
        ->check(CLI::IsMember(names))
        ->option_text("NAME [" + fallback + "]");
}

/// Prints samples over their reconstructions; false, and nothing printed, when standard output is
/// no terminal that can show them or the samples are no images.
bool print_preview(const AnyGraph& any, const Dataset& data);

/// Prints the one JSON object.
void print_json(const nlohmann::ordered_json& object);

/// NaN, which JSON does not know, becomes null.
nlohmann::ordered_json number_or_null(double value);

}  // namespace nutshell::tools
