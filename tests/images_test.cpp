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
    const std::string whole = ramp_png();
    // The last 16 bytes are the data's check sum and the end mark, which the decoder can do
    // without.
    for (size_t size = 0; size + 16 < whole.size(); size++)
        refused(whole.substr(0, size), "cannot");
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
