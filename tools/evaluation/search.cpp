// SPDX-License-Identifier: MIT
#include "search.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "evaluate.hpp"
#include "tools/error.hpp"
#include "tools/progress.hpp"

namespace nutshell::tools {
namespace {

/// A store with memory of its own.
template <class Number>
class Store {
  public:
    Store(const StoreSetup& setup)
        : bytes_(CodeStore<Number>::memory_bytes(setup.size, setup.capacity, setup.metric)),
          memory_(bytes_ / sizeof(Unit) + 1) {
        require(codes.bind(setup, memory_.data(), bytes_));
    }
    static void require(Status status) {
        if (status != Status::ok) throw Error(std::string("codes: ") + to_string(status));
    }

    CodeStore<Number> codes;

  private:
    struct alignas(64) Unit {
        char at[64];
    };
    size_t bytes_;
    std::vector<Unit> memory_;
};

/// Row i of codes as a store's elements.
template <class Number>
class Rows;
template <>
class Rows<float> {
  public:
    Rows(const Codes& codes, const Codes&) : codes_(codes) {}
    const float* row(int i) {
        return codes_.values.data() + static_cast<ptrdiff_t>(i) * codes_.size;
    }

  private:
    const Codes& codes_;
};
template <>
class Rows<int8_t> {
  public:
    Rows(const Codes& codes, const Codes& index)
        : codes_(codes), meaning_(index.quantization), row_(static_cast<size_t>(codes.size)) {}
    const int8_t* row(int i) {
        quantize_values(codes_.values.data() + static_cast<ptrdiff_t>(i) * codes_.size, codes_.size,
                        meaning_, row_.data());
        return row_.data();
    }

  private:
    const Codes& codes_;
    Quantization meaning_;
    std::vector<int8_t> row_;
};
template <>
class Rows<SignBits> {
  public:
    Rows(const Codes& codes, const Codes& index)
        : codes_(codes),
          medians_(index.medians),
          row_((static_cast<size_t>(codes.size) + 31) / 32) {}
    const uint32_t* row(int i) {
        sign_bits(codes_.size, codes_.values.data() + static_cast<ptrdiff_t>(i) * codes_.size,
                  medians_.data(), row_.data());
        return row_.data();
    }

  private:
    const Codes& codes_;
    const std::vector<float>& medians_;
    std::vector<uint32_t> row_;
};

/// Calls use(a number of the kind's type).
template <class Use>
auto with_numbers_of(CodeKind kind, Use use) {
    switch (kind) {
        case CodeKind::int8:
            return use(int8_t{});
        case CodeKind::bits:
            return use(SignBits{});
        case CodeKind::float32:
            break;
    }
    return use(float{});
}

StoreSetup setup_of(const Codes& codes, CodeKind kind, Metric metric, int capacity) {
    const Quantization values{1.0f, 0};
    return {codes.size, capacity, metric, codes.model_id,
            kind == CodeKind::int8 ? codes.quantization : values};
}

template <class Number>
void fill(CodeStore<Number>& store, const Codes& index) {
    Rows<Number> rows(index, index);
    for (int i = 0; i < index.count; i++) {
        Store<Number>::require(store.insert(rows.row(i), static_cast<uint32_t>(i)));
    }
}

void require_enough(int there, int k) {
    if (k <= there) return;
    throw Error("--k " + std::to_string(k) + ": there are only " + std::to_string(there) +
                " codes to find; index more samples or ask for fewer neighbours");
}

template <class Number>
Neighbours find(const CodeStore<Number>& store, const Codes& queries, const Codes& index, int k,
                bool itself) {
    require_enough(store.count() - (itself ? 1 : 0), k);
    Neighbours found;
    found.k = k;
    const int wanted = k + (itself ? 1 : 0);
    std::vector<Match> matches(static_cast<size_t>(wanted));
    Rows<Number> rows(queries, index);
    Progress progress("search", 0, queries.count);
    for (int i = 0; i < queries.count; i++) {
        Store<Number>::require(store.nearest(rows.row(i), wanted, matches.data()));
        const uint32_t own = static_cast<uint32_t>(i);
        int kept = 0;
        for (const Match& match : matches) {
            if ((itself && match.id == own) || kept == k) continue;
            found.matches.push_back(match);
            kept++;
        }
        if (i % 64 == 0) progress.update(1, i, std::nan(""));
    }
    return found;
}

std::vector<float> medians_of(const std::vector<float>& values, int count, int size) {
    std::vector<float> medians, column(static_cast<size_t>(count));
    for (int number = 0; number < size; number++) {
        for (int i = 0; i < count; i++) {
            column[static_cast<size_t>(i)] =
                values[static_cast<size_t>(i) * static_cast<size_t>(size) +
                       static_cast<size_t>(number)];
        }
        const auto middle = column.begin() + count / 2;
        std::nth_element(column.begin(), middle, column.end());
        medians.push_back(*middle);
    }
    return medians;
}

/// One scale for all numbers, over the whole range that they take and zero.
Quantization quantization_over(const std::vector<float>& values) {
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    const float low = std::min(0.0f, *least), high = std::max(0.0f, *most);
    if (low == high) return {1.0f, 0};
    const float scale = (high - low) / 255.0f;
    return {scale, static_cast<int8_t>(std::lround(-128.0f - low / scale))};
}

}  // namespace

const char* name_of(CodeKind kind) {
    constexpr const char* names[] = {"float32", "int8", "sign bits"};
    return names[static_cast<int>(kind)];
}

Codes codes_of(std::vector<float> values, int size) {
    Codes codes;
    codes.size = size;
    codes.count = static_cast<int>(values.size() / static_cast<size_t>(size));
    codes.values = std::move(values);
    if (codes.count == 0) return codes;
    codes.quantization = quantization_over(codes.values);
    codes.medians = medians_of(codes.values, codes.count, size);
    return codes;
}

Codes encode_all(const AnyGraph& any, const Dataset& data) {
    return std::visit(
        [&](const auto& graph) {
            const LayerRange encoder = graph.range(Part::encoder);
            Codes codes = codes_of(run_all(graph, Part::encoder, data), graph.output_size(encoder));
            codes.model_id = graph.model_id;
            if constexpr (std::is_same_v<std::decay_t<decltype(graph)>, Int8Graph>) {
                codes.quantization = graph.output(encoder);
            }
            return codes;
        },
        any);
}

Neighbours search(const Codes& index, const Codes& queries, CodeKind kind, Metric metric, int k,
                  bool itself) {
    if (index.count == 0) throw Error("the index is empty; give --data with samples");
    return with_numbers_of(kind, [&](auto number) {
        using Number = decltype(number);
        Store<Number> store(setup_of(index, kind, metric, index.count));
        fill(store.codes, index);
        return find(store.codes, queries, index, k, itself);
    });
}

std::vector<uint8_t> index_image(const Codes& index, CodeKind kind) {
    if (index.count == 0) throw Error("the index is empty; give --data with samples");
    return with_numbers_of(kind, [&](auto number) {
        using Number = decltype(number);
        Store<Number> store(setup_of(index, kind, Metric::squared_l2, index.count));
        fill(store.codes, index);
        std::vector<uint8_t> image(store.codes.image_bytes());
        Store<Number>::require(store.codes.save(image.data(), image.size()));
        return image;
    });
}

Neighbours search_image(const std::vector<uint8_t>& image, const std::string& path,
                        const Codes& queries, Metric metric, int k, CodeKind& kind) {
    StoredCodes stored{};
    Status status = read_stored(image.data(), image.size(), stored);
    if (status == Status::bad_magic) throw Error(path + ": is no index; make one with --save");
    if (status != Status::ok) throw Error(path + ": " + to_string(status));
    if (stored.size != queries.size || stored.model_id != queries.model_id) {
        throw Error(path + ": is an index of another model; make one of this model with --save");
    }
    kind = static_cast<CodeKind>(stored.numbers);
    if (kind == CodeKind::bits) {
        throw Error(path + ": holds sign bits without their thresholds; save float32 or int8");
    }
    return with_numbers_of(kind, [&](auto number) {
        using Number = decltype(number);
        Codes index = queries;
        index.quantization = stored.quantization;
        Store<Number> store(setup_of(index, kind, metric, std::max(stored.count, 1)));
        status = store.codes.load(image.data(), image.size());
        if (status != Status::ok) throw Error(path + ": " + to_string(status));
        if (store.codes.count() == 0) throw Error(path + ": the index is empty");
        return find(store.codes, queries, index, k, false);
    });
}

LabelScores score_labels(const Neighbours& found, const std::vector<int>& index_labels,
                         const std::vector<int>& query_labels) {
    const int voters = std::min(found.k, 5);
    double same = 0, right = 0;
    for (size_t query = 0; query < query_labels.size(); query++) {
        std::map<int, int> votes;
        int winner = -1;
        const Match* const matches = found.matches.data() + query * static_cast<size_t>(found.k);
        for (int i = 0; i < found.k; i++) {
            const int label = index_labels[matches[i].id];
            if (label == query_labels[query]) same++;
            if (i < voters) votes[label]++;
        }
        for (int i = 0; i < voters; i++) {  // in the order of distance: the nearest wins a tie
            const int label = index_labels[matches[i].id];
            if (winner < 0 || votes[label] > votes[winner]) winner = label;
        }
        if (winner == query_labels[query]) right++;
    }
    const double queries = static_cast<double>(query_labels.size());
    return {same / queries / found.k, right / queries};
}

}  // namespace nutshell::tools
