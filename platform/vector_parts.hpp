// SPDX-License-Identifier: MIT
// How the float kernels go over an array: whole vectors first, then the elements that are left.
// The rest has the same code as the whole vectors, with loads and stores that know its length (what
// the vector type V supplies stands in vector.hpp).
#pragma once
#include <stddef.h>

#include "pair.hpp"

/// In front of a loop over an array of vectors: unrolled before gcc decides what lies in registers.
#define NUTSHELL_UNROLL _Pragma("GCC unroll 32")

namespace nutshell {

/// Elements of a vector (or of a Pair of them) that are there: all, or the first few.
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

/// body(i, part) for all of 0..n-1, a vector at a time.
template <class V, class Body>
inline void for_each(int n, Body body) noexcept {
    int i = 0;
    for (; i + V::lanes <= n; i += V::lanes) body(i, Full<V>{});
    if constexpr (V::lanes > 1) {
        if (i < n) body(i, Part<V>{n - i});
    }
}

/// The same, V::together vectors in lockstep as long as there are so many.
template <class V, class Body>
inline void for_each_together(int n, Body body) noexcept {
    using Together = typename Lockstep<V, V::together>::Type;
    int i = 0;
    if constexpr (V::together > 1) {
        for (; i + Together::lanes <= n; i += Together::lanes) body(i, Full<Together>{});
    }
    for (; i + V::lanes <= n; i += V::lanes) body(i, Full<V>{});
    if constexpr (V::lanes > 1) {
        if (i < n) body(i, Part<V>{n - i});
    }
}

}  // namespace nutshell
