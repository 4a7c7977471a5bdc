// SPDX-License-Identifier: MIT
// Output that appears under its name only when it is whole: written to a temporary file beside the
// target, flushed to the disk, then renamed. Until then the old file stays as it was.
#pragma once
#include <cstddef>
#include <string>

namespace nutshell::tools {

/// One file being written. Destroying it before commit() removes the temporary and leaves the old
/// file alone; so constructing one and letting it go proves that the path can be written.
/// A target that is a device or a pipe has no old content to keep and is written directly.
/// Every failure throws Error with the path and the system's reason.
class AtomicFile {
  public:
    /// Opens the temporary in the target's folder. The target may exist (its permissions are kept)
    /// and may be a link (the file it points to is replaced), but not be a folder or
    /// write-protected.
    explicit AtomicFile(const std::string& path);
    ~AtomicFile();
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    /// Appends `size` bytes.
    void write(const void* data, size_t size);

    /// Makes the file appear under its name. Call once, last.
    void commit();

  private:
    [[noreturn]] void fail() const;
    void open_temporary();

    std::string path_;       // as the user gave it, for messages
    std::string target_;     // path_ with links followed
    std::string temporary_;  // empty when the target is written directly
    int descriptor_ = -1;
};

/// Writes a whole file through AtomicFile.
void write_file(const std::string& path, const void* data, size_t size);

}  // namespace nutshell::tools
