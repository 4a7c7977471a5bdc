// SPDX-License-Identifier: MIT
// IDX, the format of MNIST: two zero bytes, type, rank, `rank` sizes of 4 bytes, then the elements;
// everything big-endian.
#include <climits>

#include "gzip.hpp"
#include "readers.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {

namespace {

constexpr size_t kMaxRank = 4;
constexpr size_t kMaxHeader = 4 + 4 * kMaxRank;
/// What a .gz may inflate to. A gigabyte of zeros is a megabyte of gzip.
constexpr uint64_t kMaxInflated = uint64_t{1} << 31;

enum Type : uint8_t {
    uint8 = 0x08,
    int8 = 0x09,
    int16 = 0x0B,
    int32 = 0x0C,
    float32 = 0x0D,
    float64 = 0x0E
};

size_t element_size(uint8_t type) {
    switch (type) {
        case uint8:
        case int8:
            return 1;
        case int16:
            return 2;
        case int32:
        case float32:
            return 4;
        case float64:
            return 8;
        default:
            return 0;
    }
}

struct Header {
    uint8_t type = 0;
    size_t rank = 0;
    int count = 0;
    Shape shape{1, 1, 1};  // of one sample

    size_t bytes() const { return 4 + 4 * rank; }
    uint64_t values() const {
        return static_cast<uint64_t>(count) * static_cast<uint64_t>(shape.size());
    }
    /// At most 2^31 samples of 2^20 values of 8 bytes: no overflow.
    uint64_t body_bytes() const { return values() * element_size(type); }
};

void parse_magic(ByteView file, const std::string& path, Header& header) {
    if (file.size < 4) {
        throw Error(path + ": " + std::to_string(file.size) +
                    " bytes are too few for an IDX file; get the file again");
    }
    header.type = file.data[2];
    header.rank = file.data[3];
    if (file.data[0] != 0 || file.data[1] != 0 || element_size(header.type) == 0) {
        constexpr char digits[] = "0123456789abcdef";
        std::string magic;
        for (int i = 0; i < 4; i++) {
            magic += {' ', digits[file.data[i] >> 4], digits[file.data[i] & 15]};
        }
        throw Error(path + ": not an IDX file: it starts with" + magic +
                    " (IDX images start with 00 00 08 03)");
    }
    if (header.rank < 1 || header.rank > kMaxRank) {
        throw Error(path + ": byte 3: an IDX file of rank " + std::to_string(header.rank) +
                    "; samples have rank 2, 3 or 4, labels rank 1");
    }
}

Header parse_header(ByteView file, const std::string& path) {
    Header header;
    parse_magic(file, path, header);
    if (file.size < header.bytes()) {
        throw Error(path + ": the IDX header is cut short at byte " + std::to_string(file.size) +
                    " of " + std::to_string(header.bytes()) + "; get the file again");
    }
    int32_t sides[kMaxRank] = {1, 1, 1, 1};
    for (size_t i = 0; i < header.rank; i++) {
        const uint64_t side = big_endian(file.data + 4 + 4 * i, 4);
        const uint64_t most = i == 0 ? INT_MAX : kMaxSize;
        if (side < 1 || side > most) {
            throw Error(path + ": byte " + std::to_string(4 + 4 * i) + ": dimension " +
                        std::to_string(i + 1) + " of " + std::to_string(header.rank) + " is " +
                        std::to_string(side) + "; expected 1 to " + std::to_string(most));
        }
        sides[i] = static_cast<int32_t>(side);
    }
    header.count = sides[0];
    header.shape = header.rank == 2 ? flat(sides[1]) : Shape{sides[1], sides[2], sides[3]};
    if (!header.shape.valid()) {
        throw Error(path + ": byte 8: samples of " + shape_text(header.shape) +
                    " values; at most " + std::to_string(kMaxSize) + " are possible");
    }
    return header;
}

void check_body(const Header& header, uint64_t held, const std::string& path) {
    const uint64_t promised = header.body_bytes();
    if (held == promised) return;
    const std::string claim = path + ": the IDX header promises " + std::to_string(header.count) +
                              " samples of " + shape_text(header.shape) + " (" +
                              std::to_string(promised) + " bytes)";
    if (held < promised) {
        const uint64_t sample = promised / static_cast<uint64_t>(header.count);
        throw Error(claim + ", but the file ends after " + std::to_string(held) + " (sample " +
                    std::to_string(held / sample) + "); get the file again");
    }
    throw Error(claim + ", but more bytes follow from byte " +
                std::to_string(header.bytes() + promised) + " on; get the file again");
}

/// A checked file: `body` has exactly what the header promises, in `inflated` if that was needed.
struct IdxFile {
    Header header;
    Bytes inflated;
    const uint8_t* body = nullptr;
};

IdxFile open_idx(ByteView file, const std::string& path) {
    IdxFile idx;
    if (is_gzip(file)) {
        idx.header = parse_header(view(inflate_gzip(file, kMaxHeader, path)), path);
        const uint64_t whole = idx.header.bytes() + idx.header.body_bytes();
        if (whole > kMaxInflated) {
            throw Error(path + ": the IDX header promises " + std::to_string(whole) +
                        " bytes, more than 2 GiB in a .gz; gunzip it first");
        }
        // One byte more than promised shows that there is more.
        idx.inflated = inflate_gzip(file, static_cast<size_t>(whole) + 1, path);
        file = view(idx.inflated);
    } else {
        idx.header = parse_header(file, path);
    }
    check_body(idx.header, file.size - idx.header.bytes(), path);
    idx.body = file.data + idx.header.bytes();
    return idx;
}

/// Element `index` as a number; exact for every type but the widest integers, once rounded to
/// float.
double element(const uint8_t* body, uint8_t type, size_t index) {
    const size_t width = element_size(type);
    const uint64_t bits = big_endian(body + index * width, width);
    switch (type) {
        case int8:
            return static_cast<int8_t>(bits);
        case int16:
            return static_cast<int16_t>(bits);
        case int32:
            return static_cast<int32_t>(bits);
        case float32:
            return static_cast<double>(float_from_bits(static_cast<uint32_t>(bits)));
        case float64:
            return double_from_bits(bits);
        default:
            return static_cast<double>(bits);
    }
}

}  // namespace

bool is_idx(ByteView file) {
    return file.size >= 4 && file.data[0] == 0 && file.data[1] == 0 &&
           element_size(file.data[2]) != 0 && file.data[3] >= 1 && file.data[3] <= kMaxRank;
}

Dataset read_idx(ByteView file, const std::string& path) {
    const IdxFile idx = open_idx(file, path);
    if (idx.header.rank == 1) {
        throw Error(path + ": holds labels (rank 1), not samples; name the file of images");
    }
    Dataset data;
    data.count = idx.header.count;
    data.shape = idx.header.shape;
    const size_t values = static_cast<size_t>(idx.header.values());
    if (idx.header.type == uint8) {
        data.bytes.assign(idx.body, idx.body + values);
        return data;
    }
    data.floats.resize(values);
    for (size_t i = 0; i < values; i++) {
        data.floats[i] = narrowed(element(idx.body, idx.header.type, i));
    }
    return data;
}

void read_idx_labels(ByteView file, const std::string& path, Dataset& data) {
    const IdxFile idx = open_idx(file, path);
    if (idx.header.rank != 1 || idx.header.type == float32 || idx.header.type == float64) {
        throw Error(path + ": not a file of labels: they have rank 1 and an integer type");
    }
    if (idx.header.count != data.count) {
        throw Error(path + ": " + std::to_string(idx.header.count) + " labels for the " +
                    std::to_string(data.count) + " samples of " + data.name +
                    "; get both files from one source");
    }
    data.labels.resize(static_cast<size_t>(data.count));
    for (size_t i = 0; i < data.labels.size(); i++) {
        const int label = static_cast<int>(element(idx.body, idx.header.type, i));
        if (label < 0) {
            throw Error(path + ": label " + std::to_string(i) + " is " + std::to_string(label) +
                        "; labels are 0 or more");
        }
        data.labels[i] = label;
    }
}

}  // namespace nutshell::tools
