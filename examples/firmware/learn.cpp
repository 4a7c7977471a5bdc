// SPDX-License-Identifier: MIT
// A board that learns: a Cortex-M4 trains the tutorial's model in 192 KB of RAM, its stack
// included. Each image comes, moves the weights a little and is gone; no more than one is ever in
// memory. Here they come from two files of IDX images on the machine that runs the emulator or the
// debugger, in a product from a sensor. Prints the loss on images that it has not learned from,
// before and after.
#include "nutshell/crc.hpp"
#include "nutshell/image.hpp"
#include "nutshell/trainer.hpp"
#include "platform/boards/common/board.hpp"

using namespace nutshell;
using Model = Autoencoder<Sequential<Dense<784, 24, Relu>>, Sequential<Dense<24, 784, Sigmoid>>>;

static Model::Parameters weights;
static SampleTrainer<Model> trainer;  // changes the weights while it computes the gradients
static float image[Model::input_size];
static_assert(sizeof weights + sizeof trainer + sizeof image <= 160 * 1024, "fits a small board");

struct Course {
    uint32_t beginnings;  // times that it is taken, each from other weights
    int images;           // to learn from
    int passes;           // over them
    float rate;           // falls to 0
    int held_out;         // images to test with
};
#if defined(NUTSHELL_LONG_COURSE)
static constexpr Course kCourse{1, 60000, 5, 1.6f, 10000};
#else
static constexpr Course kCourse{3, 2000, 1, 3.0f, 200};
#endif

static bool read_image(const char* file, int index) {
    static uint8_t pixels[Model::input_size];
    const size_t offset = 16 + static_cast<size_t>(index) * sizeof pixels;
    if (board::read_host_file(file, offset, pixels, sizeof pixels) != sizeof pixels) return false;
    to_float(pixels, Model::input_size, image);
    return true;
}

static void expect(bool good, const char* what) {
    if (good) return;
    board::print(what);
    board::print("\n");
    board::exit(1);
}

/// The mean loss on images of the file, in millionths.
static int32_t loss_on(const char* file) {
    float sum = 0;
    for (int i = 0; i < kCourse.held_out; i++) {
        float loss = 0;
        expect(read_image(file, i), "no image to test with");
        // A step of length 0 only measures.
        expect(trainer.step(weights, image, image, 0.0f, &loss) == Status::ok, "a bad image");
        sum += loss;
    }
    return static_cast<int32_t>(1e6f / kCourse.held_out * sum);
}

static void learn(uint32_t seed) {
    initialize<Model>(weights, seed);
    const int32_t before = loss_on("held_out");
    constexpr int steps = kCourse.passes * kCourse.images;
    for (int i = 0; i < steps; i++) {
        expect(read_image("learned", i % kCourse.images), "no image to learn from");
        const float rate = linear_decay(kCourse.rate, i, steps);
        expect(trainer.step(weights, image, image, rate) == Status::ok, "a bad image");
    }
    board::print("loss in millionths, before and after, and check sum of the weights: ");
    board::print(before);
    board::print(" ");
    board::print(loss_on("held_out"));
    board::print(" ");
    const uint8_t* const bytes = reinterpret_cast<const uint8_t*>(weights.data);
    board::print(static_cast<int32_t>(crc32c(0, bytes, sizeof weights.data)));
    board::print("\n");
}

static void take_course() {
    for (uint32_t seed = 1; seed <= kCourse.beginnings; seed++) learn(seed);
}

int main() {
    const size_t stack = board::stack_of(take_course);
    board::print("stack ");
    board::print(static_cast<int32_t>(stack));
    board::print("\n");
    return 0;
}
