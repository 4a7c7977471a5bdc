// SPDX-License-Identifier: MIT
#include "pictures_of_model.hpp"

#include <algorithm>

#include "error.hpp"
#include "pca.hpp"
#include "picture/statistics.hpp"

namespace nutshell::tools {
namespace {

constexpr int kMapSamples = 5000;

std::string model_on(const Graph& graph, const Dataset& data) {
    return layer_sizes(graph) + " on " + data.name;
}

}  // namespace

Examples choose_examples(const Graph& graph, const Dataset& data, int count) {
    require_fit(graph, data, LossKind::mean_squared_error);
    Examples examples;
    examples.shape = data.shape;
    const size_t size = static_cast<size_t>(data.shape.size());
    for (int index : choose_samples(data.labels, data.count, count)) {
        examples.originals.resize(examples.originals.size() + size);
        data.copy_sample(index, examples.originals.data() + examples.originals.size() - size);
        if (!data.labels.empty())
            examples.labels.push_back(data.labels[static_cast<size_t>(index)]);
        examples.count++;
    }
    examples.reconstructions.resize(examples.originals.size());
    graph.run(graph.range(Part::whole), examples.originals.data(), examples.count,
              examples.reconstructions.data());
    return examples;
}

Picture picture_of_reconstructions(const Graph& graph, const Dataset& data) {
    const Examples examples = choose_examples(graph, data);
    return reconstruction_sheet({"Reconstructions: " + model_on(graph, data), examples.shape,
                                 examples.originals, examples.reconstructions, examples.labels});
}

Picture picture_of_codes(const Graph& graph, const Dataset& data) {
    const Dataset part = data.slice(0, std::min(data.count, kMapSamples));
    const std::vector<float> codes = run_all(graph, Part::encoder, part);
    const int width = graph.output_size(graph.range(Part::encoder));
    if (width < 2) throw Error("a code of one number has no map; show --what errors instead");
    const Pca pca = fit_pca(codes.data(), part.count, width, 2);
    return code_map({"Codes: " + model_on(graph, data) + ", first two principal components",
                     pca_transform(pca, codes.data(), part.count), part.labels,
                     pca.explained_variance_ratio});
}

Picture picture_of_errors(const Dataset& data, const Evaluation& evaluation) {
    return error_histogram(
        {"Reconstruction errors: " + data.name, evaluation.sample_mse,
         data.is_image() ? "mean squared error per pixel" : "mean squared error per value"});
}

Picture picture_of_losses(const std::vector<Epoch>& epochs, LossKind loss) {
    LossCurve curve;
    curve.title = std::string("Training: ") + name_of(loss);
    curve.loss_name = name_of(loss);
    for (const Epoch& epoch : epochs) {
        curve.train.push_back(epoch.train_loss);
        if (epoch.test_loss == epoch.test_loss) curve.test.push_back(epoch.test_loss);
    }
    if (!epochs.empty()) curve.first_epoch = epochs.front().number;
    return loss_curve(curve);
}

}  // namespace nutshell::tools
