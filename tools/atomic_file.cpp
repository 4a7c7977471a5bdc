// SPDX-License-Identifier: MIT
// Temporary, fsync, rename: the POSIX recipe behind AtomicFile.
#include "atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "error.hpp"

namespace nutshell::tools {

namespace {

namespace fs = std::filesystem;

std::string folder_of(const std::string& path) {
    const std::string folder = fs::path(path).parent_path().string();
    return folder.empty() ? "." : folder;
}

/// A rename survives a power cut only when the folder is flushed too. Some file systems cannot, and
/// the file is whole either way, so failure is not an error.
void flush_folder(const std::string& folder) {
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;
    (void)::fsync(descriptor);
    (void)::close(descriptor);
}

}  // namespace

AtomicFile::AtomicFile(const std::string& path) : path_(path), target_(path) {
    struct stat old {};
    const bool exists = ::stat(path.c_str(), &old) == 0;
    if (exists && S_ISDIR(old.st_mode)) {
        throw Error(path + ": is a folder; give the name of a file");
    }
    if (exists && !S_ISREG(old.st_mode)) {
        descriptor_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
        if (descriptor_ < 0) fail();
        return;
    }
    if (exists) {
        if (::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0) fail();
        std::error_code error;
        const fs::path real = fs::canonical(path, error);
        if (!error) target_ = real.string();
    }
    open_temporary();
    if (exists) (void)::fchmod(descriptor_, old.st_mode & 07777U);
}

AtomicFile::~AtomicFile() {
    if (descriptor_ >= 0) (void)::close(descriptor_);
    if (!temporary_.empty()) (void)::unlink(temporary_.c_str());
}

void AtomicFile::open_temporary() {
    const std::string stem = folder_of(target_) + "/.nutshell-" + std::to_string(::getpid()) + "-";
    // A name may be taken by another file of this process, or by one that a crash left behind.
    for (int number = 0; number < 1000; number++) {
        const std::string name = stem + std::to_string(number) + ".tmp";
        descriptor_ = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor_ >= 0) {
            temporary_ = name;
            return;
        }
        if (errno != EEXIST) break;
    }
    fail();
}

void AtomicFile::write(const void* data, size_t size) {
    const char* next = static_cast<const char*>(data);
    while (size > 0) {
        // One call moves at most 2 GiB anyway; smaller pieces keep Ctrl-C prompt.
        const ssize_t written = ::write(descriptor_, next, std::min<size_t>(size, 1U << 24));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail();
        next += written;
        size -= static_cast<size_t>(written);
    }
}

void AtomicFile::commit() {
    if (!temporary_.empty() && ::fsync(descriptor_) != 0) fail();
    const int closed = ::close(descriptor_);
    descriptor_ = -1;
    if (closed != 0) fail();
    if (temporary_.empty()) return;
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail();
    temporary_.clear();
    flush_folder(folder_of(target_));
}

void AtomicFile::fail() const {
    const int reason = errno;
    throw Error(path_ + ": cannot be written: " + std::strerror(reason));
}

void write_file(const std::string& path, const void* data, size_t size) {
    AtomicFile file(path);
    file.write(data, size);
    file.commit();
}

}  // namespace nutshell::tools
