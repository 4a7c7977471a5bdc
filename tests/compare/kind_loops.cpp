// SPDX-License-Identifier: MIT
// How often the loops of counted layers run, for kind_costs.py.
// usage: kind_loops TARGET <COUNTS, lines of counted_kinds
// Prints for each layer "USE TYPE FAMILY INSTRUCTIONS LOOPS...".
#include <iostream>

#include "counted_piece.hpp"

using namespace nutshell::tools;

int main(int, char** arguments) {
    for (const Target& target : targets()) {
        if (target.name != std::string(arguments[1])) continue;
        for (std::string line; std::getline(std::cin, line);) {
            const CountedPiece piece = counted_piece(line);
            if (piece.layers.size() > 1) continue;
            const LayerCase& layer = piece.layers.front();
            std::cout << piece.use << ' ' << (layer.int8 ? "int8" : "float32") << ' '
                      << static_cast<int>(family_of(layer.row.kind)) << ' ' << piece.instructions;
            for (double runs : loops_of(layer, target)) std::cout << ' ' << runs;
            std::cout << '\n';
        }
    }
}
