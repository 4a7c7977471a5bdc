// SPDX-License-Identifier: MIT
// On a board: an interrupt that comes at random moments infers with the model that the main line is
// inferring with, on a workspace of its own; neither ever gets a wrong answer. When both use one
// workspace wrong answers are seen, or the test would prove nothing.
#include <string.h>

#include "arena.hpp"
#include "nutshell/nutshell.hpp"
#include "platform/boards/common/board.hpp"
#include "timer.hpp"

using namespace nutshell;

namespace {

using Model = Autoencoder<Sequential<Dense<12, 9, Relu>, Dense<9, 4, Tanh>>,
                          Sequential<Dense<4, 9, Relu>, Dense<9, 12, Sigmoid>>>;
constexpr int kSize = Model::input_size;
constexpr uint32_t kPreemptions = 100000;

Model::Parameters weights, given_up;  // the second ones become int8
Calibration<Model> seen;
InPlaceInt8<Model> quantized;
Model model;

/// One that infers: what it reads, what it must get, and its memory.
struct Caller {
    float x[kSize], y[kSize], expected[kSize];
    int8_t codes[kSize], restored[kSize], expected_codes[kSize];
    Model::Workspace work;
    Int8Model<Model>::Workspace int8_work;
    uint32_t wrong;
};
Caller main_line, interrupt;
volatile bool inferring, shared;
volatile uint32_t preemptions;
tests::Random chance(20260101);

/// With the memory of another caller, perhaps. (A processor without a unit for floats takes int8.)
void infer(Caller& caller, Caller& memory) {
    bool good = quantized.model().reconstruct(caller.codes, caller.restored, memory.int8_work) ==
                    Status::ok &&
                memcmp(caller.restored, caller.expected_codes, sizeof caller.restored) == 0;
#if defined(__ARM_FP)
    good = model.reconstruct(caller.x, caller.y, memory.work) == Status::ok && good &&
           memcmp(caller.y, caller.expected, sizeof caller.y) == 0;
#endif
    if (!good) caller.wrong++;
}

/// What a caller must get: computed before there are interrupts.
bool prepare(Caller& caller, uint32_t seed) {
    for (int i = 0; i < kSize; i++) {
        caller.x[i] = uniform(random_word(seed, Purpose::shuffle, 0, static_cast<uint32_t>(i)));
    }
    quantize_values(caller.x, kSize, kPixels, caller.codes);
    Int8Model<Model>::Workspace& int8_work = caller.int8_work;
    return model.reconstruct(caller.x, caller.expected, caller.work) == Status::ok &&
           quantized.model().reconstruct(caller.codes, caller.expected_codes, int8_work) ==
               Status::ok;
}

/// The next interrupt comes a random while from now: up to a few thousand instructions.
void wait_a_while() { tests::start_timer(1 + (chance.next() >> tests::kTimerShift)); }

/// Wrong answers of `count` preemptions.
uint32_t wrong_of(uint32_t count) {
    main_line.wrong = interrupt.wrong = preemptions = 0;
    wait_a_while();
    tests::allow_timer();
    while (preemptions < count) {
        inferring = true;
        infer(main_line, main_line);
        inferring = false;
    }
    tests::stop_timer();
    return main_line.wrong + interrupt.wrong;
}

}  // namespace

extern "C" void nutshell_timer() noexcept {
    if (inferring) preemptions = preemptions + 1;
    infer(interrupt, shared ? main_line : interrupt);
    wait_a_while();
}

int main() {
    for (float& weight : weights.data) weight = 2.0f * uniform(chance.next()) - 1.0f;
    given_up = weights;
    model.bind(weights);
    for (uint32_t i = 0; i < 50; i++) {
        for (float& x : main_line.x) x = uniform(chance.next());
        if (seen.observe(weights, main_line.x) != Status::ok) return 1;
    }
    if (quantized.quantize(given_up, seen, kPixels) != Status::ok) return 1;
    if (!prepare(main_line, 1) || !prepare(interrupt, 2)) return 1;
    const uint32_t wrong = wrong_of(kPreemptions);
    shared = true;
    const uint32_t wrong_when_shared = wrong_of(kPreemptions / 100);
    board::print("preemptions of inference: ");
    board::print(static_cast<int32_t>(kPreemptions));
    board::print(", wrong answers: ");
    board::print(static_cast<int32_t>(wrong));
    board::print("; with one workspace, of ");
    board::print(static_cast<int32_t>(kPreemptions / 100));
    board::print(": ");
    board::print(static_cast<int32_t>(wrong_when_shared));
    board::print("\n");
    return wrong == 0 && wrong_when_shared > 0 ? 0 : 1;
}
