// SPDX-License-Identifier: MIT
#include "restoration.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tools/data/readers.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

/// The weights of four neighbours of a place between the second and the third.
struct Cubic {
    double weight[4];
    explicit Cubic(double t) {
        constexpr double a = -0.75;
        const auto near = [](double x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
        const auto far = [](double x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
        weight[0] = far(1 + t);
        weight[1] = near(t);
        weight[2] = near(1 - t);
        weight[3] = far(2 - t);
    }
};

/// A pixel of the enlarged image `x` at (row, column), all channels apart.
float enlarged(const float* image, Shape shape, int factor, int row, int column, int channel) {
    const double y = (row + 0.5) / factor - 0.5, x = (column + 0.5) / factor - 0.5;
    const int top = static_cast<int>(std::floor(y)), left = static_cast<int>(std::floor(x));
    const Cubic down(y - top), right(x - left);
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        const int r = std::clamp(top - 1 + i, 0, shape.height - 1);
        for (int j = 0; j < 4; j++) {
            const int c = std::clamp(left - 1 + j, 0, shape.width - 1);
            sum += down.weight[i] * right.weight[j] *
                   static_cast<double>(image[(r * shape.width + c) * shape.channels + channel]);
        }
    }
    return static_cast<float>(std::clamp(sum, 0.0, 1.0));
}

/// As many samples of another shape, all zero.
Dataset like(const Dataset& data, Shape shape) {
    Dataset result;
    result.name = data.name;
    result.labels = data.labels;
    result.count = data.count;
    result.shape = shape;
    result.floats.resize(static_cast<size_t>(data.count) * static_cast<size_t>(shape.size()));
    return result;
}

float* sample_of(Dataset& data, int index) {
    return data.floats.data() + static_cast<ptrdiff_t>(index) * data.shape.size();
}

}  // namespace

Dataset corrupted(const Dataset& data, const Augmentation& augmentation, uint32_t seed) {
    Dataset result = like(data, data.shape);
    std::vector<uint32_t> indices(static_cast<size_t>(data.count));
    std::iota(indices.begin(), indices.end(), 0u);
    data.copy_samples(indices.data(), data.count, result.floats.data());
    // Update 0 is none of training.
    Augmenter(augmentation, data, seed)
        .corrupt(0, indices.data(), data.count, result.floats.data());
    return result;
}

Dataset shrink(const Dataset& images, int factor) {
    const Shape from = images.shape;
    if (from.height < 2 || from.height % factor != 0 || from.width % factor != 0) {
        throw Error(images.name + ": samples of " + shape_text(from) + " cannot be shrunk by " +
                    std::to_string(factor) + "; images need sides that it divides");
    }
    Dataset small = like(images, {from.height / factor, from.width / factor, from.channels});
    const float part = 1.0f / static_cast<float>(factor * factor);
    std::vector<float> image(static_cast<size_t>(from.size()));
    for (int i = 0; i < images.count; i++) {
        images.copy_sample(i, image.data());
        const float* pixel = image.data();
        float* to = sample_of(small, i);
        for (int y = 0; y < from.height; y++) {
            for (int x = 0; x < from.width; x++) {
                const int at = (y / factor * small.shape.width + x / factor) * from.channels;
                for (int c = 0; c < from.channels; c++) to[at + c] += part * *pixel++;
            }
        }
    }
    return small;
}

Dataset enlarge(const Dataset& images, int factor) {
    const Shape from = images.shape;
    Dataset large = like(images, {from.height * factor, from.width * factor, from.channels});
    std::vector<float> image(static_cast<size_t>(from.size()));
    for (int i = 0; i < images.count; i++) {
        images.copy_sample(i, image.data());
        float* to = sample_of(large, i);
        for (int row = 0; row < large.shape.height; row++) {
            for (int column = 0; column < large.shape.width; column++) {
                for (int channel = 0; channel < from.channels; channel++) {
                    *to++ = enlarged(image.data(), from, factor, row, column, channel);
                }
            }
        }
    }
    return large;
}

Dataset restore(const AnyGraph& any, const Dataset& from, Shape to, const std::string& name) {
    return std::visit(
        [&](const auto& graph) {
            const LayerRange whole = graph.range(Part::whole);
            if (graph.input_size(whole) != from.shape.size() ||
                graph.output_size(whole) != to.size()) {
                throw Error(name + ": the model goes from " +
                            std::to_string(graph.input_size(whole)) + " to " +
                            std::to_string(graph.output_size(whole)) + " values, this from " +
                            std::to_string(from.shape.size()) + " to " + std::to_string(to.size()));
            }
            Dataset restored = like(from, to);
            restored.floats = run_all(graph, Part::whole, from);
            return restored;
        },
        any);
}

}  // namespace nutshell::tools
