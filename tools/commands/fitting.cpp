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

FitResult fit_with_progress(const std::string& label, Graph& graph, const Dataset& train,
                            const Dataset& watched, const FitSettings& settings,
                            FitObserver observer, const TrainingState* from) {
    Progress progress(label, settings.epochs, train.count);
    const auto epoch_done = observer.epoch_done;
    observer.stop = &stop_asked;
    observer.progress = [&](int epoch, int samples, double loss, double) {
        progress.update(epoch, samples, loss);
    };
    observer.epoch_done = [&](const Epoch& epoch) {
        progress.watch(epoch.watched_loss);
        progress.update(epoch.number, train.count, epoch.train_loss);
        if (epoch_done) epoch_done(epoch);
    };
    std::signal(SIGINT, ask_to_stop);
    const FitResult result = fit(graph, train, watched, settings, observer, from);
    std::signal(SIGINT, SIG_DFL);
    progress.finish();
    return result;
}

int usual_threads() {
    return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 64);
}

}  // namespace nutshell::tools
