// SPDX-License-Identifier: MIT
// .nut files, as they come and with checksums put right after the mutation: else they would shield
// everything behind them. What check() accepts runs, and its self-test may be asked.
#include "fuzz.hpp"
#include "nutshell/weights.hpp"
// What the tests share checks with doctest, which is off here.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-variable"
#include "tests/nut_file.hpp"
#pragma GCC diagnostic pop

namespace {

using namespace nutshell;

void read(const std::vector<uint8_t>& bytes) {
    void* memory = nullptr;
    if (posix_memalign(&memory, 64, bytes.size() + 1) != 0) std::abort();
    const std::unique_ptr<void, decltype(&free)> freed(memory, free);
    if (!bytes.empty()) std::memcpy(memory, bytes.data(), bytes.size());
    File file;
    if (check(memory, bytes.size(), file) != Status::ok) return;
    if (file.type() == NumberType::float32) return;
    const tools::Int8Graph graph(file);
    const auto range = graph.range(tools::Part::whole);
    std::vector<int8_t> x(static_cast<size_t>(graph.input_size(range)), 1);
    std::vector<int8_t> y(static_cast<size_t>(graph.output_size(range)));
    graph.run(range, x.data(), 1, y.data());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    return fuzz::read_or_refuse([&] {
        std::vector<uint8_t> bytes(data, data + size);
        read(bytes);
        if (size < 64) return;
        tests::repair_checksums(bytes);
        read(bytes);
    });
}
