// SPDX-License-Identifier: MIT
// PNG, JPEG and BMP through stb_image, whose implementation is compiled here and nowhere
// else, with only those formats and with a bound on what a crafted file can make it allocate.
#include <algorithm>
#include <cstdlib>

#include "readers.hpp"
#include "tools/error.hpp"

namespace {

/// The largest sample is 2^20 values; decoders need a few bytes a value and some tables.
constexpr size_t kMaxBlock = size_t{1} << 26;

void* bounded_malloc(size_t size) { return size > kMaxBlock ? nullptr : std::malloc(size); }

void* bounded_realloc(void* block, size_t size) {
    return size > kMaxBlock ? nullptr : std::realloc(block, size);
}

}  // namespace

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-function"
#define STBI_MALLOC(size) bounded_malloc(size)
#define STBI_REALLOC(block, size) bounded_realloc(block, size)
#define STBI_FREE(block) std::free(block)
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

namespace nutshell::tools {

namespace {

/// A file as stb_image reads it, which takes what lies behind the end for zeros: it is noted here.
struct FileBytes {
    ByteView file;
    size_t at = 0;
    bool ended_early = false;

    static int read(void* bytes, char* data, int size) {
        FileBytes& from = *static_cast<FileBytes*>(bytes);
        const size_t count = std::min(from.file.size - from.at, static_cast<size_t>(size));
        std::copy_n(from.file.data + from.at, count, data);
        from.at += count;
        from.ended_early |= count == 0;
        return static_cast<int>(count);
    }
    /// stb_image may pass a negative size to go back, but never does; it would be "cut short" here.
    static void skip(void* bytes, int size) {
        FileBytes& from = *static_cast<FileBytes*>(bytes);
        const size_t left = from.file.size - from.at;
        from.ended_early |= static_cast<size_t>(size) > left;
        from.at += std::min(left, static_cast<size_t>(size));
    }
    static int ended(void* bytes) {
        const FileBytes& from = *static_cast<FileBytes*>(bytes);
        return from.at == from.file.size;
    }
};

[[noreturn]] void fail(const std::string& path) {
    throw Error(path + ": cannot be decoded (" + stbi_failure_reason() +
                "); expected an 8-bit PNG, binary PGM/PPM, JPEG or BMP image");
}

}  // namespace

DecodedImage decode_image(ByteView file, const std::string& path) {
    if (file.size > kMaxBlock) throw Error(path + ": is too big for an image of this use");
    if (is_pnm(file)) return decode_pnm(file, path);
    const int size = static_cast<int>(file.size);
    DecodedImage image;
    int channels = 0;
    if (!stbi_info_from_memory(file.data, size, &image.shape.width, &image.shape.height,
                               &channels)) {
        fail(path);
    }
    image.shape.channels = channels <= 2 ? 1 : 3;
    if (!image.shape.valid()) {
        throw Error(path + ": " + shape_text(image.shape) + " values are too many; at most " +
                    std::to_string(kMaxSize) + " are possible");
    }
    Shape decoded = image.shape;
    const stbi_io_callbacks calls{FileBytes::read, FileBytes::skip, FileBytes::ended};
    FileBytes bytes{file};
    stbi_uc* pixels = stbi_load_from_callbacks(&calls, &bytes, &decoded.width, &decoded.height,
                                               &channels, image.shape.channels);
    if (pixels == nullptr) fail(path);
    const bool agrees = decoded == image.shape;
    if (agrees) image.pixels.assign(pixels, pixels + image.shape.size());
    stbi_image_free(pixels);
    if (bytes.ended_early) throw Error(path + ": the image is cut short; copy it again");
    if (!agrees) throw Error(path + ": the image's size contradicts its header");
    return image;
}

}  // namespace nutshell::tools
