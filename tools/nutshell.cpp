// SPDX-License-Identifier: MIT
// The nutshell command: parses the command line, runs one subcommand, turns errors into one line on
// standard error and exit status 2.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>

#include "commands/commands.hpp"
#include "data/gzip.hpp"
#include "formats/formats.hpp"
#include "suggest.hpp"

namespace {

using nutshell::tools::Common;

/// THE LIST of subcommands.
void add_commands(CLI::App& app, Common& common) {
    nutshell::tools::add_train(app, common);
    nutshell::tools::add_evaluate(app, common);
    nutshell::tools::add_quantize(app, common);
    nutshell::tools::add_convert(app, common);
    nutshell::tools::add_run(app, common);
    nutshell::tools::add_inspect(app, common);
    nutshell::tools::add_footprint(app, common);
    nutshell::tools::add_show(app, common);
    nutshell::tools::add_windows(app, common);
    nutshell::tools::add_generate(app, common);
    nutshell::tools::add_denoise(app, common);
    nutshell::tools::add_upscale(app, common);
    nutshell::tools::add_detect(app, common);
    nutshell::tools::add_search(app, common);
    nutshell::tools::add_bench(app, common);
}

std::string join(int count, char** arguments) {
    std::string line = "nutshell";
    for (int i = 1; i < count; i++) {
        const std::string argument = arguments[i];
        const bool plain = argument.find_first_of(" '\"$&;()<>|*?`\\") == std::string::npos;
        line += " " + (plain ? argument : "'" + argument + "'");
    }
    return line;
}

/// The words that the user could have meant where an unknown one stands.
std::vector<std::string> known_words(const CLI::App& app, bool option) {
    std::vector<std::string> words;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (!option) words.push_back(command->get_name());
        if (!option || !command->parsed()) continue;
        for (const CLI::Option* known : command->get_options()) {
            for (const std::string& name : known->get_lnames()) words.push_back("--" + name);
        }
    }
    return words;
}

/// "nutshell", or "nutshell train" when that subcommand was named.
std::string named(const CLI::App& app) {
    const auto parsed = [](const CLI::App* command) { return command->parsed(); };
    const auto commands = app.get_subcommands(parsed);
    return "nutshell" + (commands.empty() ? "" : " " + commands.front()->get_name());
}

/// "train, evaluate, run".
std::string list_of(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

/// What is wrong with the command line, in one line.
std::string explain(const CLI::App& app, const CLI::ParseError& error, int count,
                    char** arguments) {
    std::string text = error.what();
    for (char& character : text) {
        if (character == '\n') character = ' ';
    }
    const auto is = [&](CLI::ExitCodes code) {
        return error.get_exit_code() == static_cast<int>(code);
    };
    if (count < 2) return "name a subcommand: " + list_of(known_words(app, false));
    if (is(CLI::ExitCodes::ArgumentMismatch) && text.find("At Most 1") != std::string::npos) {
        return text.substr(0, text.find(':')) + " is given more than once; give it once";
    }
    if (!is(CLI::ExitCodes::ExtrasError) && !is(CLI::ExitCodes::RequiredError)) return text;
    for (int i = 1; i < count; i++) {
        const std::string word = arguments[i];
        const bool option = word.rfind("--", 0) == 0;
        const std::string name = word.substr(0, word.find('='));
        const std::vector<std::string> words = known_words(app, option);
        const bool known = std::find(words.begin(), words.end(), name) != words.end();
        if (known || (!option && i > 1)) continue;
        const std::string meant = nutshell::tools::nearest(name, words);
        text = "unknown " + std::string(option ? "option " : "subcommand ") + name;
        return meant.empty() ? text : text + "; did you mean " + meant + "?";
    }
    return text;
}

int run(int count, char** arguments) {
    CLI::App app{"Autoencoders from a server to a microcontroller", "nutshell"};
    app.set_version_flag("--version", NUTSHELL_VERSION + std::string("\nmodels: ") +
                                          nutshell::tools::built_formats() +
                                          "\ndata: .npy, .csv, " + "IDX, images, " +
                                          nutshell::tools::gzip_support());
    app.require_subcommand(1);
    Common common;
    common.command_line = join(count, arguments);
    add_commands(app, common);
    try {
        app.parse(count, arguments);
    } catch (const CLI::Success& success) {
        return app.exit(success);
    } catch (const CLI::ParseError& error) {
        std::fprintf(stderr, "nutshell: %s (%s --help shows what there is)\n",
                     explain(app, error, count, arguments).c_str(), named(app).c_str());
        return nutshell::tools::kBadInput;
    }
    const int status = common.run();
    if (std::fflush(stdout) != 0) {
        std::fprintf(stderr, "nutshell: standard output cannot be written; is the disk full?\n");
        return nutshell::tools::kBadInput;
    }
    return status;
}

}  // namespace

int main(int count, char** arguments) {
    std::signal(SIGXFSZ, SIG_IGN);  // a file that grows past its limit is an error, not the end
    try {
        return run(count, arguments);
    } catch (const std::bad_alloc&) {
        std::fprintf(stderr, "nutshell: out of memory; use less data or a smaller model\n");
    } catch (const std::exception& error) {
        std::fprintf(stderr, "nutshell: %s\n", error.what());
    }
    return nutshell::tools::kBadInput;
}
