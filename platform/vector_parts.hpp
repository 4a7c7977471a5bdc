// SPDX-License-Identifier: MIT
// Whole vectors and parts of one alike: the loads and stores of every float kernel over a vector
// type V (what V supplies stands in vector.hpp).
#pragma once
/// In front of a loop over an array of vectors: unrolled before gcc decides what lies in registers.
#define NUTSHELL_UNROLL _Pragma("GCC unroll 32")

namespace nutshell {

/// Elements of a vector that are there: all of them, known at compile time, or the first few.
template <class V>
struct Full {
    static constexpr int value() noexcept { return V::lanes; }
};
template <class V>
struct Part {
    int count;
    int value() const noexcept { return count; }
};

template <class V>
inline V load(const float* p, Full<V>) noexcept {
    return V::load(p);
}
template <class V>
inline V load(const float* p, Part<V> part) noexcept {
    return V::load_part(p, part.count);
}
template <class V>
inline void store(float* p, V v, Full<V>) noexcept {
    V::store(p, v);
}
template <class V>
inline void store(float* p, V v, Part<V> part) noexcept {
    V::store_part(p, v, part.count);
}

}  // namespace nutshell
