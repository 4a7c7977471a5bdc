// SPDX-License-Identifier: MIT
#include "restoration.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/readers.hpp"
#include "error.hpp"
#include "nutshell/trainer.hpp"

namespace nutshell::tools {
namespace {

constexpr int kBatch = 256, kSlice = 64;

size_t size_of(const Samples& samples) { return static_cast<size_t>(samples.shape.size()); }

Samples like(const Samples& samples, Shape shape) {
    return {
        shape, samples.count,
        std::vector<float>(static_cast<size_t>(samples.count) * static_cast<size_t>(shape.size()))};
}

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

/// Gradients and moments of a training, and what a slice of samples needs.
struct Training {
    AlignedFloats gradients, moments, tape, inner, scratch, x, y;
    Training(const Graph& graph, size_t in, size_t out)
        : gradients(graph.parameters().size()),
          moments(2 * graph.parameters().size()),
          tape(kSlice * static_cast<size_t>(graph.totals().tape)),
          inner(2 * kSlice * static_cast<size_t>(graph.totals().inner)),
          scratch(static_cast<size_t>(graph.totals().training_scratch)),
          x(kSlice * in),
          y(kSlice * out) {}
};

}  // namespace

Samples samples_of(const Dataset& data) {
    Samples samples{data.shape, data.count, {}};
    samples.values.resize(static_cast<size_t>(data.count) * size_of(samples));
    for (int i = 0; i < data.count; i++) {
        data.copy_sample(i, samples.values.data() + static_cast<size_t>(i) * size_of(samples));
    }
    return samples;
}

Samples with_noise(const Samples& clean, double deviation, uint32_t seed) {
    Samples noisy = clean;
    uint32_t index = 0;
    for (float& value : noisy.values) {
        const float noise = normal(random_word(seed, Purpose::augment, 0, index++));
        value = std::clamp(value + static_cast<float>(deviation) * noise, 0.0f, 1.0f);
    }
    return noisy;
}

Samples shrink(const Samples& images, int factor, const std::string& name) {
    const Shape from = images.shape;
    if (from.height < 2 || from.height % factor != 0 || from.width % factor != 0) {
        throw Error(name + ": samples of " + shape_text(from) + " cannot be shrunk by " +
                    std::to_string(factor) + "; images need sides that it divides");
    }
    Samples small = like(images, {from.height / factor, from.width / factor, from.channels});
    const float part = 1.0f / static_cast<float>(factor * factor);
    for (int i = 0; i < images.count; i++) {
        const float* image = images.values.data() + static_cast<size_t>(i) * size_of(images);
        float* to = small.values.data() + static_cast<size_t>(i) * size_of(small);
        for (int y = 0; y < from.height; y++) {
            for (int x = 0; x < from.width * from.channels; x++) {
                const int column = x / from.channels / factor, channel = x % from.channels;
                to[(y / factor * small.shape.width + column) * from.channels + channel] +=
                    part * image[y * from.width * from.channels + x];
            }
        }
    }
    return small;
}

Samples enlarge(const Samples& images, int factor) {
    const Shape from = images.shape;
    Samples large = like(images, {from.height * factor, from.width * factor, from.channels});
    float* to = large.values.data();
    for (int i = 0; i < images.count; i++) {
        const float* image = images.values.data() + static_cast<size_t>(i) * size_of(images);
        for (int row = 0; row < large.shape.height; row++) {
            for (int column = 0; column < large.shape.width; column++) {
                for (int channel = 0; channel < from.channels; channel++) {
                    *to++ = enlarged(image, from, factor, row, column, channel);
                }
            }
        }
    }
    return large;
}

Samples restore(const AnyGraph& any, const Samples& from, Shape to, const std::string& name) {
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
            Samples restored = like(from, to);
            for (int first = 0; first < from.count; first += kSlice) {
                const size_t at = static_cast<size_t>(first);
                graph.run(whole, from.values.data() + at * size_of(from),
                          std::min(kSlice, from.count - first),
                          restored.values.data() + at * size_of(restored));
            }
            return restored;
        },
        any);
}

double psnr(const Samples& a, const Samples& b) {
    double sum = 0;
    for (size_t i = 0; i < a.values.size(); i++) {
        const double off = static_cast<double>(a.values[i]) - static_cast<double>(b.values[i]);
        sum += off * off;
    }
    return -10 * std::log10(std::max(sum / static_cast<double>(a.values.size()), 1e-30));
}

void fit_pairs(Graph& graph, const Samples& inputs, const Samples& targets, int epochs, float rate,
               uint32_t seed, const std::function<void(int, double)>& epoch_done) {
    const Graph::Range whole = graph.range(Part::whole);
    const size_t in = size_of(inputs), out = size_of(targets);
    if (graph.input_size(whole) != inputs.shape.size() ||
        graph.output_size(whole) != targets.shape.size()) {
        throw Error("--layers must begin with " + std::to_string(in) + " and end with " +
                    std::to_string(out));
    }
    if (!BinaryCrossEntropy::accepts(graph.last().activation)) {
        throw Error("--layers must end in a sigmoid: pixels are between 0 and 1");
    }
    Training memory(graph, in, out);
    Adam adam;
    std::vector<uint32_t> order(static_cast<size_t>(inputs.count));
    std::iota(order.begin(), order.end(), 0u);
    uint32_t update = 0;
    for (int epoch = 1; epoch <= epochs; epoch++) {
        nutshell::shuffle(order.data(), static_cast<uint32_t>(order.size()), seed,
                          static_cast<uint32_t>(epoch));
        double sum = 0;
        for (int at = 0; at < inputs.count; at += kBatch) {
            const int batch = std::min(kBatch, inputs.count - at);
            for (int first = 0; first < batch; first += kSlice) {
                Pass pass{std::min(kSlice, batch - first), Mode::batch};
                pass.scratch = memory.scratch.data();
                pass.seed = seed;
                pass.step = update;
                pass.first = static_cast<uint32_t>(first);
                for (int i = 0; i < pass.rows; i++) {
                    const size_t row = static_cast<size_t>(i);
                    const size_t from = order[static_cast<size_t>(at + first) + row];
                    std::copy_n(inputs.values.data() + from * in, in, memory.x.data() + row * in);
                    std::copy_n(targets.values.data() + from * out, out,
                                memory.y.data() + row * out);
                }
                const float* wanted = memory.y.data();
                sum += accumulate<BinaryCrossEntropy>(
                    graph, graph.parameters().data(), pass, memory.x.data(), wanted,
                    1.0f / static_cast<float>(batch), 1.0f, memory.tape.data(), memory.inner.data(),
                    memory.gradients.data());
            }
            if (!std::isfinite(sum)) throw Error("training diverged; choose a smaller --lr");
            adam.step(graph.totals().trainable, rate, 1.0f, graph.parameters().data(),
                      memory.gradients.data(), memory.moments.data());
            update++;
        }
        epoch_done(epoch, sum / inputs.count);
    }
}

}  // namespace nutshell::tools
