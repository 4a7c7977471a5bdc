// SPDX-License-Identifier: MIT
// What the tests of readers share: a folder that goes away, files of given bytes in it, and the
// message with which loading one is refused.
#pragma once
#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tools/data/dataset.hpp"
#include "tools/error.hpp"

namespace nutshell::tests {

/// A new empty folder, removed with all that is in it at the end of the test.
class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "nutshell-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    std::string path(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }

    /// Writes a file (and the folders of its name) and returns its path.
    std::string file(const std::string& name, const std::string& bytes) const {
        std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
        // Truncating a file makes some file systems flush it to the disk; a new one
        // stays in memory.
        std::filesystem::remove(path(name));
        std::ofstream out(path(name), std::ios::binary);
        out << bytes;
        out.close();
        REQUIRE(out.good());
        return path(name);
    }

    std::vector<std::string> names() const {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(path_)) {
            found.push_back(entry.path().filename().string());
        }
        return found;
    }

  private:
    std::string path_;
};

inline std::string read_back(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// The most significant byte first, as IDX has it.
inline std::string big_endian_32(uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
    return bytes;
}

/// The message with which `what` is refused; empty when it is accepted.
inline std::string refusal(const std::string& what) {
    try {
        (void)tools::load_data(what);
    } catch (const tools::Error& error) {
        return error.what();
    }
    return "";
}

/// `what` is refused with one line that holds the path and every one of the words.
inline void check_refused(const std::string& path, const std::vector<std::string>& words) {
    const std::string message = refusal(path);
    INFO("message: ", message);
    CHECK(message.find(path) != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
    for (const std::string& word : words) {
        INFO("expected: ", word);
        CHECK(message.find(word) != std::string::npos);
    }
}

/// Every one of `count` seeded mutations of a valid file (bytes changed, cut, repeated) is either
/// refused with Error or loaded whole. Returns how many were refused.
inline int mutate(const TemporaryFolder& folder, const std::string& name, const std::string& valid,
                  int count) {
    uint64_t state = 88172645463325252U;  // xorshift64, the same on every machine
    const auto next = [&state](size_t below) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return static_cast<size_t>(state % below);
    };
    int refused = 0;
    for (int i = 0; i < count; i++) {
        std::string bytes = valid;
        for (size_t edits = 1 + next(3); edits > 0; edits--) {
            const size_t at = next(bytes.size());
            switch (next(8)) {
                case 0:
                    bytes.resize(at + 1);
                    break;
                case 1:
                    bytes.insert(at, bytes.substr(at, next(8)));
                    break;
                case 2:
                    bytes[at] = "\xff\x7f\x80\n,'("[next(7)];
                    break;
                default:
                    bytes[at] = static_cast<char>(next(256));
            }
        }
        const std::string path = folder.file(name, bytes);
        try {
            const tools::Dataset data = tools::load_data(path).train;
            const size_t values =
                static_cast<size_t>(data.count) * static_cast<size_t>(data.shape.size());
            REQUIRE(data.bytes.size() + data.floats.size() == values);
            REQUIRE(data.shape.valid());
        } catch (const tools::Error&) {
            refused++;
        }
    }
    return refused;
}

}  // namespace nutshell::tests
