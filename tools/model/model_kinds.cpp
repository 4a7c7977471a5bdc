// SPDX-License-Identifier: MIT
#include "model_kinds.hpp"

#include "nutshell/models.hpp"
#include "tools/error.hpp"
#include "tools/suggest.hpp"

namespace nutshell::tools {
namespace {

template <class Model>
constexpr int code_layer_of() {
    return Model::code_layer;
}
template <>
constexpr int code_layer_of<models::GenerativeAdversarial>() {
    return models::GenerativeAdversarial::generator_layers;
}

template <class Model>
ModelKind kind(const char* name, const char* what) {
    using Chain = typename Model::Chain;
    ModelKind kind;
    kind.name = name;
    kind.what = what;
    kind.rows.assign(Chain::rows, Chain::rows + Chain::count);
    kind.code_layer = code_layer_of<Model>();
    return kind;
}

std::vector<ModelKind> make_kinds() {
    std::vector<ModelKind> kinds{
        kind<models::Tutorial>("tutorial", "784-24-784, one layer each way"),
        kind<models::Deep>("deep", "784-128-64-24-64-128-784"),
        kind<models::Convolutional>("convolutional", "filters 16-8-8, a code of 4x4x8"),
        kind<models::Deep>("denoising", "the deep one, which learns to remove noise"),
        kind<models::Variational>("variational",
                                  "784-256-24-256-784, whose decoder invents images"),
        kind<models::Tied>("tied", "784-24-784, the decoder uses the encoder's weights"),
        kind<models::Sparse>("sparse", "784-64-784, many numbers of a code are zero"),
        kind<models::GenerativeAdversarial>("adversarial",
                                            "a generator of images from 64 random numbers, and "
                                            "the discriminator that it learns against"),
        kind<models::MlperfTiny>("mlperf-tiny", "640-128x4-8-128x4-640, finds broken machines"),
    };
    for (ModelKind& each : kinds) {
        const std::string name = each.name;
        if (name == "convolutional") each.batch = 128;
        if (name == "adversarial") {
            each.adversarial = true;
            each.epochs = 20;
            each.batch = 64;
            each.rate = 2e-4f;
        }
        if (name == "denoising") each.augmentation.noise = 0.5f;
        if (name == "mlperf-tiny") {
            each.loss = LossKind::mean_squared_error;
            each.epochs = 100;
            each.batch = 512;
        }
    }
    return kinds;
}

}  // namespace

const std::vector<ModelKind>& model_kinds() {
    static const std::vector<ModelKind> kinds = make_kinds();
    return kinds;
}

const ModelKind& find_kind(const std::string& name) {
    std::vector<std::string> names;
    for (const ModelKind& kind : model_kinds()) {
        if (name == kind.name) return kind;
        names.push_back(kind.name);
    }
    throw Error("--kind: " + unknown_word("kind", name, names));
}

int ModelKind::sample_size() const {
    return rows[adversarial ? static_cast<size_t>(code_layer) : 0].in.size();
}

void require_kind_reads(const ModelKind& kind, const Dataset& data) {
    const int size = kind.sample_size();
    if (data.shape.size() == size) return;
    throw Error(data.name + ": a sample has " + std::to_string(data.shape.size()) +
                " values, --kind " + kind.name + (kind.adversarial ? " makes " : " reads ") +
                std::to_string(size) + "; choose another kind or describe the model with --layers");
}

}  // namespace nutshell::tools
