// SPDX-License-Identifier: MIT
#include "training_report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "platform/platform.hpp"
#include "tools/evaluation/pca.hpp"
#include "tools/picture/svg.hpp"
#include "tools/pictures_of_model.hpp"
#include "tools/progress.hpp"
#include "tools/report.hpp"
#include "tools/text.hpp"

namespace nutshell::tools {
namespace {

/// Wider data would make PCA take longer than training.
constexpr int kMaxPcaFeatures = 2048;

RowReader reader_of(const Dataset& data) {
    return [&data](int first, int rows, float* out) {
        const size_t size = static_cast<size_t>(data.shape.size());
        for (int i = 0; i < rows; i++)
            data.copy_sample(first + i, out + static_cast<size_t>(i) * size);
    };
}

double mse_of_pca(const Dataset& train, const Dataset& test, int components) {
    const int features = train.shape.size();
    if (features > kMaxPcaFeatures || components >= features) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    const Pca pca = fit_pca(reader_of(train), train.count, features, components);
    return pca_reconstruction_mse(pca, reader_of(test), test.count);
}

int code_size(const Graph& graph) { return graph.output_size(graph.range(Part::encoder)); }

std::vector<Number> numbers_of(const TrainingSummary& summary) {
    const Evaluation& evaluation = summary.evaluation;
    const std::string code = std::to_string(code_size(*summary.graph));
    std::vector<Number> numbers;
    if (std::isfinite(evaluation.bce)) {
        numbers.push_back({"Test binary cross-entropy", significant(evaluation.bce, 5),
                           "mean over samples and values, in nats; lower is better"});
    }
    numbers.push_back({"Test mean squared error", significant(evaluation.mse, 4),
                       "mean over samples and values"});
    if (std::isfinite(summary.pca_mse)) {
        numbers.push_back({"PCA, " + code + " components", significant(summary.pca_mse, 4),
                           "mean squared error of the best linear code of the same size: what the "
                           "network has to beat"});
    }
    numbers.push_back({"Test PSNR", significant(evaluation.psnr, 4) + " dB",
                       "the same error on a logarithmic scale; higher is better"});
    if (std::isfinite(evaluation.negative_elbo)) {
        numbers.push_back({"Test negative ELBO", significant(evaluation.negative_elbo, 5),
                           "nats a sample: summed cross-entropy of a sampled code, plus " +
                               significant(evaluation.divergence, 4) + " of divergence"});
    }
    if (std::isfinite(summary.restoration.noisy_psnr)) {
        numbers.push_back({"PSNR of restored samples",
                           significant(summary.restoration.restored_psnr, 4) + " dB",
                           "from " + significant(summary.restoration.noisy_psnr, 4) +
                               " dB of samples with " + to_text(summary.settings->augmentation)});
    }
    numbers.push_back({"Code", code + " numbers, " + std::to_string(evaluation.dead) + " dead",
                       "what a sample of " + std::to_string(summary.train->shape.size()) +
                           " values is squeezed into"});
    numbers.push_back(
        {"Parameters", std::to_string(summary.graph->totals().parameters),
         std::to_string(summary.graph->totals().parameters * 4) + " bytes as float32"});
    numbers.push_back({"Epochs", std::to_string(summary.result->epochs.size()),
                       "passes over " + std::to_string(summary.train->count) +
                           " samples; the kept "
                           "weights are those of epoch " +
                           std::to_string(summary.result->kept_epoch)});
    numbers.push_back({"Training time", format_duration(summary.result->seconds),
                       significant(summary.seconds_per_epoch(), 3) + " s an epoch, " +
                           significant(summary.gflops(), 3) + " GFLOP/s on platform " +
                           platform::current().name});
    numbers.push_back({"Seed", std::to_string(summary.settings->seed),
                       "the same seed on the same platform gives the same weights, bit for bit"});
    return numbers;
}

}  // namespace

double operations_per_sample(const Graph& graph) {
    double operations = 0;
    for (size_t i = 0; i < graph.rows().size(); i++) {
        operations += (i > 0 ? 6.0 : 4.0) * multiply_adds(graph.rows()[i]);
    }
    return operations;
}

double TrainingSummary::seconds_per_epoch() const {
    std::vector<double> seconds;
    for (const Epoch& epoch : result->epochs) seconds.push_back(epoch.seconds);
    if (seconds.empty()) return std::numeric_limits<double>::quiet_NaN();
    std::nth_element(seconds.begin(), seconds.begin() + static_cast<ptrdiff_t>(seconds.size() / 2),
                     seconds.end());
    return seconds[seconds.size() / 2];
}

double TrainingSummary::watched_loss() const {
    if (result->kept_epoch == 0) return std::numeric_limits<double>::quiet_NaN();
    return result->epochs[static_cast<size_t>(result->kept_epoch) - 1].watched_loss;
}

double TrainingSummary::gflops() const {
    return operations_per_sample(*graph) * train->count / seconds_per_epoch() / 1e9;
}

TrainingSummary summarize(const Graph& graph, const DataSource& source, const FitSettings& settings,
                          const FitResult& result, const std::string& watched, bool with_pca) {
    const Dataset& test = source.test.count > 0 ? source.test : source.train;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    return {&graph,
            &source.train,
            &test,
            &settings,
            &result,
            watched,
            evaluate(graph, test),
            measure_restoration(graph, test, settings.augmentation),
            with_pca ? mse_of_pca(source.train, test, code_size(graph)) : nan};
}

void write_training_report(const std::string& path, const TrainingSummary& summary,
                           const std::string& command_line) {
    const Graph& graph = *summary.graph;
    const Dataset& test = *summary.test;
    Report report;
    report.title = layer_sizes(graph) + " on " + summary.train->name;
    report.subtitle = "An autoencoder trained by Nutshell";
    report.numbers = numbers_of(summary);
    report.command = command_line;
    const auto add = [&](const std::string& caption, const Picture& picture) {
        report.figures.push_back({caption, to_svg(picture)});
    };
    add("Test samples, what came back through the code, and the difference",
        picture_of_reconstructions(graph, test));
    if (std::isfinite(summary.restoration.noisy_psnr) && test.is_image()) {
        add("Test samples as they are, corrupted, and restored",
            picture_of_restorations(graph, test, summary.settings->augmentation));
    }
    if (std::isfinite(summary.evaluation.negative_elbo) && test.is_image()) {
        add("Images that the decoder makes of random numbers",
            picture_of_inventions(graph, test.shape, summary.settings->seed));
    }
    if (!summary.result->epochs.empty()) {
        add("Lower is better; a loss on other samples that rises while the training loss falls "
            "means that the network learns its training samples by heart",
            picture_of_losses(summary.history()));
    }
    if (code_size(graph) >= 2) {
        add("The codes of test samples, seen along the two directions in which they differ most",
            picture_of_codes(graph, test));
    }
    add("How the errors of single test samples are distributed",
        picture_of_errors(test, summary.evaluation));
    save_report(path, report);
}

}  // namespace nutshell::tools
