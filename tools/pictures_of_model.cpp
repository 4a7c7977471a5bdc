// SPDX-License-Identifier: MIT
#include "pictures_of_model.hpp"

#include <algorithm>

#include "error.hpp"
#include "evaluation/normal_codes.hpp"
#include "evaluation/pca.hpp"
#include "picture/statistics.hpp"
#include "text.hpp"

namespace nutshell::tools {
namespace {

constexpr int kMapSamples = 5000;

std::string model_on(const AnyGraph& any, const Dataset& data) {
    const std::string sizes = std::visit([](const auto& graph) { return layer_sizes(graph); }, any);
    const bool int8 = std::holds_alternative<Int8Graph>(any);
    return sizes + (int8 ? " in int8" : "") + " on " + data.name;
}

/// A dozen samples, one of each label first, without reconstructions.
Examples samples_to_show(const Dataset& data, int count) {
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
    return examples;
}

template <class AnyKind>
std::vector<float> reconstructions_of(const AnyKind& graph, const Examples& examples) {
    std::vector<float> outputs(examples.originals.size());
    graph.run(graph.range(Part::whole), examples.originals.data(), examples.count, outputs.data());
    return outputs;
}

}  // namespace

Examples choose_examples(const AnyGraph& any, const Dataset& data, int count) {
    Examples examples = samples_to_show(data, count);
    std::visit(
        [&](const auto& graph) {
            require_reconstructs(graph, data);
            examples.reconstructions = reconstructions_of(graph, examples);
        },
        any);
    return examples;
}

Picture picture_of_reconstructions(const AnyGraph& any, const Dataset& data) {
    const Examples examples = choose_examples(any, data);
    return reconstruction_sheet({"Reconstructions: " + model_on(any, data),
                                 examples.shape,
                                 examples.originals,
                                 examples.reconstructions,
                                 examples.labels,
                                 {}});
}

Picture picture_of_restorations(const AnyGraph& any, const Dataset& data,
                                const Augmentation& augmentation) {
    if (!data.is_image()) throw Error(data.name + ": holds no images to restore");
    if (!augmentation.corrupts()) {
        throw Error("--what restorations needs --augment noise:DEVIATION or mask:PART");
    }
    const Dataset noisy = corrupted(data, augmentation);
    const Examples clean = samples_to_show(data, kExamples);
    Examples examples = clean;
    examples.originals.clear();
    for (int index : choose_samples(data.labels, data.count, kExamples)) {
        const size_t size = static_cast<size_t>(data.shape.size());
        const auto begin =
            noisy.floats.begin() + static_cast<ptrdiff_t>(static_cast<size_t>(index) * size);
        examples.originals.insert(examples.originals.end(), begin,
                                  begin + static_cast<ptrdiff_t>(size));
    }
    const Restoration found = std::visit(
        [&](const auto& graph) {
            examples.reconstructions = reconstructions_of(graph, examples);
            return measure_restoration(graph, data, augmentation);
        },
        any);
    return image_rows({"Restored: " + model_on(any, data),
                       "Corrupted by " + to_text(augmentation) + "; PSNR is of all " +
                           std::to_string(data.count) + " samples, against the clean ones.",
                       data.shape,
                       {{"clean", "", clean.originals},
                        {"corrupted", decibels(found.noisy_psnr), examples.originals},
                        {"restored", decibels(found.restored_psnr), examples.reconstructions}}});
}

Picture picture_of_inventions(const AnyGraph& any, Shape shape, uint32_t seed) {
    constexpr int kRows = 6;
    const auto invent = [&](const auto& graph) {
        const LayerRange decoder = graph.range(Part::decoder);
        if (graph.output_size(decoder) != shape.size()) {
            throw Error("the decoder writes " + std::to_string(graph.output_size(decoder)) +
                        " values, an image of the data has " + std::to_string(shape.size()));
        }
        return run_all(graph, Part::decoder,
                       normal_codes(0, kRows * kExamples, graph.input_size(decoder), seed));
    };
    const std::vector<float> images = std::visit(invent, any);
    ImageRows rows{"Invented by the decoder of " +
                       std::visit([](const auto& graph) { return layer_sizes(graph); }, any),
                   "Each from a code of independent normal random numbers.",
                   shape,
                   {}};
    const ptrdiff_t row = static_cast<ptrdiff_t>(kExamples) * shape.size();
    for (auto at = images.begin(); at != images.end(); at += row) {
        rows.rows.push_back({"", "", std::vector<float>(at, at + row)});
    }
    return image_rows(std::move(rows));
}

ImageGrid::Line grid_line(const std::string& name, const Dataset& data,
                          const std::vector<int>& chosen) {
    const size_t size = static_cast<size_t>(data.shape.size());
    ImageGrid::Line line{name, data.shape, std::vector<float>(chosen.size() * size)};
    float* to = line.images.data();
    for (size_t i = 0; i < chosen.size(); i++) data.copy_sample(chosen[i], to + i * size);
    return line;
}

Picture picture_of_quantization(const Graph& graph, const Int8Graph& int8, const Dataset& data) {
    require_reconstructs(graph, data);
    const Examples examples = samples_to_show(data, kExamples);
    return reconstruction_sheet(
        {"Reconstructions in float32 and int8: " + layer_sizes(graph) + " on " + data.name,
         examples.shape, examples.originals, reconstructions_of(graph, examples), examples.labels,
         reconstructions_of(int8, examples)});
}

Picture picture_of_codes(const AnyGraph& any, const Dataset& data) {
    const Dataset part = data.slice(0, std::min(data.count, kMapSamples));
    const std::vector<float> codes =
        std::visit([&](const auto& graph) { return run_all(graph, Part::encoder, part); }, any);
    const int width = static_cast<int>(codes.size()) / part.count;
    if (width < 2) throw Error("a code of one number has no map; show --what errors instead");
    const Pca pca = fit_pca(codes.data(), part.count, width, 2);
    return code_map({"Codes: " + model_on(any, data) + ", first two principal components",
                     pca_transform(pca, codes.data(), part.count), part.labels,
                     pca.explained_variance_ratio});
}

Picture picture_of_errors(const Dataset& data, const Evaluation& evaluation) {
    return error_histogram(
        {"Reconstruction errors: " + data.name, evaluation.sample_mse,
         data.is_image() ? "mean squared error per pixel" : "mean squared error per value"});
}

Picture picture_of_losses(const History& history) {
    LossCurve curve;
    curve.title = std::string("Training: ") + name_of(history.loss);
    curve.loss_name = name_of(history.loss);
    curve.test_name = history.watched;
    for (const Epoch& epoch : history.epochs) {
        curve.train.push_back(epoch.train_loss);
        if (epoch.watched_loss == epoch.watched_loss) curve.test.push_back(epoch.watched_loss);
    }
    if (!history.epochs.empty()) curve.first_epoch = history.epochs.front().number;
    return loss_curve(curve);
}

}  // namespace nutshell::tools
