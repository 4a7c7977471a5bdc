// SPDX-License-Identifier: MIT
// A pool that never moves on.
// expect: nutshell: pool and stride are at least 1
#include <nutshell/nutshell.hpp>

using namespace nutshell;

#ifdef GOOD
constexpr int kStride = 2;
#else
constexpr int kStride = 0;
#endif

using Layer = MaxPool2D<4, 4, 1, 2, kStride>;
static_assert(Layer::row.kind == Kind::max_pool2d, "the layer is used");
