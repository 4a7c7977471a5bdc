// SPDX-License-Identifier: MIT
// npy arrays in and out. The files are written out here after NumPy's description of the format.
#include "tools/data/npy.hpp"

#include <climits>

#include "data_files.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using tools::load_data;

namespace {

/// A file of version 1.0 with this dictionary, padded as NumPy pads it.
std::string npy(const std::string& type, const std::string& fortran, const std::string& shape,
                const std::string& body) {
    std::string header =
        "{'descr': " + type + ", 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
    while ((10 + header.size() + 1) % 64 != 0) header += ' ';
    header += '\n';
    return std::string("\x93NUMPY\1\0", 8) + static_cast<char>(header.size()) + '\0' + header +
           body;
}

std::string array(const std::string& type, const std::string& shape, const std::string& body) {
    return npy("'" + type + "'", "False", shape, body);
}

const std::string kFloats("\0\0\xc0\x3f\0\0\x80\xbe", 8);  // 1.5, -0.25, little-endian

}  // namespace

TEST_CASE("npy arrays of uint8, float32 and float64 are read") {
    const TemporaryFolder folder;
    const tools::Dataset bytes =
        load_data(folder.file("u.npy", array("|u1", "(2, 3)", "abcdef"))).train;
    CHECK(bytes.count == 2);
    CHECK(bytes.shape == flat(3));
    CHECK(bytes.bytes == std::vector<uint8_t>{'a', 'b', 'c', 'd', 'e', 'f'});
    const std::vector<float> expected{1.5f, -0.25f};
    CHECK(load_data(folder.file("f.npy", array("<f4", "(1, 2)", kFloats))).train.floats ==
          expected);
    const std::string doubles("\0\0\0\0\0\0\xf8\x3f\0\0\0\0\0\0\xd0\xbf", 16);
    CHECK(load_data(folder.file("d.npy", array("<f8", "(2, 1)", doubles))).train.floats ==
          expected);
}

TEST_CASE(
    "npy arrays of int8 are read as numbers, and written with the bytes that np.save writes") {
    const TemporaryFolder folder;
    const std::string file = array("|i1", "(2, 2)", "\x80\xff\x01\x7f");
    const tools::Dataset read = load_data(folder.file("i.npy", file)).train;
    CHECK(read.int8);
    CHECK(read.floats == std::vector<float>{-128, -1, 1, 127});
    CHECK(read.slice(1, 1).int8);
    const int8_t codes[] = {-128, -1, 1, 127};
    tools::write_npy(folder.path("o.npy"), codes, 2, flat(2));
    CHECK(read_back(folder.path("o.npy")) == file);
}

TEST_CASE("npy arrays of rank 3 and 4 are images") {
    const TemporaryFolder folder;
    const std::string gray = array("|u1", "(1, 2, 3)", "abcdef");
    CHECK(load_data(folder.file("g.npy", gray)).train.shape == Shape{2, 3, 1});
    const std::string rgb = array("|u1", "(1, 1, 2, 3)", "abcdef");
    CHECK(load_data(folder.file("c.npy", rgb)).train.shape == Shape{1, 2, 3});
}

TEST_CASE("npy version 2.0, other spacing and files without the extension are read") {
    const TemporaryFolder folder;
    const std::string header = "{\"shape\":(1,2),\"fortran_order\":False,\"descr\":\"<f4\"}";
    const std::string file = std::string("\x93NUMPY\2\0", 8) + static_cast<char>(header.size()) +
                             std::string(3, '\0') + header + kFloats;
    CHECK(load_data(folder.file("array", file)).train.floats == std::vector<float>{1.5f, -0.25f});
}

TEST_CASE("a written npy file has the bytes that np.save writes") {
    const TemporaryFolder folder;
    const float rows[] = {1.5f, -0.25f};
    tools::write_npy(folder.path("y.npy"), rows, 1, flat(2));
    CHECK(read_back(folder.path("y.npy")) == array("<f4", "(1, 2)", kFloats));
    tools::write_npy(folder.path("y.npy"), rows, 1, Shape{2, 1, 1});
    CHECK(read_back(folder.path("y.npy")) == array("<f4", "(1, 2, 1)", kFloats));
    tools::write_npy(folder.path("y.npy"), rows, 1, Shape{1, 1, 2});
    CHECK(load_data(folder.path("y.npy")).train.shape == flat(2));
    const float image[12] = {};
    tools::write_npy(folder.path("y.npy"), image, 1, Shape{2, 2, 3});
    CHECK(load_data(folder.path("y.npy")).train.shape == Shape{2, 2, 3});
}

TEST_CASE("an npy file of another dtype is refused with the dtype and the way to save it") {
    const TemporaryFolder folder;
    for (const char* type : {"<f2", "<i4", "<i8", "|b1", "<c8", "<U3", "|O"}) {
        check_refused(folder.file("x.npy", array(type, "(1, 2)", kFloats)),
                      {std::string("dtype \"") + type + "\" cannot be read",
                       "np.ascontiguousarray(x, dtype=np.float32)"});
    }
    check_refused(folder.file("x.npy", npy("[('a', '<f4')]", "False", "(1, 2)", kFloats)),
                  {"structured dtype", "np.float32"});
}

TEST_CASE("a big-endian npy file is refused as such") {
    const TemporaryFolder folder;
    check_refused(folder.file("x.npy", array(">f4", "(1, 2)", kFloats)),
                  {"\">f4\" (big-endian)", "np.ascontiguousarray"});
}

TEST_CASE("an npy file in Fortran order is refused as such") {
    const TemporaryFolder folder;
    check_refused(folder.file("x.npy", npy("'<f4'", "True", "(1, 2)", kFloats)),
                  {"Fortran order", "np.ascontiguousarray(x, dtype=np.float32)"});
    check_refused(folder.file("x.npy", npy("'|u1'", "True", "(1, 2)", "ab")), {"dtype=np.uint8"});
}

TEST_CASE("an npy file cut anywhere is refused") {
    const TemporaryFolder folder;
    const std::string whole = array("<f4", "(1, 2)", kFloats);
    for (size_t size = 0; size < whole.size(); size++) {
        CAPTURE(size);
        const std::string path = folder.file("cut.npy", whole.substr(0, size));
        if (size < 8) {
            check_refused(path, {std::to_string(size) + " bytes are too few"});
        } else if (size < 128) {
            check_refused(path, {"header is cut short at byte " + std::to_string(size)});
        } else {
            check_refused(path, {"promises 1 samples of 2 (8 bytes)",
                                 std::to_string(size - 128) + " bytes follow"});
        }
    }
}

TEST_CASE("an npy header that promises more or less than the file holds is refused") {
    const TemporaryFolder folder;
    const auto refused = [&](const std::string& shape, const std::string& words) {
        check_refused(folder.file("x.npy", array("<f4", shape, kFloats)), {words});
    };
    refused("(1, 3)", "promises 1 samples of 3 (12 bytes), but 8 bytes follow");
    refused("(1, 1)", "promises 1 samples of 1 (4 bytes), but 8 bytes follow");
    refused("(2147483647, 1048576)", "promises 2147483647 samples");
    refused("(4294967296, 4294967296)", "dimension 1 of the npy header is 4294967296");
    refused("(1, 65536, 65536)", "samples of 65536x65536x1");
    refused("(99999999999999999999999, 1)", "cannot be understood at character");
    refused("(0, 2)", "dimension 1 of the npy header is 0");
}

TEST_CASE("an npy file that is none, of another version, rank or syntax is refused") {
    const TemporaryFolder folder;
    check_refused(folder.file("x.npy", "not an array"), {"magic bytes are missing"});
    std::string version = array("<f4", "(1, 2)", kFloats);
    version[6] = 3;
    check_refused(folder.file("x.npy", version), {"npy version 3.0 at byte 6"});
    check_refused(folder.file("x.npy", array("<f4", "(2,)", kFloats)), {"rank 1", "np.reshape"});
    check_refused(folder.file("x.npy", array("<f4", "()", kFloats)), {"rank 0"});
    check_refused(folder.file("x.npy", array("<f4", "(1, 1, 1, 1, 2)", kFloats)), {"rank 5"});
    check_refused(folder.file("x.npy", array("<f4", "(1, -2)", kFloats)),
                  {"cannot be understood at character 54"});
    check_refused(folder.file("x.npy", npy("'<f4'", "Maybe", "(1, 2)", kFloats)),
                  {"cannot be understood", "\"Maybe"});
    const std::string without = std::string("\x93NUMPY\1\0\x02\0{}", 12);
    check_refused(folder.file("x.npy", without), {"lacks descr"});
}

TEST_CASE("a number that is not finite in an npy file is refused with its sample and place") {
    const TemporaryFolder folder;
    const std::string nan("\0\0\xc0\x7f", 4);
    check_refused(folder.file("x.npy", array("<f4", "(2, 3)",
                                             std::string(16, '\0') + nan + std::string(4, '\0'))),
                  {"sample 1, value 1 ", "is NaN"});
    // 1e300 is finite as float64 but not as float32.
    const std::string huge("\x9c\x75\x00\x88\x3c\xe4\x37\x7e", 8);
    check_refused(folder.file("x.npy", array("<f8", "(1, 1)", huge)),
                  {"sample 0, value 0 ", "beyond float's range"});
}

TEST_CASE("an npy file is written whole or not at all") {
    const TemporaryFolder folder;
    const float rows[] = {1, 2};
    CHECK_THROWS_AS(tools::write_npy(folder.path("none/y.npy"), rows, 1, flat(2)), tools::Error);
    CHECK(folder.names().empty());
}

TEST_CASE("thousands of mutations of npy files are each refused or loaded whole") {
    const TemporaryFolder folder;
    CHECK(mutate(folder, "a.npy", array("<f4", "(1, 2)", kFloats), 3000) > 1000);
}
