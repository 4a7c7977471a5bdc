// SPDX-License-Identifier: MIT
// A layer without outputs is a slip of the pen, not a layer.
// expect: nutshell: a layer's sizes must be between 1 and 2^20
#include <nutshell/nutshell.hpp>

using namespace nutshell;

#ifdef GOOD
constexpr int kCode = 1;
#else
constexpr int kCode = 0;
#endif

using Model =
    Autoencoder<Sequential<Dense<784, kCode, Relu>>, Sequential<Dense<kCode, 784, Sigmoid>>>;
static_assert(Model::parameter_count > 0, "the model is used");
