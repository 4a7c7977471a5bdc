// SPDX-License-Identifier: MIT
// Formatting is a function of state and width; the class only measures time and keeps the line.
#include "progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

#include "picture/ticks.hpp"
#include "picture/utf8.hpp"
#include "terminal.hpp"

namespace nutshell::tools {
namespace {

constexpr double kFirstDraw = 0.5, kRedraw = 0.1;  // seconds
constexpr int kSmallestBar = 8, kLargestBar = 40;
constexpr const char* kStartOfLine = "\r\x1b[K";  // and whatever stood there is gone

double part(double value) { return value > 0 ? std::min(1.0, value) : 0; }

std::string bar(double done, int width, bool utf8) {
    const int full = static_cast<int>(part(done) * width);
    std::string text = utf8 ? "" : "[";
    for (int i = 0; i < width; ++i)
        text += i < full ? (utf8 ? "\u2588" : "#") : (utf8 ? "\u2591" : ".");
    return utf8 ? text : text + "]";
}

std::string printed(const char* format, double value) {
    char text[64];
    std::snprintf(text, sizeof text, format, value);
    return text;
}

std::string head(const ProgressState& state) {
    if (state.epochs <= 0) return state.label;
    const std::string all = std::to_string(state.epochs);
    std::string now = std::to_string(state.epoch);
    now.insert(0, now.size() < all.size() ? all.size() - now.size() : 0, ' ');
    return state.label + "  epoch " + now + "/" + all;
}

/// What follows the bar, the most needed first.
std::vector<std::string> facts(const ProgressState& state) {
    std::vector<std::string> texts{printed("%3.0f%%", std::floor(part(state.done) * 100))};
    if (state.seconds_taken >= 0)
        texts.push_back("in " + format_duration(state.seconds_taken));
    else if (state.seconds_left >= 0)
        texts.push_back(format_duration(state.seconds_left) + " left");
    if (!std::isnan(state.loss)) texts.push_back(printed("loss %.4g", state.loss));
    if (!std::isnan(state.watched)) texts.push_back(printed("held-out %.4g", state.watched));
    if (state.images_per_second > 0)
        texts.push_back(format_number(std::round(state.images_per_second), 3) + " images/s");
    return texts;
}

}  // namespace

std::string format_duration(double seconds) {
    if (!(seconds >= 0) || seconds > 3.6e8) return "?";
    const long long whole = std::llround(seconds);
    char text[48];
    if (whole < 60)
        std::snprintf(text, sizeof text, "%lld s", whole);
    else if (whole < 3600)
        std::snprintf(text, sizeof text, "%lld min %02lld s", whole / 60, whole % 60);
    else
        std::snprintf(text, sizeof text, "%lld h %02lld min", whole / 3600, whole / 60 % 60);
    return text;
}

std::string format_progress(const ProgressState& state, int width, bool utf8) {
    const std::string first = head(state);
    if (count_characters(first) >= width) return first_characters(first, std::max(0, width));
    std::string tail;
    int room = width - count_characters(first);
    for (const std::string& fact : facts(state)) {
        const int needed = 2 + static_cast<int>(fact.size());
        if (needed > room) break;
        tail += "  " + fact;
        room -= needed;
    }
    const int frame = utf8 ? 2 : 4;  // two spaces, and brackets around plain bars
    const int length = std::min(kLargestBar, room - frame);
    if (length < kSmallestBar) return first + tail;
    return first + "  " + bar(state.done, length, utf8) + tail;
}

ProgressOutput ProgressOutput::standard_error() {
    ProgressOutput output;
    output.terminal = is_terminal(STDERR_FILENO);
    output.utf8 = terminal_speaks_utf8();
    output.width = [] { return terminal_width(STDERR_FILENO); };
    output.seconds = [] {
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        return std::chrono::duration<double>(now).count();
    };
    output.write = [](const std::string& text) {
        std::fwrite(text.data(), 1, text.size(), stderr);
        std::fflush(stderr);
    };
    return output;
}

Progress::Progress(const std::string& label, int epochs, long long images,
                   ProgressOutput output) noexcept
    : output_(std::move(output)), images_(std::max(1LL, images)) {
    try {
        state_.label = label;
        state_.epochs = epochs;
        if (output_.terminal) started_ = output_.seconds();
    } catch (...) {
        output_.terminal = false;
    }
}

Progress::~Progress() { finish(); }

void Progress::update(int epoch, long long images_done, double loss) noexcept {
    if (!output_.terminal || finished_) return;
    try {
        const double now = output_.seconds(), elapsed = now - started_;
        const double all = static_cast<double>(images_) * std::max(1, state_.epochs);
        const double before = static_cast<double>(images_) * std::max(0, epoch - 1);
        const double done = before + static_cast<double>(images_done);
        if (done_before_ < 0) done_before_ = before;
        const double rate = elapsed > 0 ? (done - done_before_) / elapsed : 0;
        state_.epoch = epoch;
        state_.loss = loss;
        state_.done = part(done / all);
        state_.images_per_second = rate;
        state_.seconds_left = rate > 0 ? std::max(0.0, all - done) / rate : -1;
        if (elapsed >= kFirstDraw && (!visible_ || now - drawn_at_ >= kRedraw)) draw();
    } catch (...) {
        output_.terminal = false;
    }
}

void Progress::draw() {
    // The last column stays free: some terminals wrap when it is written.
    const std::string line = format_progress(state_, output_.width() - 1, output_.utf8);
    output_.write(kStartOfLine + line);
    drawn_at_ = output_.seconds();
    visible_ = true;
}

void Progress::note(const std::string& line) noexcept {
    if (!output_.terminal) return;
    try {
        output_.write((visible_ && !finished_ ? kStartOfLine : "") + line + "\n");
        if (visible_ && !finished_) draw();
    } catch (...) {
        output_.terminal = false;
    }
}

void Progress::finish() noexcept {
    if (!output_.terminal || finished_) return;
    finished_ = true;
    try {
        if (!visible_) return;
        state_.seconds_taken = output_.seconds() - started_;
        draw();
        output_.write("\n");
    } catch (...) {
        output_.terminal = false;
    }
}

}  // namespace nutshell::tools
