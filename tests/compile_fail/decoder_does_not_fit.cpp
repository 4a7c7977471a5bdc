// SPDX-License-Identifier: MIT
// An encoder whose code has 24 numbers cannot feed a decoder that takes 32.
// expect: nutshell: the encoder's code and the decoder's input differ in shape
#include <nutshell/nutshell.hpp>

using namespace nutshell;

#ifdef GOOD
constexpr int kDecoderInput = 24;
#else
constexpr int kDecoderInput = 32;
#endif

using Model =
    Autoencoder<Sequential<Dense<784, 24, Relu>>, Sequential<Dense<kDecoderInput, 784, Sigmoid>>>;
static_assert(Model::parameter_count > 0, "the model is used");
