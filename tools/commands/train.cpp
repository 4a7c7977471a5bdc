// SPDX-License-Identifier: MIT
// nutshell train: from data to a model file.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <optional>

#include "commands.hpp"
#include "fitting.hpp"
#include "platform/platform.hpp"
#include "tools/atomic_file.hpp"
#include "tools/error.hpp"
#include "tools/model/model_file.hpp"
#include "tools/model/model_kinds.hpp"
#include "tools/progress.hpp"
#include "tools/training/checkpoint.hpp"
#include "tools/training/history.hpp"
#include "tools/training/hold_out.hpp"
#include "tools/training/training_report.hpp"
#include "train_adversarial.hpp"

namespace nutshell::tools {
namespace {

/// Fails before the work is done rather than after it.
void require_writable(const TrainOptions& options) {
    for (const std::string* path :
         {&options.output, &options.report, &options.log, &options.checkpoint}) {
        if (!path->empty()) AtomicFile probe(*path);
    }
}

std::string advice_after_divergence(const FitResult& result, const TrainOptions& options) {
    std::string text = "training diverged in epoch " + std::to_string(result.diverged_epoch) +
                       " at --lr " + significant(static_cast<double>(options.fit.rate));
    return result.kept_epoch > 0
               ? text + "; kept the model of epoch " + std::to_string(result.kept_epoch) +
                     "; try a lower --lr"
               : text + " before any epoch was complete; no model written; try a lower --lr";
}

void print_summary(const TrainingSummary& summary, const TrainOptions& options) {
    const FitResult& result = *summary.result;
    std::printf("%s: %s, %s after %s, %s of training\n", options.output.c_str(),
                layer_sizes(*summary.graph).c_str(), name_of(result.end),
                counted(result.epochs.size(), "epoch").c_str(),
                format_duration(result.seconds).c_str());
    std::printf("  %s: BCE %s, MSE %s, PSNR %s dB\n", summary.test->name.c_str(),
                significant(summary.evaluation.bce, 5).c_str(),
                significant(summary.evaluation.mse, 4).c_str(),
                significant(summary.evaluation.psnr, 4).c_str());
    if (std::isfinite(summary.evaluation.negative_elbo)) {
        std::printf("  negative ELBO %s nats, %s of them divergence\n",
                    significant(summary.evaluation.negative_elbo, 5).c_str(),
                    significant(summary.evaluation.divergence, 4).c_str());
    }
    if (std::isfinite(summary.restoration.noisy_psnr)) {
        std::printf("  %s: PSNR %s dB, restored %s dB\n", to_text(options.fit.augmentation).c_str(),
                    significant(summary.restoration.noisy_psnr, 4).c_str(),
                    significant(summary.restoration.restored_psnr, 4).c_str());
    }
    if (std::isfinite(summary.pca_mse)) {
        std::printf("  PCA with as many code numbers: MSE %s\n",
                    significant(summary.pca_mse, 4).c_str());
    }
    print_preview(*summary.graph, *summary.test);
}

nlohmann::ordered_json to_json(const TrainingSummary& summary, const TrainOptions& options) {
    const FitResult& result = *summary.result;
    return {{"model", options.output},
            {"layers", layer_sizes(*summary.graph)},
            {"data", summary.train->name},
            {"end", name_of(result.end)},
            {"epochs", result.epochs.size()},
            {"kept_epoch", result.kept_epoch},
            {"watched", summary.watched},
            {"watched_loss", number_or_null(summary.watched_loss())},
            {"test_bce", number_or_null(summary.evaluation.bce)},
            {"test_mse", summary.evaluation.mse},
            {"test_psnr", summary.evaluation.psnr},
            {"negative_elbo", number_or_null(summary.evaluation.negative_elbo)},
            {"noisy_psnr", number_or_null(summary.restoration.noisy_psnr)},
            {"restored_psnr", number_or_null(summary.restoration.restored_psnr)},
            {"pca_mse", number_or_null(summary.pca_mse)},
            {"seconds_per_epoch", number_or_null(summary.seconds_per_epoch())},
            {"gflops", number_or_null(summary.gflops())},
            {"platform", platform::current().name},
            {"threads", options.fit.threads},
            {"seed", options.fit.seed}};
}

/// The history on disk: written anew at most once a second, so that a training that is killed
/// leaves one, and short epochs do not wait for the disk.
class Log {
  public:
    Log(std::string path, LossKind loss, std::string watched)
        : path_(std::move(path)), history_{loss, std::move(watched), {}} {}

    void add(const Epoch& epoch) {
        history_.epochs.push_back(epoch);
        if (Clock::now() - written_ >= std::chrono::seconds(1)) write();
    }
    void write() {
        if (!path_.empty() && !history_.epochs.empty()) write_history(path_, history_);
        written_ = Clock::now();
    }
    void begin_with(const std::vector<Epoch>& epochs) { history_.epochs = epochs; }

  private:
    using Clock = std::chrono::steady_clock;
    std::string path_;
    History history_;
    Clock::time_point written_ = Clock::now();
};

/// Trains with everything that is written on the way.
FitResult train_and_record(Graph& graph, const Dataset& train, const Dataset& watched,
                           const TrainOptions& options, const std::string& watched_name) {
    Log log(options.log, options.fit.loss, watched_name);
    FitObserver observer;
    observer.epoch_done = [&](const Epoch& epoch) {
        log.add(epoch);
        const int every = options.save_every;
        if (every > 0 && epoch.number % every == 0) write_model(graph, options.output);
    };
    TrainingIdentity identity;
    if (!options.checkpoint.empty() || !options.resume.empty()) {
        identity = identify(graph, train, watched, options.fit);
    }
    if (!options.checkpoint.empty()) {
        observer.checkpoint = [&](const TrainingState& state) {
            write_checkpoint(options.checkpoint, state, identity);
        };
    }
    std::optional<TrainingState> from;
    if (!options.resume.empty()) {
        from = read_checkpoint(options.resume, identity);
        log.begin_with(from->epochs);
    }
    const FitResult result = fit_with_progress("train", graph, train, watched, options.fit,
                                               observer, from ? &*from : nullptr);
    log.write();
    return result;
}

/// A number for each value of a sample, scaled to a mean of 1 so that --lr means the same.
std::vector<float> read_weights(const std::string& path, int features) {
    const DataSource source = load_data(path);
    std::vector<float> weights = source.train.floats;
    if (weights.size() != static_cast<size_t>(features)) {
        throw Error(path + ": holds " + std::to_string(weights.size()) + " numbers, a sample has " +
                    std::to_string(features) + " values");
    }
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    const bool negative = *std::min_element(weights.begin(), weights.end()) < 0;
    if (negative || !(sum > 0) || !std::isfinite(sum)) {
        throw Error(path + ": weights must be 0 or more, and not all 0");
    }
    for (float& weight : weights) {
        weight = static_cast<float>(static_cast<double>(weight) * features / sum);
    }
    return weights;
}

int train(const CLI::App& command, TrainOptions& options, const Common& common) {
    if (!options.kind.empty() && find_kind(options.kind).adversarial) {
        return train_adversarial(command, options, common);
    }
    set_optimizer(options);
    if (!options.augment.empty()) options.fit.augmentation = parse_augmentation(options.augment);
    Graph graph = make_graph(command, options);
    require_writable(options);
    DataSource source = with_test_set(load_data(options.data), options.hold_out, options.fit.seed);
    if (!options.kind.empty()) require_kind_reads(find_kind(options.kind), source.train);
    require_fit(graph, source.train, options.fit.loss);
    if (!options.weights.empty()) {
        options.fit.feature_weights = read_weights(options.weights, source.train.shape.size());
    }
    const Dataset validation =
        take_validation_set(source.train, options.validation, options.fit.seed);
    const bool validates = validation.count > 0;
    const std::string watched_name = validates ? "validation" : "test";
    graph.initialize(options.fit.seed, options.initializer);
    const FitResult result = train_and_record(
        graph, source.train, validates ? validation : source.test, options, watched_name);
    if (result.end == FitEnd::diverged) {
        std::fprintf(stderr, "nutshell: %s\n", advice_after_divergence(result, options).c_str());
        if (result.kept_epoch == 0) return kAnswerIsNo;
    }
    write_model(graph, options.output);

    const TrainingSummary summary = summarize(graph, source, options.fit, result, watched_name,
                                              !options.report.empty() || !common.json);
    if (!options.report.empty()) {
        write_training_report(options.report, summary, common.command_line);
    }
    if (common.json) {
        print_json(to_json(summary, options));
    } else {
        print_summary(summary, options);
    }
    return result.end == FitEnd::diverged ? kAnswerIsNo : kSuccess;
}

}  // namespace

void add_train(CLI::App& app, Common& common) {
    static TrainOptions options;
    static CLI::App* command = nullptr;
    command = add_command(app, common, "train", "Train an autoencoder on data",
                          [&] { return train(*command, options, common); });
    add_train_options(*command, options);
}

}  // namespace nutshell::tools
