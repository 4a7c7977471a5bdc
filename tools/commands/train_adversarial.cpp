// SPDX-License-Identifier: MIT
#include "train_adversarial.hpp"

#include <algorithm>
#include <cstdio>

#include "fitting.hpp"
#include "tools/atomic_file.hpp"
#include "tools/error.hpp"
#include "tools/model/model_kinds.hpp"
#include "tools/progress.hpp"
#include "tools/training/adversarial.hpp"

namespace nutshell::tools {
namespace {

/// What the user asks for must mean something to a generator.
void require_applicable(const CLI::App& command, const std::string& kind) {
    const std::vector<std::string> known{"--data", "--kind", "--epochs",  "--batch",
                                         "--lr",   "--seed", "--threads", "--out",
                                         "--json", "--init", "--help",    "--platform"};
    for (const CLI::Option* option : command.get_options()) {
        const std::string name = option->get_name();
        if (option->count() == 0) continue;
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        throw Error(name + ": --kind " + kind +
                    " is trained otherwise; leave it away (--epochs, --batch, --lr and --seed are "
                    "what it takes)");
    }
}

AdversarialResult fit_with_progress(Graph& pair, const Dataset& data, const FitSettings& settings) {
    Progress progress("train", settings.epochs, data.count);
    const Interruption interruption;
    AdversarialObserver observer;
    observer.stop = interruption.asked();
    observer.progress = [&](int epoch, int samples, AdversarialLosses losses) {
        progress.update(epoch, samples, static_cast<double>(losses.generator));
    };
    AdversarialResult result = fit_adversarial(pair, data, settings, observer);
    progress.finish();
    return result;
}

void print_summary(const TrainOptions& options, const AdversarialResult& result,
                   const Graph& generator) {
    const AdversarialLosses losses = result.epochs.back().losses;
    std::printf("%s: generator %s, %s after %s, %s of training\n", options.output.c_str(),
                layer_sizes(generator).c_str(), name_of(result.end),
                counted(result.epochs.size(), "epoch").c_str(),
                format_duration(result.seconds).c_str());
    std::printf(
        "  last epoch's losses: generator %s, discriminator %s (0.693 and 1.386 when nobody could "
        "tell)\n  look at it: nutshell generate %s --data %s --what normal --out made.png\n",
        significant(static_cast<double>(losses.generator), 4).c_str(),
        significant(static_cast<double>(losses.discriminator), 4).c_str(), options.output.c_str(),
        options.data.c_str());
}

nlohmann::ordered_json to_json(const TrainOptions& options, const AdversarialResult& result,
                               const Graph& generator) {
    const AdversarialLosses losses = result.epochs.back().losses;
    return {{"model", options.output},
            {"layers", layer_sizes(generator)},
            {"end", name_of(result.end)},
            {"epochs", result.epochs.size()},
            {"generator_loss", losses.generator},
            {"discriminator_loss", losses.discriminator},
            {"seconds", result.seconds},
            {"seed", options.fit.seed}};
}

}  // namespace

int train_adversarial(const CLI::App& command, TrainOptions& options, const Common& common) {
    require_applicable(command, options.kind);
    Graph pair = make_graph(command, options);
    { AtomicFile probe(options.output); }  // fails before the work is done rather than after it
    const Dataset data = load_data(options.data).train;
    require_kind_reads(find_kind(options.kind), data);
    pair.initialize(options.fit.seed, options.initializer);
    const AdversarialResult result = fit_with_progress(pair, data, options.fit);
    if (result.end == FitEnd::diverged) {
        std::fprintf(stderr, "nutshell: training diverged in epoch %zu; %s; try a lower --lr\n",
                     result.epochs.size() + 1,
                     result.epochs.empty() ? "no model written" : "kept the epoch before it");
    }
    if (result.epochs.empty()) return kAnswerIsNo;
    const Graph generator = generator_of(pair);
    write_model(generator, options.output);
    if (common.json) {
        print_json(to_json(options, result, generator));
    } else {
        print_summary(options, result, generator);
    }
    return result.end == FitEnd::diverged ? kAnswerIsNo : kSuccess;
}

}  // namespace nutshell::tools
