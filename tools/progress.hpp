// SPDX-License-Identifier: MIT
// The line that moves while a long job runs: on standard error, and only when that is a terminal.
#pragma once
#include <functional>
#include <limits>
#include <string>

namespace nutshell::tools {

struct ProgressState {
    std::string label;                                          // what runs, e.g. "train"
    int epoch = 0;                                              // from 1
    int epochs = 0;                                             // 0 when the job has no epochs
    double done = 0;                                            // part of the whole job, 0..1
    double loss = std::numeric_limits<double>::quiet_NaN();     // NaN when there is none yet
    double watched = std::numeric_limits<double>::quiet_NaN();  // loss on held-out samples, or NaN
    double images_per_second = 0;                               // 0 when not known yet
    double seconds_left = -1;                                   // negative when not known yet
    double seconds_taken = -1;                                  // set when the job is over
};

/// One line of at most `width` columns, without an end of line. As the width shrinks the bar goes
/// first, then the rate, the loss, the time left; the label is cut last.
std::string format_progress(const ProgressState& state, int width, bool utf8);

/// "12 s", "3 min 05 s", "2 h 07 min".
std::string format_duration(double seconds);

/// Where progress is shown. The default writes to standard error and reads the steady clock.
struct ProgressOutput {
    bool terminal = false;  // false: nothing is ever written
    bool utf8 = false;
    std::function<int()> width;
    std::function<double()> seconds;
    std::function<void(const std::string&)> write;

    static ProgressOutput standard_error();
};

/// Shows a job of `epochs` passes over `images` images (epochs = 0: one pass, not called an
/// epoch). Appears after half a second, redraws at most ten times a second, and leaves the
/// terminal on a fresh line whatever ends the job. Never throws.
class Progress {
  public:
    Progress(const std::string& label, int epochs, long long images,
             ProgressOutput output = ProgressOutput::standard_error()) noexcept;
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// `images_done` of epoch `epoch` (from 1) are done; `loss` is NaN when there is none.
    void update(int epoch, long long images_done, double loss) noexcept;

    /// From now on, the loss on samples that are not trained on; NaN shows none.
    void watch(double loss) noexcept { state_.watched = loss; }

    /// Puts a line of text above the bar, for what shall stay to be read.
    void note(const std::string& line) noexcept;

    /// Leaves the last state as a finished line. Nothing is drawn afterwards.
    void finish() noexcept;

  private:
    void draw();

    ProgressOutput output_;
    ProgressState state_;
    long long images_ = 0;
    double started_ = 0, drawn_at_ = 0;
    double done_before_ = -1;  // images of epochs before the first one that is shown
    bool visible_ = false, finished_ = false;
};

}  // namespace nutshell::tools
