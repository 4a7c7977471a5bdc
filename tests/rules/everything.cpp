// SPDX-License-Identifier: MIT
// Instantiates every template of the library once, so that the checks of the library's objects see
// the code that otherwise exists in users' programs only.
#include <nutshell/models.hpp>
#include <nutshell/nutshell.hpp>

namespace {

using DeepEncoder = nutshell::Sequential<nutshell::Dense<784, 128, nutshell::LeakyRelu<>>,
                                         nutshell::Dense<128, 64, nutshell::Tanh>,
                                         nutshell::Dense<64, 24, nutshell::Relu>>;
using DeepDecoder = nutshell::Sequential<nutshell::Dense<24, 64, nutshell::Relu>,
                                         nutshell::Dense<64, 784, nutshell::Sigmoid>>;
using Deep = nutshell::Autoencoder<DeepEncoder, DeepDecoder>;

using DrawnEncoder =
    nutshell::Sequential<nutshell::GaussianNoise<16, 100>, nutshell::Dense<16, 12, nutshell::Relu>,
                         nutshell::Dropout<12, 20>, nutshell::Dense<12, 8>,
                         nutshell::GaussianSampler<4, 16>>;
using DrawnDecoder =
    nutshell::Sequential<nutshell::L1Penalty<4, 100>, nutshell::Dense<4, 12, nutshell::Relu>,
                         nutshell::TiedDense<12, 16, nutshell::Sigmoid, 6>>;
using Drawn = nutshell::Autoencoder<DrawnEncoder, DrawnDecoder>;

using RealEncoder = nutshell::Sequential<nutshell::Dense<16, 4, nutshell::Tanh>>;
using RealDecoder = nutshell::Sequential<nutshell::Dense<4, 16, nutshell::Linear>>;
using Real = nutshell::Autoencoder<RealEncoder, RealDecoder>;

}  // namespace

template class nutshell::Autoencoder<DeepEncoder, DeepDecoder>;
template class nutshell::Encoder<nutshell::detail::Architecture<DeepEncoder, DeepDecoder>>;
template class nutshell::Decoder<nutshell::detail::Architecture<DeepEncoder, DeepDecoder>>;
template class nutshell::Autoencoder<RealEncoder, RealDecoder>;
template class nutshell::Autoencoder<DrawnEncoder, DrawnDecoder>;
template class nutshell::Trainer<Drawn, nutshell::BinaryCrossEntropy, nutshell::Adam>;
template class nutshell::SampleTrainer<Drawn, nutshell::BinaryCrossEntropy>;
template class nutshell::WholeModel<Deep::Architecture, nutshell::Int8>;
template class nutshell::WholeModel<Deep::Architecture, nutshell::Int4>;
template class nutshell::Encoder<Deep::Architecture, nutshell::Int8>;
template class nutshell::Decoder<Deep::Architecture, nutshell::Int8>;
template class nutshell::AnomalyDetector<Real>;
template class nutshell::AnomalyDetector<nutshell::Int8Model<Deep>>;
template class nutshell::AnomalyDetector<nutshell::Int4Model<Deep>>;
template class nutshell::SlidingWindow<128, 64>;
template class nutshell::LogMel<>;
template class nutshell::Trainer<Deep, nutshell::BinaryCrossEntropy, nutshell::Adam>;
template class nutshell::Trainer<Deep, nutshell::BinaryCrossEntropy, nutshell::Momentum>;
template class nutshell::Trainer<Real, nutshell::MeanSquaredError, nutshell::Sgd, 1>;
template class nutshell::SampleTrainer<Deep, nutshell::BinaryCrossEntropy>;
template class nutshell::SampleTrainer<Real, nutshell::MeanSquaredError>;
template class nutshell::Calibration<Deep>;
template class nutshell::InPlaceInt8<Deep>;

/// Uses the function templates, which have no class to instantiate them with.
size_t use_everything(Deep::Parameters& parameters, void* file, size_t capacity);
size_t use_everything(Deep::Parameters& parameters, void* file, size_t capacity) {
    nutshell::initialize<Deep>(parameters, 1);
    size_t size = 0;
    return nutshell::save<Deep>(parameters, file, capacity, size) == nutshell::Status::ok ? size
                                                                                          : 0;
}
