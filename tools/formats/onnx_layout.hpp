// SPDX-License-Identifier: MIT
// ONNX counts the values of an image channel after channel, layers here pixel after pixel. What an
// operation does to the order is settled here: a Transpose moves nothing, a weight that reads or
// makes values which lie in another order is reordered itself.
#pragma once
#include <cstdint>
#include <vector>

#include "source_model.hpp"

namespace nutshell::tools {

class OnnxLayout {
  public:
    /// `source` is the model in the making; its layers are reordered when that is needed.
    explicit OnnxLayout(SourceModel& source) : source_(source) {}

    /// The sides of a sample of the input, or none when they are not known.
    void start(const std::vector<int64_t>& sides);

    /// The sides of a sample here, as the file has them; none: not known.
    const std::vector<int64_t>& sides() const { return shown_; }
    /// Values of a sample, 0: not known.
    size_t size() const;

    /// The sample as an image [height][width][channels], of a file's [channels][height][width] or,
    /// one pixel high, [channels][width]; its values lie so from then on. Throws Error naming the
    /// layer where they cannot.
    Shape image(const SourceLayer& layer);

    /// Behind an operation that made images of the same rank, or a vector of so many values.
    void set_image(Shape shape);
    void set_vector(size_t size);

    /// Throws Error naming the layer when the sides have another number of values.
    void reshape(const SourceLayer& layer, const std::vector<int64_t>& sides);
    /// order[i]: which side of the sample becomes side i. Throws Error when it is no order of them.
    void transpose(const SourceLayer& layer, const std::vector<int64_t>& order);

    /// Zeros that a Pad puts around the image, for the operation behind it: [top, left, bottom,
    /// right]. take_zeros() gives none, or all of them, once.
    void put_zeros(const std::vector<int64_t>& zeros) { zeros_ = zeros; }
    std::vector<int64_t> take_zeros();
    bool has_zeros() const { return !zeros_.empty(); }

    /// For each value as it lies here, its index in the file's order; empty where they are equal.
    std::vector<size_t> order() const;

    /// Notes where the model's output lies in another order than the file's. Throws Error for zeros
    /// that nothing has taken.
    void end();

  private:
    bool in_order() const;
    void move(const SourceLayer& layer, const std::vector<size_t>& order);

    SourceModel& source_;
    std::vector<int64_t> shown_;  ///< what the file sees
    std::vector<int64_t> sides_;  ///< what the values' places are known by: shown_, or what it was
                                  ///< before reshapes
    std::vector<int64_t> zeros_;
    std::vector<size_t> axes_;  ///< the sides in the order in which values lie here
};

}  // namespace nutshell::tools
