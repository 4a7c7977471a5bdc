// SPDX-License-Identifier: MIT
// The constants of each target, from images built for size and counted under emulation:
// tests/compare/layer_costs.sh prints the costs of a layer, tools/bench_firmware.sh the sizes, and
// holds the estimates against what it measures.
#include "footprint.hpp"

namespace nutshell::tools {
namespace {

/// Of a product that a type of numbers does not have.
constexpr ProductCost kNone{1, 1, 0, 0, 0, 0, 0, 0, 0};

constexpr ActivationCost look_up(double each, double clamp) { return {each, each, each, clamp}; }

// The lines of a type of numbers: dots and combined, each with its block of outputs and inputs,
// call, input, output, product, rest, partial, scale; sigmoid, tanh, leaky_relu, clamp; check.
constexpr NumbersCost kM0Int8{
    {4, 1, 212.4, 6.326, 40.37, 3.375, 0, 248.4, 3.408}, kNone, look_up(4.27, 10), 0};
constexpr NumbersCost kM0Float{{1, 1, -641, 1.27, 1181, 162.7, 0, 0, 0},
                               {1, 1, -10970, 1333, 67.6, 157.1, 0, 0, 0},
                               {2520, 2620, 105, 0},
                               11};
constexpr NumbersCost kM3Int8{
    {4, 1, 131.7, 0.1009, 12.6, 2.305, 0, 172.1, 3.608}, kNone, look_up(4.51, 11), 0};
constexpr NumbersCost kM3Float{{1, 1, -481, -0.18, 729, 71.2, 0, 0, 0},
                               {1, 1, -6127, 733, 84.25, 69.47, 0, 0, 0},
                               {1160, 1240, 66, 0},
                               8};
constexpr NumbersCost kM4Int8{
    {4, 4, 145.8, 2.611, 13.52, 1.157, 0, 169.4, 0.05}, kNone, look_up(4.51, 11), 0};
constexpr NumbersCost kM4Float{{4, 8, 195, 0, 33.76, 1.22, 8.7, 0, 0},
                               {16, 1, 209, 0.115, 1.644, 1.232, 0, 0, 0},
                               {34, 44, 8, 0},
                               2.43};
constexpr NumbersCost kM7Int8 = kM4Int8;
constexpr NumbersCost kM7Float{{4, 8, 194, 0, 33.76, 1.22, 8.7, 0, 0},
                               {16, 1, 193, 0.114, 1.645, 1.232, 0, 0, 0},
                               {33, 44, 8, 0},
                               2.43};
constexpr NumbersCost kM33Int8{
    {4, 4, 145.8, 2.611, 13.52, 1.157, 0, 169.4, 0.05}, kNone, look_up(4.51, 11), 0};
constexpr NumbersCost kM33Float{{4, 8, 195, 0, 32.51, 1.22, 8.24, 0, 0},
                                {16, 1, 206, 0.117, 1.582, 1.232, 0, 0, 0},
                                {33, 44, 8, 0},
                                2.43};
constexpr NumbersCost kM55Int8{
    {4, 16, 123.8, 0.0417, 3.959, 0.1558, 0, 25.79, 2.575}, kNone, look_up(0.256, 10), 0};
constexpr NumbersCost kM55Float{{6, 8, 180, 0, 39.5, 0.555, 7.3, 0, 0},
                                {28, 1, 325, 0, 1.321, 0.5714, 0, 0, 0},
                                {15.1, 15.8, 2.27, 0},
                                0.74};
constexpr NumbersCost kRiscv32Int8{{1, 1, 92, 0, 60, 9, 0, 0, -1}, kNone, look_up(8.01, 0), 0};
constexpr NumbersCost kRiscv32Float{{1, 1, -356, 0.23, 1391, 162.6, 0, 0, 0},
                                    {1, 1, -8667, 1073, 42.75, 158.1, 0, 0, 0},
                                    {2130, 2230, 86, 0},
                                    9};

constexpr NumbersCost kAarch64Int8{
    {16, 8, 223.2, 0.1161, 4.478, 0.2434, 0, 33.96, -0.1845, 18.63, 8},
    kNone,
    look_up(0.7487, 0.004),
    0};
constexpr NumbersCost kAarch64Float{{8, 16, 196.8, 0.7844, 13.12, 0.2892, 1.234, 0, 0, 1.648, 1},
                                    {64, 1, 134, 4.027, 0.4031, 0.3574, 0, 0, 0, 13.93, 4},
                                    {6.517, 6.957, 1.787, 0},
                                    0.571};
constexpr NumbersCost kArmhfInt8{{8, 8, 281.2, 0.04304, 9.442, 0.3443, 0, -9.343, -0.8767, 1.18, 8},
                                 kNone,
                                 look_up(3.791, 0),
                                 0};
constexpr NumbersCost kArmhfFloat{{8, 8, 164.7, 1.022, 22.53, 0.6909, 1.559, 0, 0, 2.826, 1},
                                  {32, 1, 174.3, 2.488, 1.702, 0.766, 0, 0, 0, 7.58, 4},
                                  {29.57, 22.69, 9.795, 0},
                                  0.949};

/// Scratch of int8: per input, rows together, forms of bias, pointer; where nothing is converted,
/// and for two rows of halfwords.
constexpr ScratchRule kNothingConverted{0, 2, 1, 4};
constexpr ScratchRule kHalfwords{2, 2, 1, 4};

}  // namespace

const std::vector<Target>& targets() {
    static const std::vector<Target> all = {
        {"cortex-m0", Packing::armv6m, {1, 2, 1, 4}, 16, kM0Int8, kM0Float, kM0Images},
        {"cortex-m3", Packing::armv7m, kNothingConverted, 16, kM3Int8, kM3Float, kM3Images},
        {"cortex-m4", Packing::dsp, kHalfwords, 16, kM4Int8, kM4Float, kM4Images},
        {"cortex-m7", Packing::dsp, kHalfwords, 16, kM7Int8, kM7Float, kM7Images},
        {"cortex-m33", Packing::dsp, kHalfwords, 16, kM33Int8, kM33Float, kM33Images},
        {"cortex-m55", Packing::helium, kNothingConverted, 16, kM55Int8, kM55Float, kM55Images},
        {"riscv32", Packing::canonical, kNothingConverted, 16, kRiscv32Int8, kRiscv32Float,
         kRiscv32Images},
        {"aarch64",
         Packing::simd,
         {0, 16, 2, 8},
         1676,
         kAarch64Int8,
         kAarch64Float,
         kAarch64Images},
        {"armhf", Packing::simd, {0, 16, 2, 4}, 682, kArmhfInt8, kArmhfFloat, kArmhfImages},
    };
    return all;
}

}  // namespace nutshell::tools
