// SPDX-License-Identifier: MIT
// A kernel of 5 x 5 has no place in an image of 4 x 4 without padding.
// expect: nutshell: the kernel is larger than the image
#include <nutshell/nutshell.hpp>

using namespace nutshell;

#ifdef GOOD
constexpr int kKernel = 3;
#else
constexpr int kKernel = 5;
#endif

using Layer = Conv2D<4, 4, 1, 2, kKernel, Relu, 1, Padding::valid>;
static_assert(Layer::row.kind == Kind::conv2d, "the layer is used");
