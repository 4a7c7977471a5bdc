// SPDX-License-Identifier: MIT
// Output is whole or absent: what stays on the disk when writing fails in each possible way.
#include "tools/atomic_file.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data_files.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using tools::AtomicFile;
using tools::write_file;

namespace {

/// The message with which writing to `path` is refused; empty when it is written.
std::string refusal_to_write(const std::string& path, const std::string& bytes) {
    try {
        write_file(path, bytes.data(), bytes.size());
    } catch (const tools::Error& error) {
        return error.what();
    }
    return "";
}

/// Lets files grow to `bytes` only, as a full disk would, until it goes.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) {
        REQUIRE(getrlimit(RLIMIT_FSIZE, &old_) == 0);
        handler_ = signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{bytes, old_.rlim_max};
        REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;
    ~FileSizeLimit() {
        setrlimit(RLIMIT_FSIZE, &old_);
        signal(SIGXFSZ, handler_);
    }

  private:
    rlimit old_{};
    void (*handler_)(int);
};

/// Root may write anywhere; a test that root runs goes on as the user nobody, who is given the
/// paths.
class OrdinaryUser {
  public:
    explicit OrdinaryUser(const std::vector<std::string>& paths) : root_(geteuid() == 0) {
        if (!root_) return;
        const uid_t nobody = 65534;
        for (const std::string& path : paths) REQUIRE(chown(path.c_str(), nobody, gid_t(-1)) == 0);
        REQUIRE(seteuid(nobody) == 0);
    }
    OrdinaryUser(const OrdinaryUser&) = delete;
    OrdinaryUser& operator=(const OrdinaryUser&) = delete;
    ~OrdinaryUser() {
        if (root_) REQUIRE(seteuid(0) == 0);
    }

  private:
    bool root_;
};

}  // namespace

TEST_CASE("a file appears under its name only when it is complete") {
    const TemporaryFolder folder;
    const std::string path = folder.path("out");
    AtomicFile file(path);
    file.write("hello ", 6);
    CHECK_FALSE(std::filesystem::exists(path));
    file.write("world", 5);
    file.commit();
    CHECK(read_back(path) == "hello world");
    CHECK(folder.names().size() == 1);
}

TEST_CASE("a file that is not committed leaves the old one and no temporary") {
    const TemporaryFolder folder;
    const std::string path = folder.file("out", "old");
    {
        AtomicFile file(path);
        file.write("new", 3);
        CHECK(folder.names().size() == 2);
    }
    CHECK(read_back(path) == "old");
    CHECK(folder.names().size() == 1);
}

TEST_CASE("two files of one folder can be written at once") {
    const TemporaryFolder folder;
    AtomicFile first(folder.path("a"));
    AtomicFile second(folder.path("b"));
    first.write("1", 1);
    second.write("2", 1);
    second.commit();
    first.commit();
    CHECK(read_back(folder.path("a")) == "1");
    CHECK(read_back(folder.path("b")) == "2");
}

TEST_CASE("replacing a file keeps its permissions, and a link goes on pointing to it") {
    const TemporaryFolder folder;
    const std::string path = folder.file("real", "old");
    REQUIRE(chmod(path.c_str(), 0640) == 0);
    std::filesystem::create_symlink("real", folder.path("link"));
    CHECK(refusal_to_write(folder.path("link"), "new") == "");
    CHECK(std::filesystem::is_symlink(folder.path("link")));
    CHECK(read_back(path) == "new");
    struct stat info {};
    REQUIRE(stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0640);
}

TEST_CASE("a path in a folder that does not exist is refused with the system's reason") {
    const TemporaryFolder folder;
    const std::string path = folder.path("none/out");
    CHECK(refusal_to_write(path, "x") == path + ": cannot be written: No such file or directory");
}

TEST_CASE("a folder as the target is refused and stays") {
    const TemporaryFolder folder;
    const std::string message = refusal_to_write(folder.path(), "x");
    CHECK(message.find(folder.path() + ": is a folder") == 0);
    CHECK(folder.names().empty());
}

TEST_CASE("a full disk leaves the old file and no temporary") {
    const TemporaryFolder folder;
    const std::string path = folder.file("out", "old");
    std::string message;
    {
        const FileSizeLimit limit(4096);
        message = refusal_to_write(path, std::string(10000, 'x'));
    }
    CHECK(message == path + ": cannot be written: File too large");
    CHECK(read_back(path) == "old");
    CHECK(folder.names().size() == 1);
}

TEST_CASE("a device is written directly, and its failure is reported") {
    CHECK(refusal_to_write("/dev/null", "x") == "");
    CHECK(std::filesystem::is_character_file("/dev/null"));
    CHECK(refusal_to_write("/dev/full", "x") ==
          "/dev/full: cannot be written: No space left on device");
}

TEST_CASE("a write-protected file or folder is refused and unchanged") {
    const TemporaryFolder folder;
    const std::string path = folder.file("out", "old");
    REQUIRE(chmod(path.c_str(), 0440) == 0);
    const OrdinaryUser user({folder.path(), path});
    CHECK(refusal_to_write(path, "x") == path + ": cannot be written: Permission denied");
    REQUIRE(chmod(folder.path().c_str(), 0555) == 0);
    CHECK(refusal_to_write(folder.path("new"), "x") ==
          folder.path("new") + ": cannot be written: Permission denied");
    REQUIRE(chmod(folder.path().c_str(), 0755) == 0);
    CHECK(read_back(path) == "old");
    CHECK(folder.names().size() == 1);
}
