// SPDX-License-Identifier: MIT
// nutshell evaluate: how good a model is on data.
#include <cmath>
#include <cstdio>

#include "exchange.hpp"
#include "tools/evaluation/restoration.hpp"
#include "tools/model/model_file.hpp"

namespace nutshell::tools {
namespace {

struct Options {
    std::string model, data, set, augment;
    ImportChoice from;
};

/// Part of all numbers of all codes that are exactly zero; NaN without a code.
double zeros_of(const Evaluation& result) {
    double sum = 0;
    for (const CodeStatistics& unit : result.code) sum += unit.zeros;
    return sum / static_cast<double>(result.code.size());
}

nlohmann::ordered_json to_json(const Evaluation& result, const Restoration& restoration,
                               const Dataset& data) {
    nlohmann::ordered_json code = nlohmann::ordered_json::array();
    for (const CodeStatistics& unit : result.code) {
        code.push_back({{"mean", unit.mean},
                        {"deviation", unit.deviation},
                        {"minimum", unit.minimum},
                        {"maximum", unit.maximum},
                        {"zeros", unit.zeros}});
    }
    return {{"data", data.name},
            {"samples", data.count},
            {"test_bce", number_or_null(result.bce)},
            {"test_mse", result.mse},
            {"test_psnr", result.psnr},
            {"negative_elbo", number_or_null(result.negative_elbo)},
            {"noisy_psnr", number_or_null(restoration.noisy_psnr)},
            {"restored_psnr", number_or_null(restoration.restored_psnr)},
            {"dead_code_units", result.dead},
            {"code_zeros", number_or_null(zeros_of(result))},
            {"code", code}};
}

void print_table(const Evaluation& result, const Restoration& restoration, const Dataset& data) {
    std::printf("%d samples of %s\n", data.count, data.name.c_str());
    std::printf("  binary cross-entropy  %s\n", significant(result.bce, 5).c_str());
    std::printf("  mean squared error    %s\n", significant(result.mse, 5).c_str());
    std::printf("  PSNR                  %s dB\n", significant(result.psnr, 4).c_str());
    if (std::isfinite(result.negative_elbo)) {
        std::printf("  negative ELBO         %s nats, %s of them divergence\n",
                    significant(result.negative_elbo, 5).c_str(),
                    significant(result.divergence, 4).c_str());
    }
    if (std::isfinite(restoration.noisy_psnr)) {
        std::printf("  PSNR of noisy input   %s dB, restored %s dB\n",
                    significant(restoration.noisy_psnr, 4).c_str(),
                    significant(restoration.restored_psnr, 4).c_str());
    }
    std::printf("  code                  %zu numbers, %d of them dead, %s %% of all zero\n\n",
                result.code.size(), result.dead, significant(100 * zeros_of(result), 3).c_str());
    std::printf("  %4s %10s %10s %10s %10s %8s\n", "code", "mean", "deviation", "minimum",
                "maximum", "zero");
    for (size_t i = 0; i < result.code.size(); i++) {
        const CodeStatistics& unit = result.code[i];
        std::printf("  %4zu %10.4g %10.4g %10.4g %10.4g %6.1f %%\n", i, unit.mean, unit.deviation,
                    unit.minimum, unit.maximum, 100 * unit.zeros);
    }
}

}  // namespace

void add_evaluate(CLI::App& app, Common& common) {
    static Options options;
    CLI::App* command = add_command(app, common, "evaluate", "Measure a model on data", [&common] {
        const AnyGraph any = import_model(options.model, options.from).graph;
        const Dataset data = choose_set(load_data(options.data), options.set);
        Augmentation augmentation;
        if (!options.augment.empty()) augmentation = parse_augmentation(options.augment);
        const Evaluation result =
            std::visit([&](const auto& graph) { return evaluate(graph, data); }, any);
        const Restoration restoration = std::visit(
            [&](const auto& graph) { return measure_restoration(graph, data, augmentation); }, any);
        if (common.json) {
            print_json(to_json(result, restoration, data));
        } else {
            print_table(result, restoration, data);
        }
        return kSuccess;
    });
    add_model_argument(*command, "MODEL", options.model, options.from);
    command->add_option("--data", options.data, "What to measure it on")->required();
    add_set_option(*command, options.set);
    command->add_option("--augment", options.augment,
                        "Measure, too, how well noise:DEVIATION,mask:PART are undone");
}

}  // namespace nutshell::tools
