// SPDX-License-Identifier: MIT
// Well-known autoencoders as types, for images of 28 x 28 pixels in 0..1 (one is for sounds). Take
// one, or copy its lines and change them. `nutshell train --kind` trains each of them.
#pragma once
#include "adversarial.hpp"

namespace nutshell::models {

/// 784 pixels -> 24 numbers -> 784 pixels.
using Tutorial = Autoencoder<Sequential<Dense<784, 24, Relu>>, Sequential<Dense<24, 784, Sigmoid>>>;

/// The same code through more layers.
using Deep =
    Autoencoder<Sequential<Dense<784, 128, Relu>, Dense<128, 64, Relu>, Dense<64, 24, Relu>>,
                Sequential<Dense<24, 64, Relu>, Dense<64, 128, Relu>, Dense<128, 784, Sigmoid>>>;

/// The decoder reads the encoder's weights.
using Tied = Autoencoder<Sequential<Dense<784, 24, Relu>>, Sequential<TiedDense<24, 784, Sigmoid>>>;

/// More numbers than needed, many of them zero for any one image.
using Sparse = Autoencoder<Sequential<Dense<784, 64, Relu>, L1Penalty<64, 500>>,
                           Sequential<Dense<64, 784, Sigmoid>>>;

/// Codes that are normally distributed, so that the decoder makes new images from random numbers.
using Variational =
    Autoencoder<Sequential<Dense<784, 256, Relu>, Dense<256, 48>, GaussianSampler<24, 784>>,
                Sequential<Dense<24, 256, Relu>, Dense<256, 784, Sigmoid>>>;

/// MLPerf Tiny's anomaly detection on five frames of 128 mel bands of a machine's sound.
/// (Its batch normalization is part of the dense layers here, as in its files for devices.)
using MlperfTiny =
    Autoencoder<Sequential<Dense<640, 128, Relu>, Dense<128, 128, Relu>, Dense<128, 128, Relu>,
                           Dense<128, 128, Relu>, Dense<128, 8, Relu>>,
                Sequential<Dense<8, 128, Relu>, Dense<128, 128, Relu>, Dense<128, 128, Relu>,
                           Dense<128, 128, Relu>, Dense<128, 640>>>;

/// Convolutions of 16, 8 and 8 filters; the code is an image of 4 x 4 with 8 channels. After the
/// convolutional autoencoder of the Keras blog ("Building Autoencoders in Keras", 2016).
using Convolutional = Autoencoder<
    Sequential<Conv2D<28, 28, 1, 16, 3, Relu>, MaxPool2D<28, 28, 16, 2>,
               Conv2D<14, 14, 16, 8, 3, Relu>, MaxPool2D<14, 14, 8, 2>, Conv2D<7, 7, 8, 8, 3, Relu>,
               MaxPool2D<7, 7, 8, 2, 2, Padding::same>>,
    Sequential<Conv2D<4, 4, 8, 8, 3, Relu>, Upsample2D<4, 4, 8, 2>, Conv2D<8, 8, 8, 8, 3, Relu>,
               Upsample2D<8, 8, 8, 2>, Conv2D<16, 16, 8, 16, 3, Relu, 1, Padding::valid>,
               Upsample2D<14, 14, 16, 2>, Conv2D<28, 28, 16, 1, 3, Sigmoid>>>;

/// A generator of images, and the discriminator that it learns against, from the same layers; after
/// Radford et al., "Unsupervised Representation Learning with DCGANs", ICLR 2016, but smaller.
using GenerativeAdversarial = Adversarial<
    Sequential<Dense<64, 1568, Relu>, Reshape<7, 7, 32>, TransposedConv2D<7, 7, 32, 16, 4, Relu>,
               TransposedConv2D<14, 14, 16, 1, 4, Sigmoid>>,
    Sequential<Conv2D<28, 28, 1, 16, 4, LeakyRelu<200>, 2>,
               Conv2D<14, 14, 16, 32, 4, LeakyRelu<200>, 2>, Dense<1568, 1, Sigmoid>>>;

static_assert(Tutorial::parameter_count == 38440);
static_assert(Deep::parameter_count == 221352);
static_assert(Convolutional::parameter_count == 4385 && Convolutional::code_size == 128);

}  // namespace nutshell::models
