// SPDX-License-Identifier: MIT
// What is like this one, and was it seen before? A store of codes in the caller's memory: what an
// encoder makes of samples goes in, and the nearest of a query's code come out. Every search looks
// at all codes, by vectors of 16 side by side (kernels::squared_distances and its like): exact, and
// without an index to build.
//
//     using Store = CodeStore<int8_t>;
//     alignas(16) static uint8_t memory[Store::memory_bytes(24, 1000, Metric::squared_l2)];
//     Store store;
//     store.bind({24, 1000, Metric::squared_l2, encoder.model_id(), meaning}, memory, sizeof
//     memory); store.insert(code.data, id); float distance; store.novelty(code.data, distance);  //
//     far from all that is stored: never seen before
#pragma once
#include "int8.hpp"
#include "status.hpp"

namespace nutshell {

/// A code of which one bit a number is kept, 32 in a word, the first number in the lowest bit; bits
/// behind the last number are zero. Made by sign_bits().
struct SignBits {};

/// bits[(n + 31) / 32] of code[n]: whether a number is greater than its threshold. Thresholds that
/// halve the data, as medians do, tell most; null stands for zeros.
void sign_bits(int32_t n, const float* code, const float* thresholds, uint32_t* bits) noexcept;
void sign_bits(int32_t n, const int8_t* code, const int8_t* thresholds, uint32_t* bits) noexcept;

/// What is small between neighbours. Of sign bits, either is the number of bits that differ.
enum class Metric : uint8_t {
    squared_l2 = 0,  ///< the sum of squared differences
    cosine = 1,      ///< 1 - the cosine of the angle: 0..2; 1 where a code is all zero
};

/// A code that a search has found.
struct Match {
    uint32_t id;     ///< as it was inserted
    float distance;  ///< by the store's metric, of the values that int8 codes stand for
};

/// What a store is made for.
struct StoreSetup {
    int32_t size;      ///< numbers of a code, 1..kMostCodeNumbers
    int32_t capacity;  ///< codes, 1..kMostCodes
    Metric metric = Metric::squared_l2;
    uint32_t model_id = 0;                  ///< of the encoder (weights.hpp)
    Quantization quantization = {1.0f, 0};  ///< of int8 codes
};

/// What an image of a store (CodeStore::save) says of its codes.
struct StoredCodes {
    uint8_t numbers;  ///< 0: float, 1: int8_t, 2: SignBits
    int32_t size;     ///< numbers of a code
    int32_t count;    ///< codes
    uint32_t model_id;
    uint32_t insertions;
    Quantization quantization;
};

/// Checks an image at any address: truncated, bad_magic, bad_version, bad_checksum, or bad_header
/// for sizes out of range or a length that is not the image's.
Status read_stored(const uint8_t* image, size_t bytes, StoredCodes& stored) noexcept;

constexpr int32_t kMostCodeNumbers = kMostDistanceBytes, kMostCodes = 1 << 24;

namespace detail {

/// How the numbers of a code fill words of four bytes.
template <class Number>
struct CodeWords;
template <>
struct CodeWords<float> {
    using Element = float;
    static constexpr int32_t elements = 1, numbers = 1;  // of a word
    static constexpr uint8_t tag = 0;                    // in an image
};
template <>
struct CodeWords<int8_t> {
    using Element = int8_t;
    static constexpr int32_t elements = kGroupBytes, numbers = kGroupBytes;
    static constexpr uint8_t tag = 1;
};
template <>
struct CodeWords<SignBits> {
    using Element = uint32_t;
    static constexpr int32_t elements = 1, numbers = 32;
    static constexpr uint8_t tag = 2;
};

}  // namespace detail

/// A store of float, int8_t or SignBits codes. A value of this type is a view over the memory that
/// it was bound to, which it alone may change; searching changes nothing.
template <class Number>
class CodeStore {
    using Words = detail::CodeWords<Number>;

  public:
    using Element = typename Words::Element;

    /// Bytes of memory for so many codes of so many numbers.
    static constexpr size_t memory_bytes(int32_t size, int32_t capacity, Metric metric) noexcept {
        const size_t groups = static_cast<size_t>((capacity + kGroupCodes - 1) / kGroupCodes);
        const size_t per_code =
            static_cast<size_t>(words_of(size) + (metric == Metric::cosine ? 3 : 2));
        return groups * kGroupCodes * per_code * sizeof(uint32_t);
    }

    /// Takes the memory, aligned to 16 bytes, and begins with no codes. shape_mismatch for a size
    /// or capacity out of range, bad_quantization for a scale that is not positive.
    Status bind(const StoreSetup& setup, void* memory, size_t bytes) noexcept;

    int32_t count() const noexcept { return count_; }
    const StoreSetup& setup() const noexcept { return setup_; }

    /// Adds code[size]. full_store when there is no room, non_finite_input for NaN and infinity.
    /// Ids are the caller's; the store does not look whether one is there already.
    Status insert(const Element* code, uint32_t id) noexcept;

    /// The same in place of the oldest code where there is no room.
    Status insert_over_oldest(const Element* code, uint32_t id) noexcept;

    /// Removes the code that was inserted first (among 2^32 insertions), or a code of this id:
    /// empty_store, too_few_codes when there is none.
    Status evict_oldest() noexcept;
    Status evict(uint32_t id) noexcept;

    /// The k codes nearest to query[size]: matches[k], the nearest first, in the order of the store
    /// where distances are equal. empty_store, too_few_codes for k larger than count(),
    /// shape_mismatch for k below 1, non_finite_input.
    Status nearest(const Element* query, int32_t k, Match* matches) const noexcept;

    /// The distance from query[size] to the nearest code; infinite when the store is empty.
    Status novelty(const Element* query, float& distance) const noexcept;

    /// Bytes of what save() writes.
    size_t image_bytes() const noexcept { return image_bytes(words(), count_); }
    /// The codes as bytes that keep their meaning on any machine: image[image_bytes()].
    Status save(uint8_t* image, size_t capacity) const noexcept;
    /// Replaces all codes by those of an image, or changes nothing: what read_stored() returns,
    /// wrong_store for codes of another model, size, type or quantization, full_store for more than
    /// the capacity, non_finite_input.
    Status load(const uint8_t* image, size_t bytes) noexcept;

  private:
    static constexpr int32_t words_of(int32_t size) noexcept {
        return (size + Words::numbers - 1) / Words::numbers;
    }
    static constexpr size_t image_bytes(int32_t words, int32_t count) noexcept {
        return 32 + static_cast<size_t>(count) * (static_cast<size_t>(words) + 2) * 4 + 4;
    }
    int32_t words() const noexcept { return words_of(setup_.size); }
    uint8_t* word(int32_t slot, int32_t w) const noexcept;
    Status check(const Element* code) const noexcept;
    void put(int32_t slot, const Element* code) noexcept;
    void remove(int32_t slot) noexcept;
    int32_t oldest() const noexcept;
    float squared_norm(const Element* code) const noexcept;
    float squared_norm(int32_t slot) const noexcept;
    template <class Visit>
    void for_each_group(const Element* query, Visit visit) const noexcept;
    float distance_scale() const noexcept {  // of what the kernels give; cosines are as they are
        return norms_ ? 1.0f : setup_.quantization.scale * setup_.quantization.scale;
    }
    Status check_stored(const StoredCodes& stored) const noexcept;

    StoreSetup setup_{};
    uint8_t* codes_ = nullptr;  // [groups][words][kGroupCodes][4]
    uint32_t* ids_ = nullptr;   // [capacity, rounded up to whole groups], as the others
    uint32_t* ages_ = nullptr;  // insertions before this one
    float* norms_ = nullptr;    // squared; of a store by the cosine
    int32_t count_ = 0;
    uint32_t insertions_ = 0;
};

extern template class CodeStore<float>;
extern template class CodeStore<int8_t>;
extern template class CodeStore<SignBits>;

}  // namespace nutshell
