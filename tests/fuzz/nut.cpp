// SPDX-License-Identifier: MIT
// .nut files, as they come and with checksums put right after the mutation: else they would shield
// everything behind them. What check() accepts becomes a graph, which runs and may be asked its
// self-test, and which is written as a file that holds the same graph.
#include "fuzz.hpp"
#include "nutshell/crc.hpp"
#include "nutshell/self_test.hpp"
#include "nutshell/weights.hpp"
// What the tests share checks with doctest, which is off here.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-variable"
#include "tests/nut_file.hpp"
#pragma GCC diagnostic pop

namespace {

using namespace nutshell;

/// A model that is done in a moment: few products.
bool is_small(const std::vector<Row>& rows) {
    constexpr int64_t most = 1 << 18;
    int64_t products = 0;
    for (const Row& row : rows) {
        const int64_t weights = weight_matrix(row).inputs;
        products += (weights + 16) * row.out.size() + row.in.size();
    }
    return products <= most;
}

/// The bytes on a boundary of 64, and not one more.
class Aligned {
  public:
    explicit Aligned(const std::vector<uint8_t>& bytes) {
        void* memory = nullptr;
        fuzz::require(posix_memalign(&memory, 64, bytes.size()) == 0);
        memory_.reset(memory);
        if (!bytes.empty()) std::memcpy(memory, bytes.data(), bytes.size());
    }
    const void* data() const { return memory_.get(); }

  private:
    struct Free {
        void operator()(void* memory) const { free(memory); }
    };
    std::unique_ptr<void, Free> memory_;
};

template <class AGraph>
void run(const File& file, const AGraph& graph) {
    using Number = std::conditional_t<std::is_same_v<AGraph, tools::Graph>, float, int8_t>;
    const auto whole = graph.range(tools::Part::whole);
    std::vector<Number> x(static_cast<size_t>(graph.input_size(whole)));
    std::vector<Number> y(static_cast<size_t>(graph.output_size(whole)));
    self_test_input(file.model_id(), graph.input_size(whole), x.data());
    graph.run(whole, x.data(), 1, y.data());
    if (file.self_test() == nullptr) return;
    (void)self_test_passes(y.data(), graph.output_size(whole), file.self_test());
}

void read(const std::vector<uint8_t>& bytes) {
    const Aligned copy(bytes);
    File file;
    if (check(copy.data(), bytes.size(), file) != Status::ok) return;
    const tools::AnyGraph graph = tools::graph_in(file);
    if (!std::visit([](const auto& model) { return is_small(model.rows()); }, graph)) return;
    std::visit([&](const auto& model) { run(file, model); }, graph);
    const std::vector<uint8_t> written = fuzz::nut_bytes(graph);
    const Aligned second(written);
    File again;
    fuzz::require(check(second.data(), written.size(), again) == Status::ok);
    fuzz::require(fuzz::nut_bytes(tools::graph_in(again)) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    return fuzz::read_or_refuse([&] {
        std::vector<uint8_t> bytes(data, data + size);
        read(bytes);
        if (size < 64) return;
        tests::repair_checksums(
            bytes, [](const uint8_t* part, size_t length) { return crc32c(0, part, length); });
        read(bytes);
    });
}
