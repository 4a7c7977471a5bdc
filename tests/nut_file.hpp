// SPDX-License-Identifier: MIT
// What the tests of .nut files share: a tiny model, its file, and a second, slow implementation of
// the checksum with which a damaged file is made to look whole again. Nothing here uses the
// library's own reader or writer, but the two calls under test.
#pragma once
#include <doctest/doctest.h>
#include <stdlib.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "nutshell/nutshell.hpp"

namespace nutshell::tests {

using FileBytes = std::vector<uint8_t>;

/// CRC-32C (Castagnoli), one bit a step, from its definition: reflected polynomial 0x82F63B78.
inline uint32_t slow_crc32c(const uint8_t* bytes, size_t size) {
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0x82F63B78u & (0u - (crc & 1u)));
    }
    return ~crc;
}

inline uint32_t get16(const FileBytes& file, size_t at) {
    return file[at] | static_cast<uint32_t>(file[at + 1]) << 8;
}
inline uint32_t get32(const FileBytes& file, size_t at) {
    return get16(file, at) | get16(file, at + 2) << 16;
}
inline void put8(FileBytes& file, size_t at, uint32_t value) {
    file[at] = static_cast<uint8_t>(value);
}
inline void put16(FileBytes& file, size_t at, uint32_t value) {
    put8(file, at, value);
    put8(file, at + 1, value >> 8);
}
inline void put32(FileBytes& file, size_t at, uint32_t value) {
    put16(file, at, value);
    put16(file, at + 2, value >> 16);
}
inline void put_float(FileBytes& file, size_t at, float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    put32(file, at, bits);
}

/// Sets every checksum (sections, tables, header) to what the file's bytes now ask for, as far as
/// what they say lies inside the file. `sum` is the CRC-32C.
inline void repair_checksums(FileBytes& file,
                             uint32_t (*sum)(const uint8_t*, size_t) = slow_crc32c) {
    const uint64_t alignment = 1u << (file[44] < 7 ? file[44] : 6);
    const uint64_t table = get32(file, 28), sections = get16(file, 22);
    const auto padded = [&](uint64_t n) { return (n + alignment - 1) / alignment * alignment; };
    for (uint64_t i = 0; i < sections && table + 16 * i + 16 <= file.size(); i++) {
        const size_t record = static_cast<size_t>(table + 16 * i);
        const uint64_t offset = get32(file, record), size = padded(get32(file, record + 4));
        if (offset > file.size() || size > file.size() - offset) continue;
        put32(file, record + 12, sum(file.data() + offset, static_cast<size_t>(size)));
    }
    const uint64_t first = padded(table + 16 * sections);
    if (first >= 64 && first <= file.size()) {
        put32(file, 56, sum(file.data() + 64, static_cast<size_t>(first - 64)));
    }
    put32(file, 60, sum(file.data(), 60));
}

/// A copy of exactly `size` bytes on a 64-byte boundary (plus `shift`): the address sanitizer sees
/// every byte that is read outside.
class AlignedCopy {
  public:
    AlignedCopy(const uint8_t* bytes, size_t size, size_t shift = 0) : shift_(shift) {
        void* memory = nullptr;
        REQUIRE(posix_memalign(&memory, 64, size + shift + (size + shift == 0)) == 0);
        memory_.reset(static_cast<uint8_t*>(memory));
        if (size > 0) std::memcpy(data(), bytes, size);
    }
    explicit AlignedCopy(const FileBytes& file) : AlignedCopy(file.data(), file.size()) {}
    uint8_t* data() { return memory_.get() + shift_; }

  private:
    struct Free {
        void operator()(uint8_t* memory) const { free(memory); }
    };
    std::unique_ptr<uint8_t, Free> memory_;
    size_t shift_;
};

/// What the check in steps says of a file, and the steps that it takes.
struct Verdict {
    Status status;
    uint32_t steps;
};
template <NumberType Numbers>
Verdict check_in_steps(const void* bytes, size_t size, uint32_t budget) {
    IncrementalCheck<Numbers> check(bytes, size);
    uint32_t steps = 1;
    while (check.step(budget) == Status::unfinished && steps < 8 * size + 1000) steps++;
    return {check.status(), steps};
}

/// Whatever check() says about exactly these bytes, at once and in steps.
inline Status check_bytes(const FileBytes& file) {
    AlignedCopy copy(file);
    File view;
    const Status status = check(copy.data(), file.size(), view);
    const uint32_t budget = file.size() < 4096 ? 61 : 1021;
    Verdict verdict = check_in_steps<NumberType::float32>(copy.data(), file.size(), budget);
    if (verdict.status == Status::wrong_numbers) {
        verdict = check_in_steps<NumberType::int4>(copy.data(), file.size(), budget);
    }
    if (verdict.status != status) FAIL("in steps: ", to_string(verdict.status));
    return status;
}

/// One thing in a file that is not as it must be, and what the reader says of it.
struct Lie {
    const char* what;
    void (*tell)(FileBytes&);
    Status expected;
};

template <size_t Count>
void check_lies(const FileBytes& good, const Lie (&lies)[Count]) {
    REQUIRE(check_bytes(good) == Status::ok);
    for (const Lie& lie : lies) {
        INFO(lie.what);
        FileBytes file = good;
        lie.tell(file);
        repair_checksums(file);
        const Status status = check_bytes(file);
        INFO(to_string(status));
        CHECK(status == lie.expected);
    }
}

/// Values at which fields of so many bits break.
inline std::vector<uint32_t> boundary_values(uint32_t now, int bits) {
    std::vector<uint32_t> values{0,  1,  2,   3,   4,   7,      8,      15,     16,     63,
                                 64, 65, 127, 128, 129, 0x7FFF, 0x8000, 0x8001, 0xFFFE, 0xFFFF};
    for (const uint32_t step : {1u, 2u, 16u, 64u}) {
        values.push_back(now + step);
        values.push_back(now - step);
    }
    values.push_back(now * 2);
    values.push_back(~now);
    if (bits == 32) {
        for (const uint32_t power : {20u, 27u, 28u, 30u, 31u}) {
            for (const uint32_t near : {0u, 1u, 0xFFFFFFFFu})
                values.push_back((1u << power) + near);
        }
        values.insert(values.end(), {0xFFFFFFC0u, 0xFFFFFFF0u, 0xFFFFFFFEu, 0xFFFFFFFFu});
    }
    return values;
}

/// 2-1-2, small enough to write out: leaky relu of slope 0.25, then sigmoid; weights 0.5, -2, bias
/// 0.125, weights 1.5, -1, bias 0.25, -0.75. Its layer records lie at 64 and 144, its section
/// records at 224, 240, 256, 272, its sections at 320, 384, 448, 512.
struct TinyModel {
    Row rows[2] = {
        {Kind::dense, Activation::leaky_relu, flat(2), flat(1), 0.25f},
        {Kind::dense, Activation::sigmoid, flat(1), flat(2), 0.0f},
    };
    float weight_1[2] = {0.5f, -2.0f}, bias_1[1] = {0.125f};
    float weight_2[2] = {1.5f, -1.0f}, bias_2[2] = {0.25f, -0.75f};
    Tensors tensors[2] = {{weight_1, bias_1}, {weight_2, bias_2}};

    TinyModel() = default;
    TinyModel(const TinyModel&) = delete;
    TinyModel& operator=(const TinyModel&) = delete;
    FileContents contents() const { return {rows, 2, 1, tensors, 0, 0xA1B2C3D4u}; }
};

inline FileBytes write_bytes(const FileContents& contents) {
    FileBytes file(file_size(contents));
    size_t written = 0;
    REQUIRE(write(contents, file.data(), file.size(), written) == Status::ok);
    REQUIRE(written == file.size());
    return file;
}

inline FileBytes tiny_file() { return write_bytes(TinyModel().contents()); }

/// The tutorial's model with weights of both signs.
inline FileBytes tutorial_file() {
    using Model =
        Autoencoder<Sequential<Dense<784, 24, Relu>>, Sequential<Dense<24, 784, Sigmoid>>>;
    static Model::Parameters parameters;
    initialize<Model>(parameters, 1);
    FileBytes file(file_size(Model::Chain::rows, 2));
    size_t written = 0;
    REQUIRE(save<Model>(parameters, file.data(), file.size(), written) == Status::ok);
    REQUIRE(written == file.size());
    return file;
}

/// A seeded stream of numbers, the same on every machine (xorshift64*).
class Draws {
  public:
    explicit Draws(uint64_t seed) : state_(seed * 2 + 1) {}
    uint32_t below(uint32_t limit) {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return static_cast<uint32_t>((state_ * 0x2545F4914F6CDD1DULL) >> 32) % limit;
    }

  private:
    uint64_t state_;
};

/// The file with one to four bytes changed, most of them in the header, or cut as well; its
/// checksums are no longer right.
inline FileBytes damaged(FileBytes file, Draws& numbers) {
    if (numbers.below(8) == 0) file.resize(64 + numbers.below(600));
    for (uint32_t edits = 1 + numbers.below(4); edits > 0; edits--) {
        const uint32_t reach = numbers.below(4) == 0 ? static_cast<uint32_t>(file.size()) : 64;
        const uint32_t at = numbers.below(reach);
        const uint32_t kind = numbers.below(3);
        if (kind == 0) file[at] = static_cast<uint8_t>(numbers.below(256));
        if (kind == 1) file[at] = static_cast<uint8_t>(file[at] + numbers.below(3) - 1);
        if (kind == 2) file[at] ^= static_cast<uint8_t>(1u << numbers.below(8));
    }
    return file;
}

/// `full` tries, or fewer where a sanitizer makes each ten times slower.
constexpr int tries(int full) {
#if defined(__SANITIZE_ADDRESS__)
    return full / 10;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    return full / 10;
#endif
#endif
    return full;
}

}  // namespace nutshell::tests
