// SPDX-License-Identifier: MIT
// The nutshell command as a user or a script runs it: arguments in; exit status, standard output
// and standard error out.
#pragma once
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data_files.hpp"

namespace nutshell::tests {

/// How a command ended.
struct Outcome {
    int status = -1;  ///< exit status, or -1 when a signal ended it
    std::string out, err;
};

/// A folder of its own, and commands run in it: names of files are relative to it.
class Desk : public TemporaryFolder {
  public:
    /// A running command. wait() it once.
    class Job {
      public:
        void send(int signal) const { REQUIRE(kill(process_, signal) == 0); }
        bool running() const {
            siginfo_t info{};
            return waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT) ==
                       0 &&
                   info.si_pid == 0;
        }
        Outcome wait() {
            waitpid(process_, &state_, 0);
            Outcome outcome;
            outcome.status = WIFEXITED(state_) ? WEXITSTATUS(state_) : -1;
            outcome.out = contents(out_);
            outcome.err = contents(err_);
            return outcome;
        }

      private:
        friend class Desk;
        static std::string contents(FILE* file) {
            std::string text;
            rewind(file);
            for (int next; (next = fgetc(file)) != EOF;) text += static_cast<char>(next);
            fclose(file);
            return text;
        }
        pid_t process_ = 0;
        int state_ = 0;
        FILE* out_ = nullptr;
        FILE* err_ = nullptr;
    };

    std::vector<std::string> environment;  ///< "NAME=value" for the commands to come
    rlim_t largest_file = RLIM_INFINITY;   ///< bytes; what a full disk is like

    Job start(const std::string& line) const {
        Job job;
        job.out_ = tmpfile();
        job.err_ = tmpfile();
        REQUIRE(job.out_ != nullptr);
        REQUIRE(job.err_ != nullptr);
        job.process_ = fork();
        REQUIRE(job.process_ >= 0);
        if (job.process_ == 0) become(line, fileno(job.out_), fileno(job.err_));
        return job;
    }

    /// Runs `nutshell <line>`; words are separated by spaces.
    Outcome run(const std::string& line) const { return start(line).wait(); }

    /// Runs it, requires success, and gives its JSON object, the only thing on standard output.
    nlohmann::json run_json(const std::string& line) const {
        const Outcome outcome = run(line + " --json");
        INFO(line, "\n", outcome.err);
        REQUIRE(outcome.status == 0);
        CHECK(outcome.err == "");
        const nlohmann::json object = nlohmann::json::parse(outcome.out, nullptr, false);
        REQUIRE(object.is_object());
        return object;
    }

    /// Runs it and checks that it ends with `status` after one line on standard error that holds
    /// every one of the words, says nothing else, and leaves every file of the folder as it was.
    void check_refused(const std::string& line, const std::vector<std::string>& words,
                       int status = 2) const {
        const std::map<std::string, std::string> before = contents();
        const Outcome outcome = run(line);
        INFO("nutshell ", line, "\n", outcome.err);
        CHECK(outcome.status == status);
        CHECK(outcome.out == "");
        CHECK(outcome.err.rfind("nutshell: ", 0) == 0);
        CHECK(outcome.err.find('\n') == outcome.err.size() - 1);
        for (const std::string& word : words) {
            INFO("expected: ", word);
            CHECK(outcome.err.find(word) != std::string::npos);
        }
        CHECK(contents() == before);
    }

    /// Every file by name, temporary ones too; a folder has no content.
    std::map<std::string, std::string> contents() const {
        std::map<std::string, std::string> all;
        for (const std::string& name : names()) {
            all[name] = std::filesystem::is_directory(path(name)) ? "" : read(name);
        }
        return all;
    }
    bool has(const std::string& name) const { return access(path(name).c_str(), F_OK) == 0; }
    std::string read(const std::string& name) const { return read_back(path(name)); }

  private:
    [[noreturn]] void become(const std::string& line, int out, int err) const {
        std::vector<std::string> words{NUTSHELL_TOOL};
        for (size_t begin = 0, end; begin <= line.size(); begin = end + 1) {
            end = std::min(line.find(' ', begin), line.size());
            if (end > begin) words.push_back(line.substr(begin, end - begin));
        }
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        unsetenv("NUTSHELL_PLATFORM");
        for (std::string setting : environment) {
            const size_t equals = setting.find('=');
            setenv(setting.substr(0, equals).c_str(), setting.c_str() + equals + 1, 1);
        }
        const struct rlimit limit { largest_file, RLIM_INFINITY };
        const int nothing = open("/dev/null", O_RDONLY);
        const bool ready = chdir(path().c_str()) == 0 && dup2(nothing, 0) == 0 &&
                           dup2(out, 1) == 1 && dup2(err, 2) == 2 &&
                           setrlimit(RLIMIT_FSIZE, &limit) == 0;
        if (ready) execv(NUTSHELL_TOOL, arguments.data());
        _exit(127);
    }
};

/// Rows of 6 numbers in 0..1 that two hidden numbers explain, as .csv.
inline std::string six_columns(int rows) {
    std::string text;
    for (int row = 0; row < rows; row++) {
        const int a = row * 37 % 101, b = row * 53 % 97;
        for (int column = 0; column < 6; column++) {
            text += "0." + std::to_string(100 + (a * column + b * (5 - column)) * 9 / 6);
            text += column < 5 ? ',' : '\n';
        }
    }
    return text;
}

/// A training on such a file, done in a moment.
inline const std::string kSmall = "train --data rows.csv --layers 6,2,6 --lr 0.01 --epochs 5 ";

}  // namespace nutshell::tests
