// SPDX-License-Identifier: MIT
#ifdef NUTSHELL_ZIP
#include "zip_archive.hpp"

#include <zip.h>

#include <algorithm>

#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

constexpr size_t kMaxMembers = 1 << 16;
constexpr size_t kMaxRatio = 1000, kSlack = 1 << 16;

/// libzip's account of an error, with its end.
class Failure {
  public:
    Failure() { zip_error_init(&error_); }
    Failure(const Failure&) = delete;
    Failure& operator=(const Failure&) = delete;
    ~Failure() { zip_error_fini(&error_); }
    zip_error_t* get() { return &error_; }
    std::string text() { return zip_error_strerror(&error_); }

  private:
    zip_error_t error_{};
};

struct CloseFile {
    void operator()(zip_file_t* file) const { (void)zip_fclose(file); }
};
struct FreeSource {
    void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using Source = std::unique_ptr<zip_source_t, FreeSource>;

[[noreturn]] void fail_to_write(const std::string& why) {
    throw Error("the zip archive cannot be made: " + why);
}

void add_member(zip_t* archive, const ZipMember& member) {
    Source content(zip_source_buffer(archive, member.content.data(), member.content.size(), 0));
    if (!content) fail_to_write(zip_strerror(archive));
    const zip_int64_t index =
        zip_file_add(archive, member.name.c_str(), content.get(), ZIP_FL_ENC_UTF_8);
    if (index < 0) fail_to_write(zip_strerror(archive));
    (void)content.release();  // the archive owns it now
    const auto entry = static_cast<zip_uint64_t>(index);
    const zip_uint16_t midnight = 0, first_of_1980 = 33;
    if (zip_set_file_compression(archive, entry, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(archive, entry, midnight, first_of_1980, 0) != 0) {
        fail_to_write(zip_strerror(archive));
    }
}

Bytes content_of(zip_source_t* source) {
    zip_stat_t info;
    if (zip_source_stat(source, &info) != 0 || zip_source_open(source) != 0) {
        fail_to_write("its bytes are not there");
    }
    Bytes bytes(static_cast<size_t>(info.size));
    const zip_int64_t got = zip_source_read(source, bytes.data(), bytes.size());
    (void)zip_source_close(source);
    if (got != static_cast<zip_int64_t>(bytes.size())) fail_to_write("its bytes are cut short");
    return bytes;
}

}  // namespace

void ZipArchive::Discard::operator()(zip* archive) const { zip_discard(archive); }

ZipArchive::ZipArchive(ByteView file, const std::string& path)
    : path_(path),
      limit_(std::min<size_t>(file.size, SIZE_MAX / kMaxRatio - kSlack) * kMaxRatio + kSlack) {
    Failure failure;
    Source source(zip_source_buffer_create(file.data, file.size, 0, failure.get()));
    if (source) {
        archive_.reset(zip_open_from_source(source.get(), ZIP_RDONLY, failure.get()));
    }
    if (!archive_) {
        throw Error(path + ": is no zip archive that can be read: " + failure.text() +
                    "; save it again");
    }
    (void)source.release();  // the archive owns it now
    const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
    if (count < 0 || static_cast<size_t>(count) > kMaxMembers) {
        throw Error(path + ": a zip archive of " + std::to_string(count) +
                    " members; at most 65536 can be read");
    }
    if (count == 0) throw Error(path + ": is an empty zip archive; save it again");
    for (zip_int64_t i = 0; i < count; i++) {
        const char* name =
            zip_get_name(archive_.get(), static_cast<zip_uint64_t>(i), ZIP_FL_ENC_GUESS);
        names_.emplace_back(name != nullptr ? name : "");
    }
}

bool ZipArchive::has(const std::string& name) const {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
}

Bytes ZipArchive::read(const std::string& name) const {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end()) {
        throw Error(path_ + ": the archive has no " + in_quotes(name) + "; save it again");
    }
    const auto index = static_cast<zip_uint64_t>(found - names_.begin());
    const std::unique_ptr<zip_file_t, CloseFile> file(zip_fopen_index(archive_.get(), index, 0));
    if (!file) {
        throw Error(path_ + ": " + in_quotes(name) +
                    " cannot be unpacked: " + zip_strerror(archive_.get()));
    }
    constexpr size_t piece = 1U << 16;
    Bytes content;
    for (;;) {
        const size_t filled = content.size();
        content.resize(filled + piece);
        const zip_int64_t got = zip_fread(file.get(), content.data() + filled, piece);
        if (got < 0) {
            throw Error(path_ + ": " + in_quotes(name) +
                        " is damaged: " + zip_file_strerror(file.get()) + "; get the file again");
        }
        content.resize(filled + static_cast<size_t>(got));
        if (got == 0) return content;
        if (content.size() > limit_) {
            throw Error(path_ + ": " + in_quotes(name) +
                        " inflates to more than a thousand times the file; it is no model");
        }
    }
}

Bytes zip_archive(const std::vector<ZipMember>& members) {
    Failure failure;
    Source source(zip_source_buffer_create(nullptr, 0, 0, failure.get()));
    if (!source) fail_to_write(failure.text());
    zip_t* archive = zip_open_from_source(source.get(), ZIP_CREATE | ZIP_TRUNCATE, failure.get());
    if (archive == nullptr) fail_to_write(failure.text());
    zip_source_keep(source.get());  // closing the archive gives its own hold up
    try {
        for (const ZipMember& member : members) add_member(archive, member);
        if (zip_close(archive) != 0) fail_to_write(zip_strerror(archive));
    } catch (...) {
        zip_discard(archive);
        throw;
    }
    return content_of(source.get());
}

}  // namespace nutshell::tools

#endif  // NUTSHELL_ZIP
