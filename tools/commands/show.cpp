// SPDX-License-Identifier: MIT
// nutshell show: pictures of a model.
#include <cstdio>

#include "exchange.hpp"
#include "tools/error.hpp"
#include "tools/model/model_file.hpp"
#include "tools/picture/picture.hpp"
#include "tools/pictures_of_model.hpp"
#include "tools/training/history.hpp"

namespace nutshell::tools {
namespace {

struct Options {
    std::string model, data, set, output, history, augment = "noise:0.5", what;
    uint32_t seed = 1;
    ImportChoice from;
};

/// What a model can show: a part alone has nothing to give back.
std::string usual_picture(const AnyGraph& any) {
    return std::visit(
        [](const auto& graph) {
            return graph.code_layer() == 0                     ? "inventions"
                   : graph.code_layer() == graph.layer_count() ? "codes"
                                                               : "reconstructions";
        },
        any);
}

Picture draw(const Options& options, const AnyGraph& any) {
    if (options.what == "losses") {
        if (options.history.empty()) {
            throw Error("--what losses needs --history FILE, which train --log writes");
        }
        return picture_of_losses(read_history(options.history));
    }
    if (options.data.empty()) throw Error("--what " + options.what + " needs --data");
    const Dataset data = choose_set(load_data(options.data), options.set);
    if (options.what == "inventions") {
        if (!data.is_image()) throw Error(data.name + ": holds no images");
        return picture_of_inventions(any, data.shape, options.seed);
    }
    if (options.what == "restorations") {
        return picture_of_restorations(any, data, parse_augmentation(options.augment));
    }
    if (options.what == "codes") return picture_of_codes(any, data);
    if (options.what == "errors") {
        const auto evaluated = [&](const auto& graph) { return evaluate(graph, data); };
        return picture_of_errors(data, std::visit(evaluated, any));
    }
    return picture_of_reconstructions(any, data);
}

/// Says why when there is no preview: a script that forgot --out must not get a silent success.
void preview(const Options& options, const AnyGraph& any) {
    if (options.data.empty()) throw Error("name --out FILE.png, or --data for a preview here");
    if (!print_preview(any, choose_set(load_data(options.data), options.set))) {
        throw Error(
            "a preview needs images and a terminal with UTF-8; name --out FILE.png for a picture");
    }
}

int show(Options options, const Common& common) {
    const AnyGraph any = import_model(options.model, options.from).graph;
    if (options.output.empty()) {
        if (common.json) throw Error("--json needs --out FILE.png");
        preview(options, any);
        return kSuccess;
    }
    if (options.what.empty()) options.what = usual_picture(any);
    save_picture(options.output, draw(options, any));
    if (common.json) {
        print_json({{"what", options.what}, {"file", options.output}});
    } else {
        std::printf("%s\n", options.output.c_str());
    }
    return kSuccess;
}

}  // namespace

void add_show(CLI::App& app, Common& common) {
    static Options options;
    CLI::App* command = add_command(app, common, "show", "Make a picture of a model",
                                    [&common] { return show(options, common); });
    add_model_argument(*command, "MODEL", options.model, options.from);
    command->add_option("--data", options.data, "What to show it on");
    add_set_option(*command, options.set);
    command->add_option("--out", options.output,
                        "The picture, .png or .svg; without it a preview in the terminal");
    command
        ->add_option(
            "--what", options.what,
            "reconstructions (originals, what came back, the error), codes (a map), errors "
            "(a histogram), losses (a curve), restorations (clean, corrupted, restored) or "
            "inventions (what the decoder of a variational or adversarial model makes of random "
            "numbers) [reconstructions; codes of an encoder alone, inventions of a decoder alone]")
        ->check(CLI::IsMember(
            {"reconstructions", "codes", "errors", "losses", "restorations", "inventions"}));
    command->add_option("--augment", options.augment, "For restorations: what corrupts the samples")
        ->capture_default_str();
    command->add_option("--seed", options.seed, "For inventions")
        ->check(between(0, 4294967295.0))
        ->capture_default_str();
    command->add_option("--history", options.history, "For losses: what train --history wrote");
}

}  // namespace nutshell::tools
