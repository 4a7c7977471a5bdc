// SPDX-License-Identifier: MIT
#include "fitting.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <thread>

#include "tools/progress.hpp"

namespace nutshell::tools {
namespace {

std::atomic<bool> stop_asked{false};

void ask_to_stop(int) {
    stop_asked = true;
    std::signal(SIGINT, SIG_DFL);
}

}  // namespace

FitResult fit_with_progress(const std::string& label, Graph& graph, const DataSource& source,
                            const FitSettings& settings,
                            const std::function<void(const Epoch&)>& epoch_done) {
    Progress progress(label, settings.epochs, source.train.count);
    FitObserver observer;
    observer.stop = &stop_asked;
    observer.progress = [&](int epoch, int samples, double loss, double) {
        progress.update(epoch, samples, loss);
    };
    observer.epoch_done = [&](const Epoch& epoch) {
        progress.update(epoch.number, source.train.count, epoch.train_loss);
        if (epoch_done) epoch_done(epoch);
    };
    std::signal(SIGINT, ask_to_stop);
    const FitResult result = fit(graph, source.train, source.test, settings, observer);
    std::signal(SIGINT, SIG_DFL);
    progress.finish();
    return result;
}

int usual_threads() {
    return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 64);
}

}  // namespace nutshell::tools
