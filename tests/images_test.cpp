// SPDX-License-Identifier: MIT
// Folders of images, made here with stb_image_write or by hand (one JPEG is a fixture), and classes
// by subfolder.
#include "data_files.hpp"

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#include <stb/stb_image_write.h>

using namespace nutshell;
using namespace nutshell::tests;
using tools::load_data;

namespace {

void append(void* to, void* data, int size) {
    static_cast<std::string*>(to)->append(static_cast<const char*>(data),
                                          static_cast<size_t>(size));
}

std::string png(int width, int height, int channels, const std::vector<uint8_t>& pixels) {
    std::string bytes;
    REQUIRE(stbi_write_png_to_func(append, &bytes, width, height, channels, pixels.data(), 0) != 0);
    return bytes;
}

std::string bmp(int width, int height, const std::vector<uint8_t>& rgb) {
    std::string bytes;
    REQUIRE(stbi_write_bmp_to_func(append, &bytes, width, height, 3, rgb.data()) != 0);
    return bytes;
}

const std::vector<uint8_t> kRamp{0, 50, 100, 150, 200, 250};

std::string ramp_png() { return png(3, 2, 1, kRamp); }

/// One line, the image's path in front, then what is wrong with its bytes.
void check_refused_as_damaged(const TemporaryFolder& folder, const std::string& name) {
    const std::string message = refusal(folder.path());
    const bool says_what = message.find("cannot be decoded") != std::string::npos ||
                           message.find("cut short") != std::string::npos;
    CHECK_MESSAGE(message.find(folder.path(name)) == 0, message);
    CHECK_MESSAGE(says_what, message);
    CHECK_MESSAGE(message.find('\n') == std::string::npos, message);
}

}  // namespace

TEST_CASE("a folder of gray images is read in the order of names, whatever their formats") {
    const TemporaryFolder folder;
    folder.file("2.pgm", std::string("P5\n3 2\n255\n") + "abcdef");
    folder.file("1.PNG", ramp_png());
    folder.file("notes.txt", "no image, passed over");
    folder.file(".hidden.png", "passed over");
    const tools::Dataset data = load_data(folder.path()).train;
    CHECK(data.count == 2);
    CHECK(data.shape == Shape{2, 3, 1});
    CHECK(data.labels.empty());
    CHECK(data.bytes ==
          std::vector<uint8_t>{0, 50, 100, 150, 200, 250, 'a', 'b', 'c', 'd', 'e', 'f'});
}

TEST_CASE("RGB images keep three channels, and transparency is dropped") {
    const TemporaryFolder folder;
    folder.file("a.bmp", bmp(2, 1, {1, 2, 3, 4, 5, 6}));
    folder.file("b.png", png(2, 1, 4, {7, 8, 9, 255, 10, 11, 12, 0}));
    const tools::Dataset data = load_data(folder.path()).train;
    CHECK(data.shape == Shape{1, 2, 3});
    CHECK(data.bytes == std::vector<uint8_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
}

TEST_CASE("a gray JPEG made by another program is read") {
    const tools::Dataset data = load_data(NUTSHELL_TEST_DATA "/images").train;
    CHECK(data.shape == Shape{8, 8, 1});
    CHECK(data.bytes == std::vector<uint8_t>(64, 77));
}

TEST_CASE("subfolders are classes: numbers are labels, other names are counted in their order") {
    const TemporaryFolder digits;
    for (const char* name : {"7/a.png", "7/b.png", "10/a.png"}) digits.file(name, ramp_png());
    CHECK(load_data(digits.path()).train.labels == std::vector<int>{10, 7, 7});
    const TemporaryFolder animals;
    for (const char* name : {"dog/a.png", "cat/a.png", "owl/a.png"}) animals.file(name, ramp_png());
    const tools::Dataset data = load_data(animals.path()).train;
    CHECK(data.labels == std::vector<int>{0, 1, 2});
    CHECK(data.count == 3);
}

TEST_CASE("an image of another size or kind of color is refused by its name and both sizes") {
    const TemporaryFolder folder;
    folder.file("a.png", ramp_png());
    folder.file("b.png", png(2, 3, 1, kRamp));
    const std::string odd = folder.path("b.png");
    const std::string message = refusal(folder.path());
    CHECK_MESSAGE(message.find(odd + ": is 3x2x1") == 0, message);
    CHECK_MESSAGE(message.find("a.png is 2x3x1") != std::string::npos, message);
    folder.file("b.png", png(1, 2, 3, kRamp));
    CHECK(refusal(folder.path()).find(odd + ": is 2x1x3") == 0);
}

TEST_CASE("a file that is no image, or a damaged one, is refused by its name") {
    const TemporaryFolder folder;
    folder.file("a.png", ramp_png());
    const auto refused = [&](const std::string& bytes, const std::string& words) {
        const std::string odd = folder.file("b.png", bytes);
        const std::string message = refusal(folder.path());
        CHECK_MESSAGE(message.find(odd) == 0, message);
        CHECK_MESSAGE(message.find(words) != std::string::npos, message);
    };
    refused("hello", "cannot be decoded");
    refused("", "cannot be decoded");
}

TEST_CASE("PGM and PPM with comments and other ranges of values are read") {
    const TemporaryFolder folder;
    folder.file("a.pgm", std::string("P5 # a comment\n# 9 9\n2\t2\n3\n\0\1\2\7", 31));
    CHECK(load_data(folder.path()).train.bytes == std::vector<uint8_t>{0, 85, 170, 255});
    const TemporaryFolder color;
    color.file("a.ppm", "P6 2 1 255 abcdef");
    CHECK(load_data(color.path()).train.shape == Shape{1, 2, 3});
    CHECK(load_data(color.path()).train.bytes ==
          std::vector<uint8_t>{'a', 'b', 'c', 'd', 'e', 'f'});
}

TEST_CASE("images that lie, and formats that decoders were attacked through, are refused") {
    const TemporaryFolder folder;
    folder.file("a.png", ramp_png());
    const auto refused = [&](const std::string& what, const std::string& bytes) {
        const std::string odd = folder.file("b.png", bytes);
        INFO(what);
        const std::string message = refusal(folder.path());
        CHECK_MESSAGE(message.find(odd) == 0, message);
        CHECK_MESSAGE(message.find('\n') == std::string::npos, message);
    };
    const auto changed = [](std::string bytes, size_t at, const std::string& by) {
        return bytes.replace(at, by.size(), by);
    };
    const std::string whole = ramp_png(), zeros(4, '\0'), most(4, '\xff');
    // Signature, then the header chunk: its length at 8, name at 12, width, height, depth, kind of
    // color, compression, filter and interlacing from 16 on; the data's chunk at 33.
    refused("a header of another length", changed(whole, 8, std::string("\0\0\0\x0c", 4)));
    refused("no width", changed(whole, 16, zeros));
    refused("no height", changed(whole, 20, zeros));
    refused("a width of four billion", changed(whole, 16, most));
    refused("pixels of 3 bits", changed(whole, 24, "\3"));
    refused("a kind of color that is none", changed(whole, 25, "\5"));
    refused("a palette without its colors", changed(whole, 25, "\3"));
    refused("a compression that is none", changed(whole, 26, "\1"));
    refused("a filter that is none", changed(whole, 27, "\1"));
    refused("interlacing that is none", changed(whole, 28, "\2"));
    refused("data of four billion bytes", changed(whole, 33, most));
    refused("data in front of the header", whole.substr(0, 8) + whole.substr(33));
    refused("more pixels than the data holds", changed(whole, 20, std::string("\0\0\2\0", 4)));
    const std::string bitmap = bmp(2, 1, {1, 2, 3, 4, 5, 6});
    // Where the pixels begin at 10, size of the header at 14, width, height, planes, depth.
    refused("pixels behind the end", changed(bitmap, 10, std::string("\xff\xff\xff\x7f", 4)));
    refused("a header of no size", changed(bitmap, 14, zeros));
    refused("the most negative height", changed(bitmap, 22, std::string("\0\0\0\x80", 4)));
    refused("pixels of no bits", changed(bitmap, 28, std::string("\0\0", 2)));
    refused("no pixels", bitmap.substr(0, 30));
    refused("a range of no values", "P5\n3 2\n0\nabcdef");
    refused("a range of a million values", "P5\n3 2\n1000000\nabcdef");
    refused("a negative width", "P5\n-3 2\n255\nabcdef");
    refused("a width that overflows", "P5\n4294967299 2\n255\nabcdef");
    refused("fewer pixels than promised", "P5\n3 2\n255\nabcde");
    const std::string photo = read_back(NUTSHELL_TEST_DATA "/images/gray77.jpg");
    refused("a photo of no size", changed(photo, photo.find("\xff\xc0") + 5, zeros));
    refused("GIF", "GIF89a" + std::string("\3\0\2\0\x80\0\0", 7) + std::string(40, '\0'));
    refused("PSD", "8BPS" + std::string("\0\1", 2) + std::string(40, '\0'));
    refused("radiance",
            "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 2 +X 3\n" + std::string(40, '\2'));
    refused("Softimage", std::string("\x53\x80\xf6\x34", 4) + std::string(84, '\0') + "PICT");
}

TEST_CASE("an image that is cut short anywhere is refused, never filled up") {
    const TemporaryFolder folder;
    const std::vector<std::string> whole{ramp_png(), bmp(5, 2, std::vector<uint8_t>(30, 7)),
                                         read_back(NUTSHELL_TEST_DATA "/images/gray77.jpg")};
    for (const std::string& image : whole) {
        const size_t step = image.size() < 200 ? 1 : 13;
        for (size_t missing = 1; missing <= image.size(); missing += step) {
            INFO(missing);
            folder.file("a.png", image.substr(0, image.size() - missing));
            check_refused_as_damaged(folder, "a.png");
        }
        folder.file("a.png", image);
        CHECK(load_data(folder.path()).train.count == 1);
    }
}

TEST_CASE("an image whose header promises a huge size is refused before anything is allocated") {
    const TemporaryFolder folder;
    folder.file("a.pgm", "P5\n16000000 16000000\n255\nabc");
    CHECK(refusal(folder.path()).find(folder.path("a.pgm")) == 0);
    folder.file("a.pgm", "P5\n4096 4096\n255\nabc");
    CHECK(refusal(folder.path()).find("4096x4096x1 values are too many") != std::string::npos);
}

TEST_CASE("an empty folder, a lone image and a mixed folder are refused with what to do") {
    const TemporaryFolder folder;
    check_refused(folder.path(), {"holds no IDX files", "no PNG"});
    const std::string lone = folder.file("a.png", ramp_png());
    check_refused(lone, {"is one image", "name the folder"});
    folder.file("cats/b.png", ramp_png());
    check_refused(folder.path(), {"images and also the folder", "cats"});
    const TemporaryFolder classes;
    std::filesystem::create_directory(classes.path("cats"));
    check_refused(classes.path(), {"cats", "no PNG", "class folder"});
}
