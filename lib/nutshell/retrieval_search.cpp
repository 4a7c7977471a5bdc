// SPDX-License-Identifier: MIT
#include <math.h>

#include "retrieval.hpp"

namespace nutshell {
namespace {

constexpr int32_t kGroupsTogether = 4;  // of a call of a kernel

/// The kernels, by the type of the query. (Those of bytes and of bits give integers.)
struct Distances {
    using Float = float[kGroupsTogether * kGroupCodes];
    using Integer = int32_t[kGroupsTogether * kGroupCodes];
};
void search(int groups, int32_t size, const float* query, const uint8_t* codes,
            Distances::Float& distances) noexcept {
    kernels::squared_distances(groups, size, query, reinterpret_cast<const float*>(codes),
                               distances);
}
void search(int groups, int32_t size, const int8_t* query, const uint8_t* codes,
            Distances::Integer& distances) noexcept {
    kernels::squared_distances_int8(groups, size, query, reinterpret_cast<const int8_t*>(codes),
                                    distances);
}
void search(int groups, int32_t size, const uint32_t* query, const uint8_t* codes,
            Distances::Integer& distances) noexcept {
    kernels::hamming_distances(groups, (size + 31) / 32, query,
                               reinterpret_cast<const uint32_t*>(codes), distances);
}
template <class Element>
struct DistancesOf {
    using type = Distances::Integer;
};
template <>
struct DistancesOf<float> {
    using type = Distances::Float;
};

/// The distance that no code is at.
constexpr float nowhere(float) noexcept { return __builtin_inff(); }
constexpr int32_t nowhere(int32_t) noexcept { return INT32_MAX; }

/// A limit as numbers of distances' type: what is below it is below this, too.
constexpr float limit_as(float limit, float) noexcept { return limit; }
constexpr int32_t limit_as(float limit, int32_t) noexcept {
    return limit < 2147483648.0f ? static_cast<int32_t>(limit) : INT32_MAX;
}

/// Whether a match comes behind another one. While a search runs, ids are places in the store.
bool behind(const Match& a, const Match& b) noexcept {
    return a.distance > b.distance || (a.distance == b.distance && a.id > b.id);
}

/// heap[n] has the last match first again, once the one at `i` is replaced by a nearer one.
void sift(Match* heap, int32_t n, int32_t i) noexcept {
    const Match match = heap[i];
    for (int32_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && behind(heap[child + 1], heap[child])) child++;
        if (!behind(heap[child], match)) break;
        heap[i] = heap[child];
    }
    heap[i] = match;
}

/// Whether one of a group's distances is below a limit: without branches, for the compiler's sake.
template <class Distance>
bool any_below(const Distance* distances, Distance limit) noexcept {
    int32_t below = 0;
    for (int32_t i = 0; i < kGroupCodes; i++) below |= distances[i] < limit ? 1 : 0;
    return below != 0;
}

/// |a - b|^2 = |a|^2 + |b|^2 - 2 |a| |b| cos: exact for integers, and for floats as good as the sum
/// of the three is to the product of the norms.
template <class Distance>
void to_cosines(int32_t n, float norm, const float* norms, const Distance* distances,
                float* values) noexcept {
    const float root = sqrtf(norm);
    for (int32_t i = 0; i < n; i++) {
        const float product = root * sqrtf(norms[i]);
        const float twice = norm + norms[i] - static_cast<float>(distances[i]);
        const float cosine = product > 0.0f ? 0.5f * twice / product : 0.0f;
        values[i] = cosine >= 1.0f ? 0.0f : 1.0f - cosine;
    }
}

/// visit(first slot, distances) for each group of the distances[there] in room for all groups.
template <class Distance, size_t Room, class Visit>
void visit_groups(int32_t first, int32_t there, Distance (&distances)[Room],
                  Visit& visit) noexcept {
    for (size_t i = static_cast<size_t>(there); i < Room; i++) distances[i] = nowhere(Distance{});
    for (int32_t i = 0; i < there; i += kGroupCodes) visit(first + i, distances + i);
}

}  // namespace

/// visit(first slot, distances) for every group of codes, in the order of the store, where the
/// kernel left them: floats or integers, times distance_scale(). Slots that hold no code are
/// nowhere.
template <class Number>
template <class Visit>
void CodeStore<Number>::for_each_group(const Element* query, Visit visit) const noexcept {
    constexpr int32_t together = kGroupsTogether * kGroupCodes;
    const float norm = squared_norm(query);
    typename DistancesOf<Element>::type distances;
    for (int32_t first = 0; first < count_; first += together) {
        const int32_t there = count_ - first < together ? count_ - first : together;
        search((there + kGroupCodes - 1) / kGroupCodes, setup_.size, query, word(first, 0),
               distances);
        if (norms_) {
            float cosines[together];
            to_cosines(there, norm, norms_ + first, distances, cosines);
            visit_groups(first, there, cosines, visit);
        } else {
            visit_groups(first, there, distances, visit);
        }
    }
}

template <class Number>
Status CodeStore<Number>::nearest(const Element* query, int32_t k, Match* matches) const noexcept {
    const Status status = check(query);
    if (status != Status::ok) return status;
    if (!matches) return Status::null_argument;
    if (k < 1) return Status::shape_mismatch;
    if (count_ == 0) return Status::empty_store;
    if (k > count_) return Status::too_few_codes;
    // A heap of the k best so far, the last of them first.
    int32_t held = 0;
    for_each_group(query, [&](int32_t first, const auto* distances) noexcept {
        if (held == k && !any_below(distances, limit_as(matches[0].distance, *distances))) return;
        for (int32_t i = 0; i < kGroupCodes && first + i < count_; i++) {
            const Match match{static_cast<uint32_t>(first + i), static_cast<float>(distances[i])};
            if (held < k) {
                matches[held++] = match;
                for (int32_t at = k / 2 - 1; held == k && at >= 0; at--) sift(matches, k, at);
            } else if (match.distance < matches[0].distance) {
                matches[0] = match;
                sift(matches, k, 0);
            }
        }
    });
    for (int32_t n = k - 1; n > 0; n--) {
        const Match last = matches[0];
        matches[0] = matches[n];
        matches[n] = last;
        sift(matches, n, 0);
    }
    const float scale = distance_scale();
    for (int32_t i = 0; i < k; i++) matches[i] = {ids_[matches[i].id], matches[i].distance * scale};
    return Status::ok;
}

template <class Number>
Status CodeStore<Number>::novelty(const Element* query, float& distance) const noexcept {
    const Status status = check(query);
    if (status != Status::ok) return status;
    float least = __builtin_inff();
    for_each_group(query, [&](int32_t, const auto* distances) noexcept {
        auto nearest = distances[0];
        for (int32_t i = 1; i < kGroupCodes; i++) {
            nearest = distances[i] < nearest ? distances[i] : nearest;
        }
        least = static_cast<float>(nearest) < least ? static_cast<float>(nearest) : least;
    });
    distance = least * distance_scale();
    return Status::ok;
}

template Status CodeStore<float>::nearest(const Element* query, int32_t k,
                                          Match* matches) const noexcept;
template Status CodeStore<float>::novelty(const Element* query, float& distance) const noexcept;
template Status CodeStore<int8_t>::nearest(const Element* query, int32_t k,
                                           Match* matches) const noexcept;
template Status CodeStore<int8_t>::novelty(const Element* query, float& distance) const noexcept;
template Status CodeStore<SignBits>::nearest(const Element* query, int32_t k,
                                             Match* matches) const noexcept;
template Status CodeStore<SignBits>::novelty(const Element* query, float& distance) const noexcept;

}  // namespace nutshell
