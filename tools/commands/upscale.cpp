// SPDX-License-Identifier: MIT
// nutshell upscale: trains a model that makes large images of small ones, and measures it beside
// cubic interpolation.
#include <cstdio>

#include "commands.hpp"
#include "tools/data/readers.hpp"
#include "tools/error.hpp"
#include "tools/evaluation/restoration.hpp"
#include "tools/model/layer_list.hpp"
#include "tools/picture/picture.hpp"
#include "tools/picture/statistics.hpp"
#include "tools/pictures_of_model.hpp"
#include "tools/progress.hpp"
#include "tools/training/fit_pairs.hpp"

namespace nutshell::tools {
namespace {

struct Options {
    std::string model, data, layers, picture;
    int factor = 2, epochs = 15;
    float rate = 1e-3f;
    uint32_t seed = 1;
};

void train(const Options& options, const Dataset& data) {
    const LayerList layers = parse_layers(options.layers, {});
    Graph graph(layers.rows, layers.code_layer);
    graph.initialize(options.seed, Initializer::glorot_uniform);
    Progress progress("train", options.epochs, data.count);
    fit_pairs(graph, shrink(data, options.factor), data, options.epochs, options.rate, options.seed,
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
    const Dataset large = choose_set(std::move(source), "");
    const Dataset small = shrink(large, options.factor);
    const Dataset restored = restore(any, small, large.shape, options.model);
    const Dataset cubic = enlarge(small, options.factor);
    const double ours = psnr_against(large, restored.floats);
    const double theirs = psnr_against(large, cubic.floats);
    if (!options.picture.empty()) {
        const std::vector<int> chosen = choose_samples(large.labels, large.count, 10);
        save_picture(
            options.picture,
            image_grid(
                {"From " + shape_text(small.shape) + " to " + shape_text(large.shape) + ": " +
                     large.name,
                 "The model restores " + decibels(ours) + ", cubic interpolation " +
                     decibels(theirs) + ".",
                 {grid_line("small", small, chosen), grid_line("cubic", cubic, chosen),
                  grid_line("model", restored, chosen), grid_line("original", large, chosen)}}));
    }
    if (common.json) {
        print_json({{"data", large.name},
                    {"samples", large.count},
                    {"psnr", ours},
                    {"bicubic_psnr", theirs},
                    {"gain_db", ours - theirs}});
    } else {
        std::printf("%d images of %s, %s from %s\n", large.count, large.name.c_str(),
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
