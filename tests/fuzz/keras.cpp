// SPDX-License-Identifier: MIT
// Keras' .h5 and .keras files through our readers. The HDF5 library works in a process of its own,
// as it does for users: it crashes on some damaged files, and that must end in one line.
#include "fuzz.hpp"
#include "tools/formats/keras_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace nutshell;
    return fuzz::read_or_refuse([&] {
        const tools::ByteView file{data, size};
        if (tools::is_hdf5(file)) {
            const auto tree = tools::read_hdf5(file, tools::keras_h5_roots(), "m.h5");
            (void)tools::lower(tools::keras_h5_source(tree, "m.h5"), {});
        } else {
            (void)tools::lower(tools::keras_zip_source(file, "m.keras"), {});
        }
    });
}
