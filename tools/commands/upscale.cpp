// SPDX-License-Identifier: MIT
// nutshell upscale: trains a model that makes large images of small ones, and measures it beside
// cubic interpolation.
#include <cstdio>

#include "commands.hpp"
#include "tools/data/readers.hpp"
#include "tools/error.hpp"
#include "tools/layer_list.hpp"
#include "tools/picture/charts.hpp"
#include "tools/picture/picture.hpp"
#include "tools/picture/statistics.hpp"
#include "tools/progress.hpp"
#include "tools/restoration.hpp"

namespace nutshell::tools {
namespace {

struct Options {
    std::string model, data, layers, picture;
    int factor = 2, epochs = 15;
    float rate = 1e-3f;
    uint32_t seed = 1;
};

/// The first `count` samples of the data, of each label first.
Samples some(const Samples& all, const std::vector<int>& chosen) {
    Samples some{all.shape, static_cast<int>(chosen.size()), {}};
    const size_t size = static_cast<size_t>(all.shape.size());
    for (const int i : chosen) {
        const auto first = all.values.begin() + static_cast<ptrdiff_t>(i) * all.shape.size();
        some.values.insert(some.values.end(), first, first + static_cast<ptrdiff_t>(size));
    }
    return some;
}

void train(const Options& options, const Dataset& data) {
    const LayerList layers = parse_layers(options.layers, {});
    Graph graph(layers.rows, layers.code_layer);
    graph.initialize(options.seed, Initializer::glorot_uniform);
    const Samples targets = samples_of(data);
    Progress progress("train", options.epochs, data.count);
    fit_pairs(graph, shrink(targets, options.factor, data.name), targets, options.epochs,
              options.rate, options.seed,
              [&](int epoch, double loss) { progress.update(epoch, data.count, loss); });
    progress.finish();
    write_model(graph, options.model);
}

int upscale(const Options& options, const Common& common) {
    if (!options.picture.empty()) {
        (void)picture_bytes(options.picture, Picture{1, 1, "", [](Canvas&) {}});
    }
    DataSource source = load_data(options.data);
    if (!options.layers.empty()) train(options, source.train);
    const AnyGraph any = read_any_model(options.model);
    const Dataset data = choose_set(std::move(source), "");
    const Samples large = samples_of(data), small = shrink(large, options.factor, data.name);
    const Samples restored = restore(any, small, large.shape, options.model);
    const Samples cubic = enlarge(small, options.factor);
    const double ours = psnr(restored, large), theirs = psnr(cubic, large);
    if (!options.picture.empty()) {
        const std::vector<int> chosen = choose_samples(data.labels, data.count, 10);
        const auto row = [&](const char* name, const Samples& samples) {
            return ImageGrid::Line{name, samples.shape, some(samples, chosen).values};
        };
        save_picture(options.picture,
                     image_grid({"From " + shape_text(small.shape) + " to " +
                                     shape_text(large.shape) + ": " + data.name,
                                 "The model restores " + significant(ours, 4) +
                                     " dB, cubic interpolation " + significant(theirs) + " dB.",
                                 {row("small", small), row("cubic", cubic), row("model", restored),
                                  row("original", large)}}));
    }
    if (common.json) {
        print_json({{"data", data.name},
                    {"samples", data.count},
                    {"psnr", ours},
                    {"bicubic_psnr", theirs},
                    {"gain_db", ours - theirs}});
    } else {
        std::printf("%d images of %s, %s from %s\n", data.count, data.name.c_str(),
                    shape_text(large.shape).c_str(), shape_text(small.shape).c_str());
        std::printf("  cubic interpolation  %.2f dB\n  the model            %.2f dB  (%+.2f)\n",
                    theirs, ours, ours - theirs);
    }
    return kSuccess;
}

}  // namespace

void add_upscale(CLI::App& app, Common& common) {
    static Options options;
    CLI::App* command = add_command(app, common, "upscale", "Make large images of small ones",
                                    [&common] { return upscale(options, common); });
    command->add_option("MODEL", options.model, "A .nut file; with --layers it is written")
        ->required();
    command->add_option("--data", options.data, "Large images, which are shrunk to small ones")
        ->required();
    command->add_option("--factor", options.factor, "How much smaller each side is")
        ->check(between(2, 16))
        ->capture_default_str();
    auto* layers =
        command->add_option("--layers", options.layers,
                            "Train such a model first: 196,128,784 goes from 14x14 to 28x28");
    command->add_option("--epochs", options.epochs, "Of training")
        ->check(between(1, 100000))
        ->capture_default_str()
        ->needs(layers);
    command->add_option("--lr", options.rate, "Of training")
        ->check(positive())
        ->capture_default_str()
        ->needs(layers);
    command->add_option("--seed", options.seed, "Of training")
        ->capture_default_str()
        ->needs(layers);
    command->add_option("--out", options.picture,
                        "A picture of small, interpolated, restored and original images");
}

}  // namespace nutshell::tools
