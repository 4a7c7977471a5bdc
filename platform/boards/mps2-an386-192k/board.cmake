# SPDX-License-Identifier: MIT
# The MPS2 with a Cortex-M4F, of which an image may use as much as a common microcontroller has:
# 1 MB of flash and 192 KB of RAM.
include(${boards}/mps2-an386/board.cmake)
