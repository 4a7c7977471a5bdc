// SPDX-License-Identifier: MIT
#include "fitting.hpp"

#include <algorithm>
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

Interruption::Interruption() { std::signal(SIGINT, ask_to_stop); }
Interruption::~Interruption() { std::signal(SIGINT, SIG_DFL); }
std::atomic<bool>* Interruption::asked() const { return &stop_asked; }

FitResult fit_with_progress(const std::string& label, Graph& graph, const Dataset& train,
                            const Dataset& watched, const FitSettings& settings,
                            FitObserver observer, const TrainingState* from) {
    Progress progress(label, settings.epochs, train.count);
    const auto epoch_done = observer.epoch_done;
    const Interruption interruption;
    observer.stop = interruption.asked();
    observer.progress = [&](int epoch, int samples, double loss, double) {
        progress.update(epoch, samples, loss);
    };
    observer.epoch_done = [&](const Epoch& epoch) {
        progress.watch(epoch.watched_loss);
        progress.update(epoch.number, train.count, epoch.train_loss);
        if (epoch_done) epoch_done(epoch);
    };
    const FitResult result = fit(graph, train, watched, settings, observer, from);
    progress.finish();
    return result;
}

const char* name_of(FitEnd end) {
    switch (end) {
        case FitEnd::finished:
            break;
        case FitEnd::stopped_early:
            return "stopped early";
        case FitEnd::interrupted:
            return "interrupted";
        case FitEnd::diverged:
            return "diverged";
    }
    return "finished";
}

int usual_threads() {
    return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 64);
}

}  // namespace nutshell::tools
