// SPDX-License-Identifier: MIT
#include "gzip.hpp"

#ifdef NUTSHELL_ZLIB
#include <zlib.h>

#include <algorithm>
#endif

#include "tools/error.hpp"

namespace nutshell::tools {

bool is_gzip(ByteView file) {
    return file.size >= 2 && file.data[0] == 0x1f && file.data[1] == 0x8b;
}

#ifdef NUTSHELL_ZLIB

namespace {

/// zlib's state, with its end.
struct Inflater {
    z_stream stream{};
    explicit Inflater(const std::string& path) {
        const int gzip_only = 16 + MAX_WBITS;
        if (inflateInit2(&stream, gzip_only) != Z_OK)
            throw Error(path + ": no memory to inflate it");
    }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    ~Inflater() { (void)inflateEnd(&stream); }
};

}  // namespace

Bytes inflate_gzip(ByteView file, size_t limit, const std::string& path) {
    constexpr size_t piece = 1U << 20;
    Inflater inflater(path);
    z_stream& stream = inflater.stream;
    Bytes out;
    size_t used = 0;
    size_t filled = 0;
    while (filled < limit) {
        const size_t in = std::min(file.size - used, piece);
        const size_t room = std::min(limit - filled, piece);
        out.resize(filled + room);
        stream.next_in = const_cast<Bytef*>(file.data + used);  // zlib only reads it
        stream.avail_in = static_cast<uInt>(in);
        stream.next_out = out.data() + filled;
        stream.avail_out = static_cast<uInt>(room);
        const int status = inflate(&stream, Z_NO_FLUSH);
        used += in - stream.avail_in;
        filled += room - stream.avail_out;
        if (status == Z_STREAM_END) {
            if (used == file.size) break;
            (void)inflateReset(&stream);  // gzip allows one member after another
        } else if (status == Z_BUF_ERROR) {
            throw Error(path + ": the gzip data is cut short at byte " + std::to_string(used) +
                        "; get the file again");
        } else if (status != Z_OK) {
            throw Error(path + ": damaged gzip data near byte " + std::to_string(used) +
                        "; get the file again");
        }
    }
    out.resize(filled);
    return out;
}

std::string gzip_support() { return ".gz (zlib " NUTSHELL_ZLIB ")"; }

#else

Bytes inflate_gzip(ByteView, size_t, const std::string& path) {
    throw Error(path +
                ": is gzipped, and this nutshell was built without zlib; gunzip it, or "
                "install zlib1g-dev and build it again");
}

std::string gzip_support() { return ".gz (not built: lacks zlib1g-dev)"; }

#endif

}  // namespace nutshell::tools
