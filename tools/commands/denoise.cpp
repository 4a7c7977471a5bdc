// SPDX-License-Identifier: MIT
// nutshell denoise: what a model brings back of noisy samples.
#include <cstdio>

#include "commands.hpp"
#include "tools/data/npy.hpp"
#include "tools/error.hpp"
#include "tools/evaluation/restoration.hpp"
#include "tools/picture/picture.hpp"
#include "tools/picture/statistics.hpp"
#include "tools/pictures_of_model.hpp"

namespace nutshell::tools {
namespace {

struct Options {
    std::string model, data, set, picture, restored;
    double noise = 0.5;
    uint32_t seed = 1;
};

Picture draw(const Dataset& clean, const Dataset& noisy, const Dataset& restored,
             const std::string& explanation) {
    const std::vector<int> chosen = choose_samples(clean.labels, clean.count, 10);
    return image_grid({"Denoised: " + clean.name,
                       explanation,
                       {grid_line("noisy", noisy, chosen), grid_line("restored", restored, chosen),
                        grid_line("clean", clean, chosen)}});
}

int denoise(const Options& options, const Common& common) {
    if (!options.picture.empty()) {
        (void)picture_bytes(options.picture, Picture{1, 1, "", [](Canvas&) {}});
    }
    const AnyGraph any = read_any_model(options.model);
    const Dataset data = choose_set(load_data(options.data), options.set);
    if (!within_unit_range(data)) {
        throw Error(data.name + ": holds values outside of 0..1; scale them first");
    }
    if (!options.picture.empty() && !data.is_image()) {
        throw Error(data.name + ": --out draws images, and these are none");
    }
    // With --noise 0 the samples are noisy already, and no truth is known.
    const bool known = options.noise > 0;
    Augmentation noise;
    noise.noise = static_cast<float>(options.noise);
    const Dataset noisy = corrupted(data, noise, options.seed);
    const Dataset restored = restore(any, noisy, data.shape, options.model);
    const double before = psnr_against(data, noisy.floats);
    const double after = psnr_against(data, restored.floats);
    if (!options.picture.empty()) {
        const std::string told = known ? "From " + decibels(before) + " to " + decibels(after) + "."
                                       : "As they are, and what the model makes of them.";
        save_picture(options.picture, draw(data, noisy, restored, told));
    }
    if (!options.restored.empty()) {
        write_npy(options.restored, restored.floats.data(), restored.count, restored.shape);
    }
    if (common.json) {
        nlohmann::ordered_json object{{"data", data.name}, {"samples", data.count}};
        if (known) {
            object["noise"] = options.noise;
            object["noisy_psnr"] = before;
            object["restored_psnr"] = after;
        }
        print_json(object);
    } else if (known) {
        std::printf("%d samples of %s with noise of deviation %s\n", data.count, data.name.c_str(),
                    significant(options.noise).c_str());
        std::printf("  noisy     %.2f dB\n  restored  %.2f dB\n", before, after);
    } else {
        std::printf("%d samples of %s restored\n", data.count, data.name.c_str());
    }
    return kSuccess;
}

}  // namespace

void add_denoise(CLI::App& app, Common& common) {
    static Options options;
    CLI::App* command = add_command(app, common, "denoise", "Bring back what noise has hidden",
                                    [&common] { return denoise(options, common); });
    command
        ->add_option("MODEL", options.model,
                     "A .nut file, of a model trained with --augment noise:DEVIATION")
        ->required();
    command->add_option("--data", options.data, "Clean samples in 0..1, to which noise is added")
        ->required();
    add_set_option(*command, options.set);
    command
        ->add_option("--noise", options.noise,
                     "Its deviation; 0: the samples are noisy as they are")
        ->check(between(0, 10))
        ->capture_default_str();
    command->add_option("--seed", options.seed, "Of the noise")->capture_default_str();
    command->add_option("--restored", options.restored, "The restored samples, as .npy");
    command->add_option("--out", options.picture, "A picture of noisy, restored and clean images");
}

}  // namespace nutshell::tools
