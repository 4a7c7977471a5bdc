// SPDX-License-Identifier: MIT
// Writes an int8 model in another packing.
// usage: generate_write MODEL.nut PACKING OUT.nut. The model's layers are dense and in canonical
// order.
#include <iostream>

#include "host_model.hpp"
#include "packing_of.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

std::vector<uint8_t> repacked(const File& file, Packing packing) {
    std::vector<Row> rows;
    std::vector<PackedLayer> layers;
    for (int i = 0; i < file.layer_count(); i++) {
        rows.push_back(file.row(i));
        layers.emplace_back(rows.back(), file.int8_tensors(i), packing);
    }
    std::vector<Int8Tensors> tensors;
    for (const PackedLayer& layer : layers) tensors.push_back(layer.tensors());
    return file_of({rows.data(), file.layer_count(), file.code_layer(), nullptr, file.model_id(),
                    file.parent_id(), tensors.data(), file.self_test()});
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 4) throw std::runtime_error("usage: generate_write MODEL.nut PACKING OUT.nut");
    const AlignedFile model(load(argv[1]));
    save(argv[3], repacked(model.file(), packing_of(argv[2])));
    return 0;
} catch (const std::exception& error) {
    std::cerr << "generate_write: " << error.what() << '\n';
    return 2;
}
