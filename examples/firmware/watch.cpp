// SPDX-License-Identifier: MIT
// A board that watches a machine. It sees 32 numbers at a time, the strength of 32 bands of the
// machine's vibration; first it learns what is normal, one spectrum at a time, then it sets its
// threshold from the scores of further normal ones, and from then on it raises an alarm when a few
// in a row do not fit, and says which bands are to blame. Nothing is known in advance, nothing is
// stored: all of it takes less than 4 KB of RAM.
//
// The spectra come from a file of bytes, 32 a spectrum, on the machine that runs the emulator or
// the debugger; in a product from an accelerometer.
#include <string.h>

#include "nutshell/anomaly.hpp"
#include "nutshell/crc.hpp"
#include "nutshell/image.hpp"
#include "nutshell/trainer.hpp"
#include "platform/boards/common/board.hpp"

using namespace nutshell;
using Model = Autoencoder<Sequential<Dense<32, 8, Tanh>>, Sequential<Dense<8, 32>>>;
using Detector = AnomalyDetector<Model>;

static constexpr int kLearned = 3000, kFitted = 1000;  // spectra to learn from, to set the bound by
static constexpr float kFalseAlarms = 0.01f;           // part of normal spectra beyond the bound
static constexpr int kBlamed = 3;

static Model::Parameters weights;
static SampleTrainer<Model, MeanSquaredError> trainer;
static Model model;
static Detector::Workspace work;
static float bands[Model::input_size];
static_assert(sizeof weights + sizeof trainer + sizeof work + sizeof bands <= 4096,
              "fits a small board");

static bool read_spectrum(int index) {
    static uint8_t bytes[Model::input_size];
    const size_t offset = static_cast<size_t>(index) * sizeof bytes;
    if (board::read_host_file("spectra", offset, bytes, sizeof bytes) != sizeof bytes) return false;
    to_float(bytes, Model::input_size, bands);
    return true;
}

static void print(const char* text, int32_t number) {
    board::print(text);
    board::print(number);
}

static void expect(bool good, const char* what) {
    if (good) return;
    board::print(what);
    board::print("\n");
    board::exit(1);
}

static float score_of_bands(const Detector& detector) {
    float score = 0;
    expect(detector.score(bands, score, work) == Status::ok, "a bad spectrum");
    return score;
}

static void learn() {
    initialize<Model>(weights, 1);
    for (int i = 0; i < kLearned; i++) {
        expect(read_spectrum(i), "too few spectra to learn from");
        const float rate = linear_decay(2.0f, i, kLearned);
        expect(trainer.step(weights, bands, bands, rate) == Status::ok, "a bad spectrum");
    }
    model.bind(weights);
    const uint8_t* const bytes = reinterpret_cast<const uint8_t*>(weights.data);
    print("learned; check sum of the weights ",
          static_cast<int32_t>(crc32c(0, bytes, sizeof weights.data)));
    board::print("\n");
}

static float set_threshold(const Detector& detector) {
    QuantileThreshold normal(kFalseAlarms);
    for (int i = kLearned; i < kLearned + kFitted; i++) {
        expect(read_spectrum(i), "too few spectra to set a threshold by");
        expect(normal.add(score_of_bands(detector)) == Status::ok, "a bad score");
    }
    float threshold = 0;
    expect(normal.threshold(threshold) == Status::ok, "too few spectra to set a threshold by");
    print("threshold in millionths ", static_cast<int32_t>(1e6f * threshold));
    uint32_t bits;
    memcpy(&bits, &threshold, sizeof bits);
    board::print(", bits ");
    board::print_hex(bits);
    board::print("\n");
    return threshold;
}

static void say_what_is_odd(const Detector& detector, int index, float score) {
    Blame most[kBlamed];
    expect(detector.blame(bands, most, kBlamed, work) == Status::ok, "a bad spectrum");
    print("alarm at ", index);
    print(", score in millionths ", static_cast<int32_t>(1e6f * score));
    board::print(":");
    for (const Blame& blame : most) {
        print(" band ", blame.feature);
        print(blame.error > 0 ? " too strong (" : " too weak (",
              static_cast<int32_t>(100 * blame.share));
        board::print(" %)");
    }
    board::print("\n");
}

static void watch() {
    learn();
    const Detector detector(model);
    const float threshold = set_threshold(detector);
    Alarm alarm({threshold, 0.9f * threshold, 3, 5});
    int index = kLearned + kFitted;
    for (; read_spectrum(index); index++) {
        const float score = score_of_bands(detector);
        const bool before = alarm.raised();
        if (alarm.update(score) == before) continue;
        if (before) {
            print("all is well again at ", index);
            board::print("\n");
        } else {
            say_what_is_odd(detector, index, score);
        }
    }
    print("watched until ", index);
    board::print("\n");
}

int main() {
    const size_t stack = board::stack_of(watch);
    print("stack ", static_cast<int32_t>(stack));
    board::print("\n");
    return 0;
}
