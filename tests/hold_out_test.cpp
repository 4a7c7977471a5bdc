// SPDX-License-Identifier: MIT
// A test set for data that comes without one: every sample goes to exactly one side.
#include "tools/training/hold_out.hpp"

#include <doctest/doctest.h>

#include <set>

#include "tools/error.hpp"

using namespace nutshell;
using tools::take_validation_set;
using tools::with_test_set;

namespace {

/// Samples {i, i + 0.5} with label i.
tools::DataSource numbered(int count) {
    tools::DataSource source;
    source.train.name = "numbers";
    source.train.count = count;
    source.train.shape = flat(2);
    for (int i = 0; i < count; i++) {
        source.train.floats.push_back(static_cast<float>(i));
        source.train.floats.push_back(static_cast<float>(i) + 0.5f);
        source.train.labels.push_back(i);
    }
    return source;
}

}  // namespace

TEST_CASE("every sample is on one side, whole and with its label") {
    const tools::DataSource split = with_test_set(numbered(100), 0.1, 1);
    CHECK(split.test.count == 10);
    CHECK(split.train.count == 90);
    std::set<int> seen;
    for (const tools::Dataset* side : {&split.train, &split.test}) {
        CHECK(side->shape == flat(2));
        CHECK(side->floats.size() == static_cast<size_t>(side->count) * 2);
        for (int i = 0; i < side->count; i++) {
            float sample[2];
            side->copy_sample(i, sample);
            const int label = side->labels[static_cast<size_t>(i)];
            CHECK(sample[0] == static_cast<float>(label));
            CHECK(sample[1] == static_cast<float>(label) + 0.5f);
            seen.insert(label);
        }
    }
    CHECK(seen.size() == 100);
    CHECK(split.test.name == "numbers (held out)");
}

TEST_CASE("the seed chooses who is held out") {
    const std::vector<int> first = with_test_set(numbered(100), 0.2, 1).test.labels;
    CHECK(with_test_set(numbered(100), 0.2, 1).test.labels == first);
    CHECK(with_test_set(numbered(100), 0.2, 2).test.labels != first);
}

TEST_CASE("bytes are split as floats are") {
    tools::DataSource source;
    source.train.count = 20;
    source.train.shape = {1, 1, 1};
    for (uint8_t i = 0; i < 20; i++) source.train.bytes.push_back(i);
    const tools::DataSource split = with_test_set(source, 0.25, 1);
    std::multiset<uint8_t> all(split.train.bytes.begin(), split.train.bytes.end());
    all.insert(split.test.bytes.begin(), split.test.bytes.end());
    CHECK(split.test.bytes.size() == 5);
    CHECK(all == std::multiset<uint8_t>(source.train.bytes.begin(), source.train.bytes.end()));
}

TEST_CASE("a source with a test set keeps it, and nothing is held out when nothing is asked for") {
    tools::DataSource source = numbered(30);
    source.test = numbered(3).train;
    CHECK(with_test_set(source, 0.5, 1).train.count == 30);
    CHECK(with_test_set(source, 0.5, 1).test.count == 3);
    CHECK(with_test_set(numbered(30), 0.0, 1).test.count == 0);
    CHECK(with_test_set(numbered(5), 0.1, 1).test.count == 0);  // less than one sample
}

TEST_CASE("a validation set is a part of the training set that the seed chooses, and no test set") {
    const tools::DataSource split = with_test_set(numbered(100), 0.1, 1);
    tools::Dataset train = split.train;
    const tools::Dataset validation = take_validation_set(train, 0.2, 1);
    CHECK(validation.count == 18);
    CHECK(train.count == 72);
    CHECK(validation.name == "numbers (validation)");
    std::set<int> seen(split.test.labels.begin(), split.test.labels.end());
    seen.insert(train.labels.begin(), train.labels.end());
    seen.insert(validation.labels.begin(), validation.labels.end());
    CHECK(seen.size() == 100);
    tools::Dataset again = split.train, other = split.train;
    CHECK(take_validation_set(again, 0.2, 1).labels == validation.labels);
    CHECK(take_validation_set(other, 0.2, 2).labels != validation.labels);
    CHECK(take_validation_set(again, 0, 1).count == 0);
    tools::Dataset few = numbered(5).train;
    CHECK_THROWS_AS((void)take_validation_set(few, 0.1, 1), tools::Error);
}
