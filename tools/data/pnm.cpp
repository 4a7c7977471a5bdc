// SPDX-License-Identifier: MIT
// Binary PGM and PPM images (P5 and P6) of up to 8 bits: a header of three numbers, then the
// pixels. By hand, since stb_image takes a cut file for a whole one and makes pixels of what lies
// in memory.
#include "readers.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

class Header {
  public:
    Header(ByteView file, const std::string& path) : file_(file), path_(path) {}

    /// The next number, behind spaces and comments; refuses one over `most`.
    int32_t number(const char* what, int32_t most) {
        while (at_ < file_.size && (is_space(file_.data[at_]) || file_.data[at_] == '#')) {
            const bool comment = file_.data[at_++] == '#';
            while (comment && at_ < file_.size && file_.data[at_] != '\n') at_++;
        }
        int64_t value = 0;
        const size_t first = at_;
        for (; at_ < file_.size && file_.data[at_] >= '0' && file_.data[at_] <= '9'; at_++) {
            if (value <= most) value = value * 10 + (file_.data[at_] - '0');
        }
        if (at_ == first || value < 1 || value > most) {
            throw Error(path_ + ": cannot be decoded: its " + what + " at byte " +
                        std::to_string(first) + " is not from 1 to " + std::to_string(most));
        }
        return static_cast<int32_t>(value);
    }

    /// Where the pixels begin: behind one space.
    size_t end() const { return at_ + 1; }

  private:
    ByteView file_;
    const std::string& path_;
    size_t at_ = 2;
};

}  // namespace

bool is_pnm(ByteView file) {
    return file.size > 2 && file.data[0] == 'P' && (file.data[1] == '5' || file.data[1] == '6') &&
           is_space(file.data[2]);
}

DecodedImage decode_pnm(ByteView file, const std::string& path) {
    Header header(file, path);
    DecodedImage image;
    image.shape.channels = file.data[1] == '5' ? 1 : 3;
    image.shape.width = header.number("width", kMaxSize);
    image.shape.height = header.number("height", kMaxSize);
    if (!image.shape.valid()) {
        throw Error(path + ": " + shape_text(image.shape) + " values are too many; at most " +
                    std::to_string(kMaxSize) + " are possible");
    }
    const int32_t brightest = header.number("brightest value", 255);
    const auto size = static_cast<size_t>(image.shape.size());
    if (header.end() > file.size || file.size - header.end() < size) {
        throw Error(path + ": cannot be decoded: it is cut short, " + shape_text(image.shape) +
                    " values do not follow its header; get the file again");
    }
    const uint8_t* pixels = file.data + header.end();
    image.pixels.assign(pixels, pixels + size);
    for (uint8_t& pixel : image.pixels) {
        const int32_t level = pixel < brightest ? pixel : brightest;
        pixel = static_cast<uint8_t>((level * 255 + brightest / 2) / brightest);
    }
    return image;
}

}  // namespace nutshell::tools
