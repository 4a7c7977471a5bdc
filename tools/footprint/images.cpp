// SPDX-License-Identifier: MIT
#include "images.hpp"

#include <algorithm>
#include <array>

namespace nutshell::tools {
namespace {

/// How many layers there are of each kind.
class Layers {
  public:
    explicit Layers(const std::vector<Row>& rows) {
        for (const Row& row : rows) {
            if (row.kind <= Kind::batch_norm) counts_[static_cast<size_t>(row.kind) - 1]++;
        }
    }
    int of(size_t kind) const { return counts_[kind]; }
    bool has(Kind kind) const { return counts_[static_cast<size_t>(kind) - 1] > 0; }
    int kinds_but_dense() const {
        return static_cast<int>(
            std::count_if(counts_.begin() + 1, counts_.end(), [](int count) { return count > 0; }));
    }

  private:
    std::array<int, kImageKinds> counts_{};
};

int more_of_single_channel(const Row& row, const ImageSize& size) {
    if (row.out.channels != 1) return 0;
    if (row.kind == Kind::conv2d) return size.more.single;
    return row.kind == Kind::transposed_conv2d ? size.more.single_transposed : 0;
}

}  // namespace

int code_bytes(const std::vector<Row>& rows, const ImageSize& size) {
    const Layers layers(rows);
    const bool windows = layers.has(Kind::conv2d) || layers.has(Kind::transposed_conv2d);
    int code = size.shared.start;
    if (windows || layers.has(Kind::dense)) code += size.shared.products;
    if (windows) code += size.shared.windows;
    if (layers.kinds_but_dense() > 0) code += size.shared.other;
    for (size_t kind = 0; kind < kImageKinds; kind++) {
        const int count = layers.of(kind);
        if (count > 0) code += size.first[kind] + (count - 1) * size.shared.further;
    }
    return code;
}

int stack_bytes(const std::vector<Row>& rows, const ImageSize& size) {
    int check = 0, run = 0;
    for (const Row& row : rows) {
        if (row.kind > Kind::batch_norm) continue;
        const size_t kind = static_cast<size_t>(row.kind) - 1;
        check = std::max(check, size.check[kind]);
        run = std::max(run, size.run[kind] + more_of_single_channel(row, size));
    }
    const int layers = static_cast<int>(rows.size());
    if (layers > 3) check += size.more.deep;
    run += size.more.mixed * layers * std::max(0, Layers(rows).kinds_but_dense() - 1);
    return std::max(check, run);
}

}  // namespace nutshell::tools
