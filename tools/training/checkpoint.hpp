// SPDX-License-Identifier: MIT
// A training on disk: a file from which `nutshell train --resume` goes on as if nothing had
// happened. Layout, little-endian:
//    0  char magic[8]    "NUTCKPT1"
//    8  u32  crc         CRC-32C of everything behind it
//   12  u32  text_bytes  of the JSON text: settings, epochs and what else is no array of floats
//   16  u32  floats      of one array: the parameters of the model, in their order in a .nut file
//   20  u32  arrays      weights, weights of the best epoch, then the optimizer's moments
//   24  the text, then the arrays
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "fit.hpp"

namespace nutshell::tools {

/// Which training it is: everything that its weights depend on. Not part of it: threads and
/// patience, and the epochs unless the learning rate falls towards their end, so that these may be
/// changed when a training goes on.
struct TrainingIdentity {
    std::vector<std::pair<std::string, std::string>> settings;  // name of an option, its value
    size_t floats;                                              // of one array
    size_t moment_arrays;                                       // of the optimizer
};
TrainingIdentity identify(const Graph& graph, const Dataset& train, const Dataset& watched,
                          const FitSettings& settings);

/// Written whole or not at all. Throws Error.
void write_checkpoint(const std::string& path, const TrainingState& state,
                      const TrainingIdentity& identity);

/// The state of that very training. Throws Error when the file is damaged or no checkpoint, or when
/// it comes from another training: the message names the setting that differs.
TrainingState read_checkpoint(const std::string& path, const TrainingIdentity& identity);

}  // namespace nutshell::tools
