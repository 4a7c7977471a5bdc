// SPDX-License-Identifier: MIT
// stb_image_write behind one function: the only place that knows it.
#include "png.hpp"

#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#include <stb/stb_image_write.h>

#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

void append(void* target, void* data, int size) {
    static_cast<std::string*>(target)->append(static_cast<const char*>(data),
                                              static_cast<size_t>(size));
}

}  // namespace

std::string encode_png(const Pixels& pixels) {
    const size_t expected =
        static_cast<size_t>(pixels.width) * static_cast<size_t>(pixels.height) * 3;
    if (pixels.width < 1 || pixels.height < 1 || pixels.rgb.size() != expected)
        throw Error("cannot write a PNG of " + std::to_string(pixels.width) + " x " +
                    std::to_string(pixels.height) + " from " + std::to_string(pixels.rgb.size()) +
                    " bytes");
    std::string bytes;
    if (!stbi_write_png_to_func(append, &bytes, pixels.width, pixels.height, 3, pixels.rgb.data(),
                                pixels.width * 3))
        throw Error("cannot compress a PNG of " + std::to_string(pixels.width) + " x " +
                    std::to_string(pixels.height) + " pixels: not enough memory");
    return bytes;
}

std::string encode_base64(const std::string& bytes) {
    static const char kDigits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (size_t i = 0; i < bytes.size(); i += 3) {
        const size_t have = bytes.size() - i < 3 ? bytes.size() - i : 3;
        uint32_t group = 0;
        for (size_t k = 0; k < 3; ++k)
            group = group << 8 | (k < have ? static_cast<uint8_t>(bytes[i + k]) : 0u);
        for (size_t k = 0; k < 4; ++k)
            text += k <= have ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
    return text;
}

}  // namespace nutshell::tools
