// SPDX-License-Identifier: MIT
// What --data may name: the sample, fetched sets, folders and files; and the rows that come out.
// The sums of pixels were taken with zcat, od and awk; tests/data/README.md has the commands.
#include "tools/data/dataset.hpp"

#include <algorithm>
#include <numeric>

#include "data_files.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using tools::load_data;

namespace {

uint64_t sum_of(const std::vector<uint8_t>& bytes) {
    return std::accumulate(bytes.begin(), bytes.end(), uint64_t{0});
}

/// Sets an environment variable for one test and restores it.
class Environment {
  public:
    Environment(const char* name, const std::string& value) : name_(name) {
        const char* old = getenv(name);
        if (old != nullptr) old_ = old;
        had_ = old != nullptr;
        setenv(name, value.c_str(), 1);
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;
    ~Environment() { had_ ? setenv(name_, old_.c_str(), 1) : unsetenv(name_); }

  private:
    const char* name_;
    std::string old_;
    bool had_ = false;
};

/// One 1x2 image, labelled 4.
void put_small_mnist(const TemporaryFolder& folder, const std::string& name) {
    const std::string sides = big_endian_32(1) + big_endian_32(1) + big_endian_32(2);
    folder.file(name + "/train-images.idx3-ubyte", std::string("\0\0\x08\x03", 4) + sides + "ab");
    folder.file(name + "/train-labels.idx1-ubyte",
                std::string("\0\0\x08\x01", 4) + big_endian_32(1) + "\4");
}

tools::Dataset four_rows() {
    tools::Dataset data;
    data.name = "rows";
    data.count = 4;
    data.shape = flat(2);
    data.floats = {0, 1, 10, 11, 20, 21, 30, 31};
    data.labels = {5, 6, 7, 8};
    return data;
}

}  // namespace

TEST_CASE("the built-in sample is 5,000 and 1,000 real digits with their labels") {
    const tools::DataSource sample = load_data("sample");
    CHECK(sample.train.count == 5000);
    CHECK(sample.train.shape == Shape{28, 28, 1});
    CHECK(sample.train.is_image());
    CHECK(sample.train.labels.size() == 5000);
    CHECK(sample.train.labels[0] == 5);
    CHECK(sum_of(sample.train.bytes) == 130170281);  // a mean pixel of 0.130222
    CHECK(sample.test.count == 1000);
    CHECK(sample.test.labels[0] == 7);
    CHECK(sum_of(sample.test.bytes) == 24443134);
    // How often each digit occurs among the training labels.
    const int expected[10] = {479, 563, 488, 493, 535, 434, 501, 550, 462, 495};
    for (int digit = 0; digit < 10; digit++) {
        CAPTURE(digit);
        CHECK(std::count(sample.train.labels.begin(), sample.train.labels.end(), digit) ==
              expected[digit]);
    }
}

TEST_CASE("a folder of gzipped IDX files gives both parts with their labels") {
    const tools::DataSource files = load_data(NUTSHELL_TEST_DATA "/digits");
    const tools::DataSource sample = load_data("sample");
    CHECK(files.train.bytes == sample.train.bytes);
    CHECK(files.test.bytes == sample.test.bytes);
    CHECK(files.train.labels == sample.train.labels);
    CHECK(files.test.labels == sample.test.labels);
    CHECK(files.train.name == NUTSHELL_TEST_DATA "/digits");
}

TEST_CASE("mnist is looked for in NUTSHELL_DATA first and then in the user's cache folder") {
    const TemporaryFolder data;
    const TemporaryFolder cache;
    const Environment where("NUTSHELL_DATA", data.path());
    const Environment user("XDG_CACHE_HOME", cache.path());
    put_small_mnist(cache, "nutshell/mnist");
    const tools::DataSource cached = load_data("mnist");
    CHECK(cached.train.labels == std::vector<int>{4});
    CHECK(cached.train.name == "mnist");
    CHECK(cached.test.count == 0);
    put_small_mnist(data, "mnist");
    data.file("mnist/train-labels.idx1-ubyte",
              std::string("\0\0\x08\x01", 4) + big_endian_32(1) + "\x09");
    CHECK(load_data("mnist").train.labels == std::vector<int>{9});
}

TEST_CASE(
    "a data set that was not fetched is refused with where it was sought and what fetches it") {
    const TemporaryFolder data;
    const TemporaryFolder cache;
    const Environment where("NUTSHELL_DATA", data.path());
    const Environment user("XDG_CACHE_HOME", cache.path());
    const std::string message = refusal("mnist");
    for (const std::string& word :
         {data.path("mnist"), cache.path("nutshell/mnist"),
          std::string("tools/fetch_data.sh mnist"), std::string("--data sample")}) {
        CHECK_MESSAGE(message.find(word) != std::string::npos, message);
    }
}

TEST_CASE("a test part of another shape than the training part is refused") {
    const TemporaryFolder folder;
    put_small_mnist(folder, "digits");
    const std::string sides = big_endian_32(1) + big_endian_32(2) + big_endian_32(1);
    const std::string test =
        folder.file("digits/t10k-images-idx3-ubyte", std::string("\0\0\x08\x03", 4) + sides + "ab");
    const std::string message = refusal(folder.path("digits"));
    CHECK_MESSAGE(message.find(test + ": samples of 2x1x1") == 0, message);
}

TEST_CASE("an unknown kind of file is refused with the kinds there are") {
    const TemporaryFolder folder;
    check_refused(folder.file("x.parquet", "PAR1"), {"unknown kind of data", ".npy", ".csv"});
}

TEST_CASE("rows are copied in the order asked for") {
    const uint32_t indices[] = {2, 0, 2};
    float out[6];
    four_rows().copy_samples(indices, 3, out);
    const float expected[6] = {20, 21, 0, 1, 20, 21};
    for (int i = 0; i < 6; i++) CHECK(out[i] == expected[i]);
}

TEST_CASE("a slice has the rows and labels of its range and the same shape and name") {
    const tools::Dataset slice = four_rows().slice(1, 2);
    CHECK(slice.count == 2);
    CHECK(slice.name == "rows");
    CHECK(slice.shape == flat(2));
    CHECK(slice.floats == std::vector<float>{10, 11, 20, 21});
    CHECK(slice.labels == std::vector<int>{6, 7});
    CHECK(four_rows().slice(4, 0).count == 0);
}
