// SPDX-License-Identifier: MIT
// A stream of readings, from the sensor to the alarm: windows that overlap, a model that learns
// what is normal, a threshold learned from its scores, an alarm that does not flutter, and the
// readings that are to blame. Every step runs on a device; the vibration is synthetic.
#include <math.h>
#include <stdio.h>

#include <nutshell/nutshell.hpp>

using namespace nutshell;
using Model = Autoencoder<Sequential<Dense<64, 8, Tanh>>, Sequential<Dense<8, 64>>>;

static Model::Parameters weights;
static SampleTrainer<Model, MeanSquaredError> trainer;
static Model model;
static AnomalyDetector<Model>::Workspace work;

/// A shaft that turns, and a bearing that rings when it is faulty.
static float reading(int t, bool faulty) {
    const float time = static_cast<float>(t % 1000) / 1000,
                noise = uniform(random_word(1, Purpose::shuffle, 0, static_cast<uint32_t>(t)));
    const float shaft = sinf(6.2832f * 30 * time) + 0.5f * sinf(6.2832f * 60 * time + 1);
    const float knock = t % 10 == 0 ? 0.8f : t % 10 == 1 ? -0.5f : 0.0f;
    return shaft + 0.1f * noise + (faulty ? knock : 0.0f);
}

int main() {
    SlidingWindow<64, 32> stream;
    static float window[64];
    const AnomalyDetector<Model> detector(model);
    QuantileThreshold normal(0.01f);  // one false alarm in a hundred windows
    initialize<Model>(weights, 1);
    model.bind(weights);

    const int learning = 128000, fitting = 192000, healthy = 256000, end = 257600;
    Alarm alarm({HUGE_VALF, HUGE_VALF});
    float score = 0, limit = 0;
    int alarms_when_healthy = 0;
    for (int t = 0; t < end; t++) {
        if (!stream.push(reading(t, t >= healthy))) continue;
        stream.copy(window);
        if (t < learning) {
            const float rate = linear_decay(0.3f, t, learning);
            if (trainer.step(weights, window, window, rate) != Status::ok) return 1;
            continue;
        }
        if (detector.score(window, score, work) != Status::ok) return 1;
        if (t < fitting) {
            if (normal.add(score) != Status::ok) return 1;
            if (normal.threshold(limit) != Status::ok) continue;  // not enough of them yet
            alarm = Alarm({limit, 0.8f * limit, 3, 3});           // three windows in a row
            continue;
        }
        if (!alarm.update(score)) continue;
        if (t < healthy) {
            alarms_when_healthy++;
            continue;
        }
        Blame most;
        if (detector.blame(window, &most, 1, work) != Status::ok) return 1;
        printf("threshold %.4f from %u windows, false alarms since: %d\n",
               static_cast<double>(limit), static_cast<unsigned>(normal.count()),
               alarms_when_healthy);
        printf(
            "alarm %d readings after the fault: score %.4f, most of it at reading %d (%.0f %%)\n",
            t - healthy, static_cast<double>(score), static_cast<int>(most.feature),
            100 * static_cast<double>(most.share));
        return alarms_when_healthy == 0 ? 0 : 1;
    }
    puts("the fault was not noticed");
    return 1;
}
