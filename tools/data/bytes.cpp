// SPDX-License-Identifier: MIT
// Files and byte order for the readers of data. Nothing here trusts a size that a file states.
#include "bytes.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "tools/error.hpp"

namespace nutshell::tools {

namespace {

/// Closes what it holds when it goes.
struct Descriptor {
    int number;
    explicit Descriptor(int opened) : number(opened) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number >= 0) (void)::close(number);
    }
};

[[noreturn]] void fail_to_read(const std::string& path) {
    const int reason = errno;
    throw Error(path + ": cannot be read: " + std::strerror(reason));
}

}  // namespace

Bytes read_file(const std::string& path, size_t limit) {
    // Without O_NONBLOCK a pipe that nobody writes to would be waited for.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.number < 0) fail_to_read(path);
    struct stat info {};
    if (::fstat(file.number, &info) != 0) fail_to_read(path);
    if (!S_ISREG(info.st_mode)) throw Error(path + ": is not a regular file");

    Bytes bytes(std::min(limit, static_cast<size_t>(info.st_size)));
    size_t filled = 0;
    while (filled < bytes.size()) {
        const ssize_t got = ::read(file.number, bytes.data() + filled, bytes.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail_to_read(path);
        if (got == 0) break;  // became shorter meanwhile
        filled += static_cast<size_t>(got);
    }
    bytes.resize(filled);
    return bytes;
}

uint64_t big_endian(const uint8_t* bytes, size_t width) {
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++) value = value << 8 | bytes[i];
    return value;
}

uint64_t little_endian(const uint8_t* bytes, size_t width) {
    uint64_t value = 0;
    for (size_t i = width; i > 0; i--) value = value << 8 | bytes[i - 1];
    return value;
}

float float_from_bits(uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

double double_from_bits(uint64_t bits) {
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

float narrowed(double value) {
    // Written so that NaN falls through; converting what a float cannot hold is undefined.
    constexpr double most = std::numeric_limits<float>::max();
    if (value > most) return std::numeric_limits<float>::infinity();
    if (value < -most) return -std::numeric_limits<float>::infinity();
    return static_cast<float>(value);
}

std::string in_quotes(std::string_view text) {
    constexpr size_t most = 24;
    std::string out = "\"";
    for (const char c : text.substr(0, most)) out += c >= ' ' && c <= '~' ? c : '?';
    return out + (text.size() > most ? "...\"" : "\"");
}

std::string shape_text(Shape shape) {
    std::string channels = std::to_string(shape.channels);
    if (shape.height == 1 && shape.width == 1) return channels;
    return std::to_string(shape.height) + "x" + std::to_string(shape.width) + "x" + channels;
}

}  // namespace nutshell::tools
