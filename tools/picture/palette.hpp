// SPDX-License-Identifier: MIT
// The colours of all pictures. Those of labels can be told apart by colour-blind readers.
#pragma once
#include "canvas.hpp"

namespace nutshell::tools {

constexpr Color kPaper{255, 255, 255, 1, "paper"};
constexpr Color kInk{31, 35, 40, 1, "ink"};        // titles, numbers, the reader's first look
constexpr Color kMuted{89, 99, 110, 1, "muted"};   // axis numbers, explanations
constexpr Color kGrid{216, 222, 228, 1, "grid"};   // lines behind the data
constexpr Color kFirst{0, 114, 178, 1, "first"};   // the main series
constexpr Color kSecond{213, 94, 0, 1, "second"};  // the series compared with it
constexpr Color kThird{0, 158, 115, 1, "third"};   // and one more

/// Paul Tol's "muted" scheme and a gray; labels beyond the tenth begin again.
constexpr Color kLabelColors[10] = {{204, 102, 119, 1, "label0"}, {51, 34, 136, 1, "label1"},
                                    {221, 204, 119, 1, "label2"}, {17, 119, 51, 1, "label3"},
                                    {136, 204, 238, 1, "label4"}, {136, 34, 85, 1, "label5"},
                                    {68, 170, 153, 1, "label6"},  {153, 153, 51, 1, "label7"},
                                    {170, 68, 153, 1, "label8"},  {119, 119, 119, 1, "label9"}};

/// Blue for -1, white for 0, red for +1; values outside are taken as the nearest end.
Color diverging_color(double value);

/// 0..1 as 0..255, rounded; values outside (and NaN, as 0) are taken as the nearest end.
uint8_t to_byte(float value);

}  // namespace nutshell::tools
