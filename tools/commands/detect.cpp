// SPDX-License-Identifier: MIT
// nutshell detect: fits a threshold to normal samples and measures what it finds.
#include <cstdio>

#include "commands.hpp"
#include "tools/atomic_file.hpp"
#include "tools/error.hpp"
#include "tools/evaluation/detection.hpp"
#include "tools/picture/charts.hpp"
#include "tools/picture/picture.hpp"

namespace nutshell::tools {
namespace {

struct Options {
    std::string model, data, anomalies, picture, scores;
    ThresholdRule rule;
};

/// Scores of what the threshold is fitted to, of other normal samples, and of anomalous ones.
struct Scores {
    std::string fitted_name, normal_name, anomalous_name;
    std::vector<float> fitted, normal, anomalous;
    bool held_out = false;  // the normal samples are not those of the fit
};

Scores score_all(const Options& options, const AnyGraph& any) {
    DataSource source = load_data(options.data);
    Scores scores;
    scores.fitted_name = source.train.name;
    scores.fitted = anomaly_scores(any, source.train);
    scores.held_out = source.test.count > 0;
    scores.normal = scores.held_out ? anomaly_scores(any, source.test) : scores.fitted;
    scores.normal_name = scores.held_out ? source.test.name : source.train.name;
    if (!options.anomalies.empty()) {
        const Dataset anomalous = choose_set(load_data(options.anomalies), "");
        scores.anomalous = anomaly_scores(any, anomalous);
        scores.anomalous_name = anomalous.name;
    }
    return scores;
}

Picture draw(const Scores& scores, const Roc* roc, float threshold) {
    std::vector<Picture> pictures;
    pictures.push_back(score_histogram({"Scores", scores.normal, scores.anomalous, threshold}));
    if (roc) {
        pictures.push_back(roc_curve(
            {"What every threshold would find", roc->false_alarms, roc->detections, roc->area,
             part_above(scores.normal, threshold), part_above(scores.anomalous, threshold)}));
    }
    return stack_pictures("Anomaly detection: " + scores.normal_name, std::move(pictures));
}

/// Every score of the samples that were measured, as .json or else as .csv.
void write_scores(const std::string& path, const Scores& scores, float threshold) {
    const bool json = path.size() > 5 && path.compare(path.size() - 5, 5, ".json") == 0;
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    std::string text = "set,sample,score,anomalous\n";
    const auto add = [&](const char* set, const std::vector<float>& values) {
        for (size_t i = 0; i < values.size(); i++) {
            const double score = static_cast<double>(values[i]);
            const bool above = !(values[i] <= threshold);
            if (json) {
                rows.push_back({{"set", set},
                                {"sample", i},
                                {"score", number_or_null(score)},
                                {"anomalous", above}});
                continue;
            }
            text.append(set).append(",").append(std::to_string(i)).append(",");
            text.append(significant(score, 9)).append(above ? ",1\n" : ",0\n");
        }
    };
    add("normal", scores.normal);
    add("anomalous", scores.anomalous);
    if (json) {
        text =
            nlohmann::ordered_json{{"threshold", static_cast<double>(threshold)}, {"scores", rows}}
                .dump(1) +
            "\n";
    }
    write_file(path, text.data(), text.size());
}

void print(const Scores& scores, const Roc* roc, float threshold, double false_alarms,
           double detections) {
    std::printf("threshold %s, fitted to %zu samples of %s\n",
                significant(static_cast<double>(threshold), 6).c_str(), scores.fitted.size(),
                scores.fitted_name.c_str());
    std::printf("  false alarms  %7.3f %%  of %zu normal samples of %s%s\n", 100 * false_alarms,
                scores.normal.size(), scores.normal_name.c_str(),
                scores.held_out ? "" : " (those of the fit)");
    if (!roc) {
        std::printf("  without --anomalies there is no ROC\n");
        return;
    }
    std::printf("  detected      %7.3f %%  of %zu anomalous samples of %s\n", 100 * detections,
                scores.anomalous.size(), scores.anomalous_name.c_str());
    std::printf("  AUC           %7.4f    area under the ROC curve, 0.5 is guessing\n", roc->area);
}

int run_detect(const Options& options, const Common& common) {
    if (!options.picture.empty()) {
        (void)picture_bytes(options.picture, Picture{1, 1, "", [](Canvas&) {}});
    }
    const AnyGraph any = read_any_model(options.model);
    const Scores scores = score_all(options, any);
    const float threshold = fit_threshold(options.rule, scores.fitted, scores.fitted_name);
    Roc roc;
    const bool compares = !options.anomalies.empty();
    if (compares) roc = roc_of(scores.normal, scores.anomalous);
    const double false_alarms = part_above(scores.normal, threshold);
    const double detections = part_above(scores.anomalous, threshold);
    if (!options.picture.empty()) {
        save_picture(options.picture, draw(scores, compares ? &roc : nullptr, threshold));
    }
    if (!options.scores.empty()) write_scores(options.scores, scores, threshold);
    if (!common.json) {
        print(scores, compares ? &roc : nullptr, threshold, false_alarms, detections);
        return kSuccess;
    }
    nlohmann::ordered_json object{{"threshold", static_cast<double>(threshold)},
                                  {"fitted_to", scores.fitted.size()},
                                  {"normal", scores.normal.size()},
                                  {"held_out", scores.held_out},
                                  {"false_alarms", false_alarms}};
    if (compares) {
        object["anomalous"] = scores.anomalous.size();
        object["detected"] = detections;
        object["auc"] = roc.area;
    }
    print_json(object);
    return kSuccess;
}

}  // namespace

void add_detect(CLI::App& app, Common& common) {
    static Options options;
    CLI::App* command =
        add_command(app, common, "detect", "Tell anomalous samples from normal ones",
                    [&common] { return run_detect(options, common); });
    command->add_option("MODEL", options.model, "A .nut file of a model trained on normal samples")
        ->required();
    command
        ->add_option("--data", options.data,
                     "Normal samples: the threshold is fitted to the training part, and false "
                     "alarms are counted in the test part, if there is one")
        ->required();
    command->add_option("--anomalies", options.anomalies, "Anomalous samples, for the ROC");
    auto* rate = command
                     ->add_option("--false-alarms", options.rule.false_alarms,
                                  "The part of normal samples that may exceed the threshold")
                     ->check(between(1e-6, 0.5))
                     ->capture_default_str();
    command
        ->add_option("--sigmas", options.rule.sigmas,
                     "Instead: a threshold so many deviations above the mean score")
        ->check(between(0.1, 100))
        ->excludes(rate);
    command->add_option("--scores", options.scores, "Every score, as .csv or .json");
    command->add_option("--out", options.picture,
                        "A picture of the scores and the ROC curve, .png or .svg");
}

}  // namespace nutshell::tools
