// SPDX-License-Identifier: MIT
// Zip archives in memory, the container of .npz and .keras files, by libzip. Nothing is unpacked
// to disk, and members grow with what comes out, never with what their headers say.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "tools/data/bytes.hpp"

struct zip;

namespace nutshell::tools {

class ZipArchive {
  public:
    /// The file's bytes must outlive the archive. Throws Error, beginning with `path`.
    ZipArchive(ByteView file, const std::string& path);

    /// In the order of the archive.
    const std::vector<std::string>& names() const { return names_; }
    bool has(const std::string& name) const;
    /// The content of a member. Throws Error when there is none of this name, when it is damaged or
    /// encrypted, or when it inflates to more than a thousand times the file.
    Bytes read(const std::string& name) const;

  private:
    struct Discard {
        void operator()(zip* archive) const;
    };
    std::string path_;
    size_t limit_;
    std::unique_ptr<zip, Discard> archive_;
    std::vector<std::string> names_;
};

struct ZipMember {
    std::string name;
    Bytes content;
};

/// An archive of these members, stored without compression and without dates: the same bytes for
/// the same members.
Bytes zip_archive(const std::vector<ZipMember>& members);

}  // namespace nutshell::tools
