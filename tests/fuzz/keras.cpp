// SPDX-License-Identifier: MIT
// Keras' .h5 and .keras files through our readers, archives also with their sums put right. The
// HDF5 library crashes on some damaged files and hangs on others, which users are kept from by
// reading in a process of its own; here that process reads one file after the other.
#include "child.hpp"
#include "tests/zip_sums.hpp"
#include "tools/formats/keras_file.hpp"
#include "tools/own_process.hpp"

/// Takes the place of the one that starts a process: this is that process.
nutshell::tools::Bytes nutshell::tools::in_own_process(const std::function<Bytes()>& work, int,
                                                       const std::string&) {
    return work();
}

/// The library loses memory of its own when it gives a file up.
extern "C" const char* __lsan_default_suppressions() { return "leak:libhdf5\n"; }

namespace {

using namespace nutshell;

void read_keras(const uint8_t* data, size_t size) {
    const auto read = [](tools::ByteView file) {
        (void)fuzz::read_or_refuse([&] {
            if (tools::is_hdf5(file)) {
                const auto tree = tools::read_hdf5(file, tools::keras_h5_roots(), "m.h5");
                (void)tools::lower(tools::keras_h5_source(tree, "m.h5"), {});
            } else {
                (void)tools::lower(tools::keras_zip_source(file, "m.keras"), {});
            }
        });
    };
    read({data, size});
    std::vector<uint8_t> repaired(data, data + size);
    if (tests::repair_zip_sums(repaired)) read(tools::view(repaired));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static fuzz::Child child(read_keras, "libhdf5");
    child.read(data, size);
    return 0;
}
