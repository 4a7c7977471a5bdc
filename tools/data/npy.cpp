// SPDX-License-Identifier: MIT
// npy, NumPy's array file: magic, version, header length, a Python dictionary with type, order and
// shape, then the elements.
#include "npy.hpp"

#include <climits>
#include <cstring>
#include <string_view>

#include "readers.hpp"
#include "tools/atomic_file.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {

namespace {

constexpr char kMagic[] = "\x93NUMPY";
constexpr size_t kMagicSize = sizeof kMagic - 1;
constexpr size_t kPrefix = kMagicSize + 2;  // magic, major, minor
constexpr size_t kMaxRank = 4;

std::string how_to_save(const std::string& type) {
    return "; save it with np.save(path, np.ascontiguousarray(x, dtype=np." + type + "))";
}

/// Reads the dictionary of the header: quoted keys; strings, True, False and tuples as values.
class HeaderParser {
  public:
    HeaderParser(std::string_view text, const std::string& path) : text_(text), path_(path) {}

    NpyHeader parse() {
        expect('{');
        while (!take('}')) {
            const std::string_view key = string();
            expect(':');
            value(key);
            if (take(',')) continue;
            expect('}');
            break;
        }
        if (header_.type.empty() || !header_.has_fortran || !header_.has_shape) {
            throw Error(path_ + ": the npy header lacks descr, fortran_order or shape");
        }
        return header_;
    }

  private:
    [[noreturn]] void fail() const {
        throw Error(path_ + ": the npy header cannot be understood at character " +
                    std::to_string(at_) + ": " + in_quotes(text_.substr(at_)));
    }

    void skip_spaces() {
        while (at_ < text_.size() && text_[at_] == ' ') at_++;
    }

    bool take(char c) {
        skip_spaces();
        if (at_ == text_.size() || text_[at_] != c) return false;
        at_++;
        return true;
    }

    void expect(char c) {
        if (!take(c)) fail();
    }

    bool take_word(std::string_view word) {
        skip_spaces();
        if (text_.substr(at_, word.size()) != word) return false;
        at_ += word.size();
        return true;
    }

    std::string_view string() {
        skip_spaces();
        const char quote = at_ < text_.size() ? text_[at_] : '\0';
        if (quote != '\'' && quote != '"') fail();
        const size_t end = text_.find(quote, at_ + 1);
        if (end == std::string_view::npos) fail();
        const std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
        at_ = end + 1;
        return inside;
    }

    uint64_t number() {
        skip_spaces();
        const size_t first = at_;
        uint64_t value = 0;
        for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; at_++) {
            if (value > UINT64_MAX / 100) fail();
            value = value * 10 + static_cast<uint64_t>(text_[at_] - '0');
        }
        if (at_ == first) fail();
        return value;
    }

    void value(std::string_view key) {
        if (key == "descr") {
            skip_spaces();
            if (text_.substr(at_, 1) == "[") {
                throw Error(path_ + ": a structured dtype cannot be read" + how_to_save("float32"));
            }
            header_.type = string();
        } else if (key == "fortran_order") {
            header_.fortran = take_word("True");
            if (!header_.fortran && !take_word("False")) fail();
            header_.has_fortran = true;
        } else if (key == "shape") {
            tuple();
            header_.has_shape = true;
        } else {
            fail();
        }
    }

    void tuple() {
        header_.sides.clear();
        expect('(');
        while (!take(')')) {
            header_.sides.push_back(number());
            if (take(',')) continue;
            expect(')');
            break;
        }
    }

    std::string_view text_;
    const std::string& path_;
    size_t at_ = 0;
    NpyHeader header_;
};

/// The header's text; `body` becomes the offset of the first element.
std::string_view header_text(ByteView file, const std::string& path, size_t& body) {
    if (file.size < kPrefix) {
        throw Error(path + ": " + std::to_string(file.size) +
                    " bytes are too few for an npy file; save it again");
    }
    if (std::memcmp(file.data, kMagic, kMagicSize) != 0) {
        throw Error(path + ": not an npy file: the magic bytes are missing; write it with np.save");
    }
    const int major = file.data[kMagicSize];
    const int minor = file.data[kMagicSize + 1];
    if ((major != 1 && major != 2) || minor != 0) {
        throw Error(path + ": npy version " + std::to_string(major) + "." + std::to_string(minor) +
                    " at byte 6; versions 1.0 and 2.0 can be read");
    }
    const size_t width = major == 1 ? 2 : 4;
    const size_t first = kPrefix + width;
    const uint64_t length = file.size < first ? 0 : little_endian(file.data + kPrefix, width);
    if (file.size < first || length > file.size - first) {
        throw Error(path + ": the npy header is cut short at byte " + std::to_string(file.size) +
                    "; save it again");
    }
    body = first + static_cast<size_t>(length);
    return {reinterpret_cast<const char*>(file.data) + first, static_cast<size_t>(length)};
}

/// Bytes of one element of a type that we read.
size_t element_size(const NpyHeader& header, const std::string& path) {
    if (header.fortran) {
        throw Error(path + ": the array is in Fortran order" +
                    how_to_save(header.type == "|u1" ? "uint8" : "float32"));
    }
    if (header.type == "|u1" || header.type == "|i1") return 1;
    if (header.type == "<f4") return 4;
    if (header.type == "<f8") return 8;
    const bool big = header.type[0] == '>';
    throw Error(path + ": dtype " + in_quotes(header.type) + (big ? " (big-endian)" : "") +
                " cannot be read" + how_to_save("float32"));
}

void set_shape(const NpyHeader& header, const std::string& path, Dataset& data) {
    const std::vector<uint64_t>& sides = header.sides;
    if (sides.size() < 2 || sides.size() > kMaxRank) {
        throw Error(path + ": an array of rank " + std::to_string(sides.size()) +
                    "; expected [n][features], [n][h][w] or [n][h][w][c] (np.reshape makes it so)");
    }
    int32_t inner[kMaxRank] = {1, 1, 1, 1};
    for (size_t i = 0; i < sides.size(); i++) {
        const uint64_t most = i == 0 ? INT_MAX : kMaxSize;
        if (sides[i] < 1 || sides[i] > most) {
            throw Error(path + ": dimension " + std::to_string(i + 1) + " of the npy header is " +
                        std::to_string(sides[i]) + "; expected 1 to " + std::to_string(most));
        }
        inner[i] = static_cast<int32_t>(sides[i]);
    }
    data.count = inner[0];
    data.shape = sides.size() == 2 ? flat(inner[1]) : Shape{inner[1], inner[2], inner[3]};
    if (!data.shape.valid()) {
        throw Error(path + ": samples of " + shape_text(data.shape) + " values; at most " +
                    std::to_string(kMaxSize) + " are possible");
    }
}

void check_body(const Dataset& data, size_t width, uint64_t held, const std::string& path) {
    const uint64_t promised =
        static_cast<uint64_t>(data.count) * static_cast<uint64_t>(data.shape.size()) * width;
    if (held == promised) return;
    throw Error(path + ": the npy header promises " + std::to_string(data.count) + " samples of " +
                shape_text(data.shape) + " (" + std::to_string(promised) + " bytes), but " +
                std::to_string(held) + " bytes follow; save it again");
}

void write_head(AtomicFile& file, const std::string& type, int count, Shape shape) {
    const auto side = [](int32_t size) { return static_cast<uint64_t>(size); };
    std::vector<uint64_t> sides{side(count)};
    if (shape == flat(shape.channels)) {
        sides.push_back(side(shape.channels));
    } else {
        sides.insert(sides.end(), {side(shape.height), side(shape.width)});
        if (shape.channels > 1) sides.push_back(side(shape.channels));
    }
    const std::string head = npy_head(type, sides);
    file.write(head.data(), head.size());
}

}  // namespace

bool is_npy(ByteView file) {
    return file.size >= kMagicSize && std::memcmp(file.data, kMagic, kMagicSize) == 0;
}

NpyHeader read_npy_header(ByteView file, const std::string& path, size_t& body) {
    const std::string_view text = header_text(file, path, body);
    return HeaderParser(text, path).parse();
}

std::string npy_head(const std::string& type, const std::vector<uint64_t>& sides) {
    std::string shape;
    for (const uint64_t side : sides) shape += std::to_string(side) + ", ";
    if (sides.size() > 1) shape.resize(shape.size() - 2);
    std::string line =
        "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
    if (sides.size() == 1) line.erase(line.rfind(", ), }") + 1, 1);  // (3,) as NumPy writes it
    // NumPy pads with spaces and ends with a newline, so that the data starts at a multiple of 64.
    line.append(63 - (kPrefix + 2 + line.size()) % 64, ' ');
    line += '\n';
    std::string head(kMagic, kMagicSize);
    head += {'\1', '\0', static_cast<char>(line.size()), static_cast<char>(line.size() >> 8)};
    return head + line;
}

Dataset read_npy(ByteView file, const std::string& path) {
    size_t body = 0;
    const NpyHeader header = read_npy_header(file, path, body);
    const size_t width = element_size(header, path);
    Dataset data;
    set_shape(header, path, data);
    check_body(data, width, file.size - body, path);

    const uint8_t* elements = file.data + body;
    const size_t values = (file.size - body) / width;
    if (header.type == "|i1") {
        data.int8 = true;
        for (size_t i = 0; i < values; i++) {
            data.floats.push_back(static_cast<float>(static_cast<int8_t>(elements[i])));
        }
        return data;
    }
    if (width == 1) {
        data.bytes.assign(elements, elements + values);
        return data;
    }
    data.floats.resize(values);
    for (size_t i = 0; i < values; i++) {
        const uint64_t bits = little_endian(elements + i * width, width);
        data.floats[i] = width == 4 ? float_from_bits(static_cast<uint32_t>(bits))
                                    : narrowed(double_from_bits(bits));
    }
    return data;
}

void write_npy(const std::string& path, const float* rows, int count, Shape shape) {
    AtomicFile file(path);
    write_head(file, "<f4", count, shape);
    const size_t row = static_cast<size_t>(shape.size());
    std::vector<uint8_t> bytes(row * 4);
    for (int r = 0; r < count; r++) {
        for (size_t i = 0; i < row; i++) {
            uint32_t bits;
            std::memcpy(&bits, rows + static_cast<size_t>(r) * row + i, 4);
            for (size_t b = 0; b < 4; b++) bytes[4 * i + b] = static_cast<uint8_t>(bits >> 8 * b);
        }
        file.write(bytes.data(), bytes.size());
    }
    file.commit();
}

void write_npy(const std::string& path, const int8_t* rows, int count, Shape shape) {
    AtomicFile file(path);
    write_head(file, "|i1", count, shape);
    file.write(rows, static_cast<size_t>(count) * static_cast<size_t>(shape.size()));
    file.commit();
}

}  // namespace nutshell::tools
