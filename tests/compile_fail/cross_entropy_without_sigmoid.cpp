// SPDX-License-Identifier: MIT
// Binary cross-entropy measures probabilities: the output layer has to give some.
// expect: nutshell: binary cross-entropy needs a sigmoid output layer
#include <nutshell/nutshell.hpp>

using namespace nutshell;

#ifdef GOOD
using Output = Sigmoid;
#else
using Output = Linear;
#endif

using Model = Autoencoder<Sequential<Dense<784, 24, Relu>>, Sequential<Dense<24, 784, Output>>>;
static_assert(sizeof(SampleTrainer<Model, BinaryCrossEntropy>) > 0, "the trainer is used");
