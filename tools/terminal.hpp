// SPDX-License-Identifier: MIT
// What the user's terminal can show, and a first look at images in it.
#pragma once
#include <string>

#include "nutshell/shape.hpp"

namespace nutshell::tools {

/// True when the file descriptor (1 standard output, 2 standard error) is a terminal.
bool is_terminal(int descriptor);

/// Its columns; 80 when they cannot be known.
int terminal_width(int descriptor);

/// True when the user's locale (LC_ALL, LC_CTYPE, LANG) is a UTF-8 one.
bool terminal_speaks_utf8();

enum class TerminalColors { palette256, truecolor };

/// 24-bit colour when COLORTERM says so.
TerminalColors terminal_colors();

/// Originals in one row over their reconstructions, from 0..1 images [count][shape.size()], in
/// half-block characters (two pixels a character) and ANSI colours. Images are made smaller so
/// that several stand side by side, and as many as fit `width` columns are shown. Every line ends
/// with the colours reset. Empty when samples of this shape are no gray or RGB images, or nothing
/// fits.
std::string preview_images(Shape shape, int count, const float* originals,
                           const float* reconstructions, int width, TerminalColors colors);

}  // namespace nutshell::tools
