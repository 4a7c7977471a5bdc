// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "commands.hpp"
#include "platform/platform.hpp"
#include "tools/error.hpp"
#include "tools/pictures_of_model.hpp"
#include "tools/terminal.hpp"

namespace nutshell::tools {
namespace {

std::string platform_names() {
    std::string names;
    for (int i = 0; i < platform::count(); i++) {
        if (i > 0) names += ", ";
        names += platform::at(i).name;
    }
    return names;
}

void use_platform(const std::string& name) {
    const Status status = platform::use(name.c_str());
    if (status == Status::ok) return;
    throw Error("platform '" + name + "': " + to_string(status) + "; this build has " +
                platform_names());
}

CLI::Validator number_in(double low, double high, const std::string& what,
                         const std::string& description) {
    const auto refuse = [=](const std::string& text) -> std::string {
        char* end = nullptr;
        const double value = std::strtod(text.c_str(), &end);
        const bool number = end != text.c_str() && *end == '\0';
        if (number && value >= low && value <= high) return "";
        return "must be " + what + ", not " + text;
    };
    return CLI::Validator(refuse, description);
}

}  // namespace

CLI::App* add_command(CLI::App& app, Common& common, const std::string& name,
                      const std::string& help, std::function<int()> run) {
    CLI::App* command = app.add_subcommand(name, help);
    command->add_flag("--json", common.json, "Print one JSON object and nothing else");
    command
        ->add_option_function<std::string>(
            "--platform",
            [&common](const std::string& wanted) {
                use_platform(wanted);
                common.platform = wanted;
            },
            "Instruction set to run on: " + platform_names())
        ->envname("NUTSHELL_PLATFORM");
    command->final_callback([&common, run = std::move(run)] { common.run = run; });
    return command;
}

void add_set_option(CLI::App& command, std::string& set) {
    command.add_option("--set", set, "Which part of the data: test (if there is one), or train")
        ->check(CLI::IsMember({"train", "test"}));
}

Dataset choose_set(DataSource source, const std::string& set) {
    const bool has_test = source.test.count > 0;
    if (set == "test" && !has_test) {
        throw Error(source.train.name + ": has no test part; leave --set away or say --set train");
    }
    return has_test && set != "train" ? std::move(source.test) : std::move(source.train);
}

void add_part_option(CLI::App& command, Part& part) {
    add_choice<Part>(
        command, "--part", part,
        {{"whole", Part::whole}, {"encoder", Part::encoder}, {"decoder", Part::decoder}},
        "Layers to use: whole, encoder or decoder", "whole");
}

CLI::Validator positive() { return number_in(1e-30, 1e30, "greater than 0", ""); }

CLI::Validator not_negative() { return number_in(0, 1e30, "0 or more", ""); }

CLI::Validator between(double low, double high) {
    const std::string from = significant(low, 10), to = significant(high, 10);
    return number_in(low, high, "between " + from + " and " + to, from + ".." + to);
}

bool print_preview(const AnyGraph& any, const Dataset& data) {
    if (!is_terminal(1) || !terminal_speaks_utf8()) return false;
    const Examples examples = choose_examples(any, data);
    const std::string images =
        preview_images(examples.shape, examples.count, examples.originals.data(),
                       examples.reconstructions.data(), terminal_width(1), terminal_colors());
    std::fputs(images.c_str(), stdout);
    return !images.empty();
}

void print_json(const nlohmann::ordered_json& object) {
    // Names from foreign files need not be UTF-8.
    constexpr auto replace = nlohmann::ordered_json::error_handler_t::replace;
    std::printf("%s\n", object.dump(2, ' ', false, replace).c_str());
}

nlohmann::ordered_json number_or_null(double value) {
    return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

}  // namespace nutshell::tools
