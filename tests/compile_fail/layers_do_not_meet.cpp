// SPDX-License-Identifier: MIT
// A layer that gives 64 numbers cannot feed one that takes 65.
// expect: nutshell: a layer's input shape differs from the output shape of the layer before it
#include <nutshell/nutshell.hpp>

using namespace nutshell;

#ifdef GOOD
constexpr int kSecondInput = 64;
#else
constexpr int kSecondInput = 65;
#endif

using Model = Autoencoder<Sequential<Dense<784, 64, Relu>, Dense<kSecondInput, 24, Relu>>,
                          Sequential<Dense<24, 784, Sigmoid>>>;
static_assert(Model::parameter_count > 0, "the model is used");
