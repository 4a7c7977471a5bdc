// SPDX-License-Identifier: MIT
// nutshell generate: what the decoder makes of codes: drawn at random, on a plane, or between those
// of two samples; and what the codes of real samples say of it.
#include <cmath>
#include <cstdio>
#include <optional>

#include "commands.hpp"
#include "tools/data/npy.hpp"
#include "tools/error.hpp"
#include "tools/evaluation/judgement.hpp"
#include "tools/evaluation/normal_codes.hpp"
#include "tools/evaluation/pca.hpp"
#include "tools/picture/charts.hpp"
#include "tools/picture/picture.hpp"

namespace nutshell::tools {
namespace {

struct Options {
    std::string model, data, what = "grid", judge, picture, array;
    int columns = 12, rows = 8;
    uint32_t seed = 1;
};

/// Codes[rows][columns][size] along the two directions in which those of the data differ most, two
/// deviations each way.
std::vector<float> plane(const Options& options, const std::vector<float>& codes, int count,
                         int size) {
    if (size < 2) throw Error("a code of one number has no plane; use --what between");
    const Pca pca = fit_pca(codes.data(), count, size, 2);
    std::vector<float> points;
    const auto along = [](int i, int n, double variance) {
        const double part = n > 1 ? 2.0 * i / (n - 1) - 1 : 0;
        return static_cast<float>(2 * part * std::sqrt(variance));
    };
    for (int row = 0; row < options.rows; row++) {
        for (int column = 0; column < options.columns; column++) {
            points.push_back(along(column, options.columns, pca.variance[0]));
            points.push_back(along(options.rows - 1 - row, options.rows, pca.variance[1]));
        }
    }
    return pca_reconstruct(pca, points.data(), options.rows * options.columns);
}

/// From the code of one sample to that of another one, a row each.
std::vector<float> ways_between(const Options& options, const std::vector<float>& codes, int count,
                                int size) {
    std::vector<float> points;
    for (int row = 0; row < options.rows; row++) {
        const uint32_t index = static_cast<uint32_t>(row);
        const auto pick = [&](uint32_t which) {
            const uint32_t word = random_word(options.seed, Purpose::shuffle, which, index);
            return codes.data() +
                   static_cast<ptrdiff_t>(word % static_cast<uint32_t>(count)) * size;
        };
        const float *from = pick(0), *to = pick(1);
        for (int column = 0; column < options.columns; column++) {
            const float part = options.columns > 1 ? static_cast<float>(column) /
                                                         static_cast<float>(options.columns - 1)
                                                   : 0.0f;
            for (int i = 0; i < size; i++) points.push_back(from[i] + part * (to[i] - from[i]));
        }
    }
    return points;
}

/// Normal numbers with the mean and the covariance of the data's codes, through the directions in
/// which they are independent.
std::vector<float> random_codes(const Options& options, const std::vector<float>& codes, int count,
                                int size) {
    const Pca pca = fit_pca(codes.data(), count, size, size);
    std::vector<float> points;
    const int total = options.rows * options.columns;
    for (int i = 0; i < total * size; i++) {
        const float draw =
            normal(random_word(options.seed, Purpose::augment, 1, static_cast<uint32_t>(i)));
        const double variance = std::max(0.0, pca.variance[static_cast<size_t>(i % size)]);
        points.push_back(draw * static_cast<float>(std::sqrt(variance)));
    }
    return pca_reconstruct(pca, points.data(), total);
}

/// Codes[rows * columns][size of the decoder's input].
template <class AnyKindOfGraph>
std::vector<float> codes_to_decode(const Options& options, const AnyKindOfGraph& graph,
                                   const Dataset& data) {
    const int size = graph.input_size(graph.range(Part::decoder));
    if (options.what == "normal") {
        return normal_codes(0, options.rows * options.columns, size, options.seed).floats;
    }
    const std::vector<float> codes = run_all(graph, Part::encoder, data);
    return options.what == "grid"      ? plane(options, codes, data.count, size)
           : options.what == "between" ? ways_between(options, codes, data.count, size)
                                       : random_codes(options, codes, data.count, size);
}

/// What another model's codes of the data say of the samples that were made, and of real ones.
struct Verdict {
    Judgement made, real;
};

std::optional<Verdict> verdict_on(const Options& options, const std::vector<float>& outputs,
                                  const DataSource& source) {
    if (options.judge.empty()) return {};
    const AnyGraph any = read_any_model(options.judge);
    Dataset made;
    made.name = "the samples made";
    made.count = options.rows * options.columns;
    made.shape = source.train.shape;
    made.floats = outputs;
    const Codes index = encode_all(any, source.train);
    const std::vector<int>& labels = source.train.labels;
    Verdict verdict{judge(index, labels, encode_all(any, made)), {}};
    if (source.test.count > 0) verdict.real = judge(index, labels, encode_all(any, source.test));
    return verdict;
}

void print_verdict(const Options& options, const Verdict& verdict) {
    std::printf("by the %d nearest codes of %s in %s\n  share of each label, %%:", kJudges,
                options.judge.c_str(), options.data.c_str());
    for (const double share : verdict.made.shares) std::printf(" %.1f", 100 * share);
    std::printf("\n  entropy %.2f bits of %.2f\n", verdict.made.entropy,
                std::log2(static_cast<double>(verdict.made.shares.size())));
    std::printf("  all %d agree on %.1f %% (%.1f %% of the test samples)\n", kJudges,
                100 * verdict.made.agreed, 100 * verdict.real.agreed);
    std::printf("  median distance to the nearest %.3g (%.3g from the test samples)\n",
                verdict.made.distance, verdict.real.distance);
}

nlohmann::ordered_json to_json(const Judgement& judgement) {
    return {{"shares", judgement.shares},
            {"entropy_bits", judgement.entropy},
            {"agreed", judgement.agreed},
            {"distance", judgement.distance}};
}

std::string decoder_sizes(const AnyGraph& any) {
    return std::visit([](const auto& graph) { return layer_sizes(graph.extract(Part::decoder)); },
                      any);
}

Picture draw(const Options& options, const std::vector<float>& outputs, Shape shape,
             const std::string& sizes) {
    const bool grid = options.what == "grid", walk = options.what == "between";
    const bool normal = options.what == "normal";
    ImageGrid sheet;
    sheet.title = "Generated by the decoder " + sizes;
    sheet.explanation =
        grid   ? "The decoder on a plane of codes: the two directions in which they differ most."
        : walk ? "The decoder on the way from the code of the left sample to that of the right one."
        : normal ? "The decoder on codes of independent normal random numbers."
                 : "The decoder on codes drawn with the mean and covariance of the data's.";
    const size_t line = static_cast<size_t>(options.columns) * static_cast<size_t>(shape.size());
    for (size_t at = 0; at < outputs.size(); at += line) {
        const auto first = outputs.begin() + static_cast<ptrdiff_t>(at);
        sheet.lines.push_back({"", shape, {first, first + static_cast<ptrdiff_t>(line)}});
    }
    return image_grid(std::move(sheet));
}

int generate(const Options& options, const Common& common) {
    if (options.picture.empty() && options.array.empty()) {
        throw Error("name --out FILE.png for a picture or --array FILE.npy");
    }
    if (!options.picture.empty()) {
        (void)picture_bytes(options.picture, Picture{1, 1, "", [](Canvas&) {}});
    }
    const AnyGraph any = read_any_model(options.model);
    const DataSource source = load_data(options.data);
    const Dataset& data = source.train;
    if (!options.picture.empty() && !data.is_image()) {
        throw Error(data.name + ": --out draws images, and these are none; --array writes numbers");
    }
    const auto make = [&](const auto& graph) {
        const LayerRange decoder = graph.range(Part::decoder);
        if (graph.output_size(decoder) != data.shape.size()) {
            throw Error(data.name + ": a sample has " + std::to_string(data.shape.size()) +
                        " values, the model makes " + std::to_string(graph.output_size(decoder)));
        }
        const std::vector<float> points = codes_to_decode(options, graph, data);
        const int total = options.rows * options.columns;
        std::vector<float> outputs(static_cast<size_t>(total) *
                                   static_cast<size_t>(data.shape.size()));
        graph.run(decoder, points.data(), total, outputs.data());
        return outputs;
    };
    const std::vector<float> outputs = std::visit(make, any);
    const std::optional<Verdict> verdict = verdict_on(options, outputs, source);
    const int total = options.rows * options.columns;
    if (!options.picture.empty()) {
        save_picture(options.picture, draw(options, outputs, data.shape, decoder_sizes(any)));
    }
    if (!options.array.empty()) write_npy(options.array, outputs.data(), total, data.shape);
    if (common.json) {
        nlohmann::ordered_json facts{{"what", options.what}, {"samples", total}};
        if (verdict) facts["made"] = to_json(verdict->made);
        if (verdict) facts["real"] = to_json(verdict->real);
        print_json(facts);
    } else {
        std::printf("%d samples\n", total);
        if (verdict) print_verdict(options, *verdict);
    }
    return kSuccess;
}

}  // namespace

void add_generate(CLI::App& app, Common& common) {
    static Options options;
    CLI::App* command = add_command(app, common, "generate", "Make new samples with the decoder",
                                    [&common] { return generate(options, common); });
    command->add_option("MODEL", options.model, "A .nut file")->required();
    command
        ->add_option("--data", options.data,
                     "Samples whose codes say where to look, and whose shape images have")
        ->required();
    command
        ->add_option("--what", options.what,
                     "grid (a plane of codes), between (from one sample to another), random (with "
                     "the codes' mean and covariance) or normal (independent normal numbers, as "
                     "variational and adversarial models are trained for)")
        ->check(CLI::IsMember({"grid", "between", "random", "normal"}))
        ->capture_default_str();
    command->add_option("--rows", options.rows, "Of the picture")
        ->check(between(1, 64))
        ->capture_default_str();
    command->add_option("--columns", options.columns, "Of the picture")
        ->check(between(1, 64))
        ->capture_default_str();
    command->add_option("--seed", options.seed, "Of what is random")->capture_default_str();
    command->add_option("--judge", options.judge,
                        "A model whose codes of labelled --data tell which labels the samples made "
                        "have, and how much they look like real ones");
    command->add_option("--out", options.picture, "The picture, .png or .svg");
    command->add_option("--array", options.array, "The samples, as .npy");
}

}  // namespace nutshell::tools
