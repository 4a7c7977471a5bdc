// SPDX-License-Identifier: MIT
// IDX files, plain and gzipped: what is read from good ones, and how each kind of damage is named.
// The bytes of every file are written out here, after the format's description.
#include <zlib.h>

#include "data_files.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using tools::load_data;

namespace {

/// {0, 0, type, rank} and the sizes.
std::string idx_header(int type, const std::vector<uint32_t>& sides) {
    std::string bytes("\0\0", 2);
    bytes += {static_cast<char>(type), static_cast<char>(sides.size())};
    for (const uint32_t side : sides) bytes += big_endian_32(side);
    return bytes;
}

/// Two images of 2x3 unsigned bytes: 0, 10, ... 110.
std::string two_images() {
    std::string bytes = idx_header(0x08, {2, 2, 3});
    for (int i = 0; i < 12; i++) bytes += static_cast<char>(10 * i);
    return bytes;
}

std::string gzip(const std::string& bytes, int level = 9) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, level, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) ==
            Z_OK);
    std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

}  // namespace

TEST_CASE("IDX images of unsigned bytes are read as they are, and as fractions of 255") {
    const TemporaryFolder folder;
    const tools::Dataset data = load_data(folder.file("a-idx3-ubyte", two_images())).train;
    CHECK(data.count == 2);
    CHECK(data.shape == Shape{2, 3, 1});
    CHECK(data.is_image());
    CHECK(data.labels.empty());
    CHECK(data.bytes == std::vector<uint8_t>{0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110});
    float sample[6];
    data.copy_sample(1, sample);
    CHECK(sample[0] == 60.0f / 255.0f);
    CHECK(sample[5] == 110.0f / 255.0f);
}

TEST_CASE("a gzipped IDX file reads as the plain one, whatever its name and number of members") {
    const TemporaryFolder folder;
    const std::vector<uint8_t> plain = load_data(folder.file("idx", two_images())).train.bytes;
    CHECK(load_data(folder.file("a.gz", gzip(two_images()))).train.bytes == plain);
    CHECK(load_data(folder.file("unnamed", gzip(two_images()))).train.bytes == plain);
    const std::string parts = gzip(two_images().substr(0, 9)) + gzip(two_images().substr(9));
    CHECK(load_data(folder.file("members.gz", parts)).train.bytes == plain);
}

TEST_CASE("IDX of rank 2 is rows of features, and of rank 4 images with channels last") {
    const TemporaryFolder folder;
    const std::string rows = idx_header(0x08, {2, 3}) + "abcdef";
    const tools::Dataset flat_rows = load_data(folder.file("r-idx2", rows)).train;
    CHECK(flat_rows.shape == flat(3));
    CHECK(flat_rows.count == 2);
    CHECK_FALSE(flat_rows.is_image());
    const std::string rgb = idx_header(0x08, {1, 2, 2, 3}) + "abcdefghijkl";
    const tools::Dataset color = load_data(folder.file("r-idx4", rgb)).train;
    CHECK(color.shape == Shape{2, 2, 3});
    CHECK(color.bytes[3] == 'd');
}

TEST_CASE("IDX floats and integers of every width become floats, unscaled") {
    const TemporaryFolder folder;
    const auto floats = [&](int type, const std::string& body) {
        return load_data(folder.file("x-idx2", idx_header(type, {1, 2}) + body)).train.floats;
    };
    // 1.5 and -0.25, then integers, in big-endian two's complement or IEEE 754.
    CHECK(floats(0x0D, std::string("\x3f\xc0\0\0\xbe\x80\0\0", 8)) ==
          std::vector<float>{1.5f, -0.25f});
    CHECK(floats(0x0E, std::string("\x3f\xf8\0\0\0\0\0\0\xbf\xd0\0\0\0\0\0\0", 16)) ==
          std::vector<float>{1.5f, -0.25f});
    CHECK(floats(0x09, "\xff\x7f") == std::vector<float>{-1, 127});
    CHECK(floats(0x0B, "\xff\xfe\x01\x02") == std::vector<float>{-2, 258});
    CHECK(floats(0x0C, std::string("\xff\xff\xff\xfd\0\1\0\0", 8)) ==
          std::vector<float>{-3, 65536});
}

TEST_CASE("labels named as MNIST names them are found beside one IDX file of images") {
    const TemporaryFolder folder;
    const std::string images = folder.file("train-images-idx3-ubyte", two_images());
    folder.file("train-labels-idx1-ubyte", idx_header(0x08, {2}) + "\7\3");
    CHECK(load_data(images).train.labels == std::vector<int>{7, 3});
}

TEST_CASE("a missing, empty or special IDX file is refused by name") {
    const TemporaryFolder folder;
    check_refused(folder.path("gone-idx3-ubyte"), {"no such file", "--data takes"});
    check_refused(folder.file("empty-idx3-ubyte", ""), {"0 bytes are too few"});
    check_refused(folder.file("empty.gz", ""), {"0 bytes are too few"});
    check_refused("/dev/zero", {"not a regular file"});
}

TEST_CASE("an IDX file cut anywhere is refused, and the message says where it ends") {
    const TemporaryFolder folder;
    const std::string whole = two_images();
    for (size_t size = 0; size < whole.size(); size++) {
        CAPTURE(size);
        const std::string path = folder.file("cut-idx3-ubyte", whole.substr(0, size));
        if (size < 4) {
            check_refused(path, {std::to_string(size) + " bytes are too few"});
        } else if (size < 16) {
            check_refused(path, {"header is cut short at byte " + std::to_string(size) + " of 16"});
        } else {
            check_refused(path, {"promises 2 samples of 2x3x1 (12 bytes)",
                                 "ends after " + std::to_string(size - 16) + " (sample " +
                                     std::to_string((size - 16) / 6) + ")"});
        }
    }
}

TEST_CASE("a gzipped IDX file cut anywhere is refused") {
    const TemporaryFolder folder;
    const std::string whole = gzip(two_images());
    for (size_t size = 0; size < whole.size(); size++) {
        CAPTURE(size);
        check_refused(folder.file("cut.gz", whole.substr(0, size)),
                      {size < 2 ? "too few" : "the gzip data is cut short at byte"});
    }
}

TEST_CASE("damage inside a gzipped IDX file is noticed by its check sum") {
    const TemporaryFolder folder;
    std::string stored = gzip(two_images(), 0);  // level 0 keeps the bytes visible
    const size_t at = stored.find(static_cast<char>(110));
    REQUIRE(at != std::string::npos);
    stored[at] = 111;
    check_refused(folder.file("damaged.gz", stored), {"damaged gzip data near byte"});
}

TEST_CASE("a wrong IDX magic is shown") {
    const TemporaryFolder folder;
    std::string bytes = two_images();
    bytes[0] = 'P';
    check_refused(folder.file("a-idx3-ubyte", bytes), {"starts with 50 00 08 03"});
    bytes = two_images();
    bytes[2] = 0x0A;  // a type that IDX does not have
    check_refused(folder.file("b-idx3-ubyte", bytes), {"starts with 00 00 0a 03"});
    check_refused(folder.file("text.gz", gzip("label,a,b\n1,2,3\n")), {"starts with 6c 61 62 65"});
}

TEST_CASE("an IDX file of a wrong number of dimensions is refused") {
    const TemporaryFolder folder;
    check_refused(folder.file("a-idx0", idx_header(0x08, {})), {"byte 3", "rank 0"});
    check_refused(folder.file("a-idx5", idx_header(0x08, {1, 1, 1, 1, 1}) + "a"),
                  {"byte 3", "rank 5"});
    check_refused(folder.file("a-idx1", idx_header(0x08, {2}) + "ab"), {"holds labels (rank 1)"});
}

TEST_CASE("IDX dimensions that are zero or beyond any use are refused with their place") {
    const TemporaryFolder folder;
    const auto refused = [&](const std::vector<uint32_t>& sides, const char* place) {
        check_refused(folder.file("a-idx3-ubyte", idx_header(0x08, sides) + "abc"), {place});
        check_refused(folder.file("a.gz", gzip(idx_header(0x08, sides) + "abc")), {place});
    };
    refused({0, 28, 28}, "byte 4: dimension 1 of 3 is 0");
    refused({1, 0, 28}, "byte 8: dimension 2 of 3 is 0");
    refused({1, 28, 0xffffffff}, "byte 12: dimension 3 of 3 is 4294967295");
    refused({0x80000000, 28, 28}, "byte 4: dimension 1 of 3 is 2147483648");
    refused({1, 65536, 65536}, "byte 8: samples of 65536x65536x1");          // 2^32 values
    refused({1, 1048576, 1048576, 1048576}, "byte 8: samples of 1048576x");  // 2^60 values
}

TEST_CASE("an IDX header that promises more than the file holds allocates nothing of it") {
    const TemporaryFolder folder;
    // 2^31 - 1 samples of 2^20 doubles are 2^54 bytes: any attempt to allocate them fails loudly.
    const std::string header = idx_header(0x0E, {0x7fffffff, 1024, 1024});
    check_refused(folder.file("a-idx3", header + "abc"), {"promises 2147483647", "ends after 3"});
    check_refused(folder.file("a.gz", gzip(header + "abc")), {"promises", "more than 2 GiB"});
    const std::string modest = idx_header(0x08, {60000, 28, 28});
    check_refused(folder.file("b.gz", gzip(modest + std::string(2 * 784, 'a'))),
                  {"promises 60000 samples", "ends after 1568 (sample 2)"});
}

TEST_CASE("bytes after what an IDX header promises are refused, also those of a gzip bomb") {
    const TemporaryFolder folder;
    check_refused(folder.file("a-idx3-ubyte", two_images() + "x"),
                  {"more bytes follow from byte 28"});
    const std::string bomb = gzip(two_images() + std::string(16U << 20, '\0'));
    REQUIRE(bomb.size() < 20000);
    check_refused(folder.file("bomb.gz", bomb), {"more bytes follow from byte 28"});
    check_refused(folder.file("tail.gz", gzip(two_images()) + "garbage"), {"gzip data"});
}

TEST_CASE("labels that are fewer or more than the images, or no labels at all, are refused") {
    const TemporaryFolder folder;
    folder.file("train-images-idx3-ubyte", two_images());
    const auto refused = [&](const std::string& bytes, const std::string& words) {
        const std::string labels = folder.file("train-labels-idx1-ubyte", bytes);
        const std::string message = refusal(folder.path());
        CHECK(message.find(labels) != std::string::npos);
        CHECK_MESSAGE(message.find(words) != std::string::npos, message);
    };
    refused(idx_header(0x08, {1}) + "\7", "1 labels for the 2 samples of " + folder.path());
    refused(idx_header(0x08, {3}) + "\7\7\7", "3 labels for the 2 samples");
    refused(idx_header(0x08, {2}) + "\7", "promises 2 samples of 1 (2 bytes)");
    refused(idx_header(0x09, {2}) + "\7\xff", "label 1 is -1");
    refused(idx_header(0x0D, {2}) + "abcdefgh", "not a file of labels");
    refused(two_images(), "not a file of labels");
}

TEST_CASE("a number that is not finite in IDX floats is refused with its sample and place") {
    const TemporaryFolder folder;
    std::string bytes = idx_header(0x0D, {2, 2, 2}) + std::string(32, '\0');
    bytes.replace(16 + 4 * 6, 4, std::string("\x7f\xc0\0\0", 4));
    check_refused(folder.file("a-idx3", bytes), {"sample 1, row 1, column 0", "is NaN"});
    bytes.replace(16 + 4 * 1, 4, std::string("\xff\x80\0\0", 4));
    check_refused(folder.file("a-idx3", bytes), {"sample 0, row 0, column 1", "infinite"});
}

TEST_CASE("thousands of mutations of IDX files are each refused or loaded whole") {
    const TemporaryFolder folder;
    CHECK(mutate(folder, "a-idx3-ubyte", two_images(), 2000) > 1000);
    CHECK(mutate(folder, "a.gz", gzip(two_images()), 2000) > 1000);
}
