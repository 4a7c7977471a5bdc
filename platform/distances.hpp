// SPDX-License-Identifier: MIT
// Distances of a query to groups of kGroupCodes codes, once for every instruction set: the codes of
// a group lie side by side, so that a vector holds a number of several codes.
#pragma once
#include <string.h>

#include "nutshell/kernels.hpp"
#include "vector_parts.hpp"

namespace nutshell {

/// squared_distances over the vector type V. Groups go together as long as there are so many that
/// the latency of a sum is hidden.
template <class V, class Base>
class FloatDistances : public Base {
  public:
    static void squared_distances(int groups, int n, const float* query, const float* codes,
                                  float* distances) noexcept {
        constexpr int together = vectors < 4 ? 4 / vectors : 1;
        for (; groups >= together; groups -= together) {
            some<together>(n, query, codes, distances);
            codes += static_cast<ptrdiff_t>(together) * n * kGroupCodes;
            distances += together * kGroupCodes;
        }
        for (; groups > 0; groups--, distances += kGroupCodes) {
            some<1>(n, query, codes, distances);
            codes += static_cast<ptrdiff_t>(n) * kGroupCodes;
        }
    }

  private:
    static constexpr int vectors = kGroupCodes / V::lanes;  // of a group
    static_assert(vectors * V::lanes == kGroupCodes, "a group is whole vectors");

    template <int Groups>
    static void some(int n, const float* query, const float* codes, float* distances) noexcept {
        V sums[Groups * vectors];
        NUTSHELL_UNROLL
        for (int v = 0; v < Groups * vectors; v++) sums[v] = V::set(0.0f);
        for (int i = 0; i < n; i++, codes += kGroupCodes) {
            const V number = V::set(query[i]);
            NUTSHELL_UNROLL
            for (int v = 0; v < Groups * vectors; v++) {
                const ptrdiff_t group = static_cast<ptrdiff_t>(v / vectors) * n * kGroupCodes;
                const V off = number - V::load(codes + group + v % vectors * V::lanes);
                sums[v] = V::mul_add(off, off, sums[v]);
            }
        }
        NUTSHELL_UNROLL
        for (int v = 0; v < Groups * vectors; v++) V::store(distances + v * V::lanes, sums[v]);
    }
};

/// The distances of bytes over Squares, and those of bits over Ones: the sums of a group, which
/// begin with zero; add_squares(word, codes) takes the query's next kGroupBytes bytes,
/// add_ones(word, codes) its next 32 bits, and store(distances) ends either.
template <class Squares, class Ones, class Base>
class IntegerDistances : public Base {
  public:
    static void squared_distances_int8(int groups, int n, const int8_t* query, const int8_t* codes,
                                       int32_t* distances) noexcept {
        const int whole = n / kGroupBytes * kGroupBytes;
        uint32_t rest = 0;
        if (n > whole) memcpy(&rest, query + whole, static_cast<size_t>(n - whole));
        for (; groups > 0; groups--, distances += kGroupCodes) {
            Squares sums;
            for (int i = 0; i < whole; i += kGroupBytes, codes += word) {
                uint32_t bytes;
                memcpy(&bytes, query + i, sizeof bytes);
                sums.add_squares(bytes, codes);
            }
            if (n > whole) {
                sums.add_squares(rest, codes);
                codes += word;
            }
            sums.store(distances);
        }
    }

    static void hamming_distances(int groups, int words, const uint32_t* query,
                                  const uint32_t* codes, int32_t* distances) noexcept {
        for (; groups > 0; groups--, distances += kGroupCodes) {
            Ones sums;
            for (int i = 0; i < words; i++, codes += kGroupCodes) sums.add_ones(query[i], codes);
            sums.store(distances);
        }
    }

  private:
    static constexpr int word = kGroupCodes * kGroupBytes;  // bytes of it in all codes of a group
};

}  // namespace nutshell
