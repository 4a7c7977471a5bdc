// SPDX-License-Identifier: MIT
// A board that learns: a Cortex-M4 trains the tutorial's model in 192 KB of RAM, its stack
// included. Each image comes, moves the weights a little and is gone; no more than one is ever in
// memory. Here they come from two files of IDX images on the machine that runs the emulator or the
// debugger, in a product from a sensor. Prints the loss on images that it has not learned from,
// before and after. Then the board quantizes the model over its own float weights, which it gives
// up, and prints how well the int8 model restores the same images, beside the floats.
#include "nutshell/crc.hpp"
#include "nutshell/image.hpp"
#include "nutshell/quantize_in_place.hpp"
#include "nutshell/trainer.hpp"
#include "platform/boards/common/board.hpp"

using namespace nutshell;
using Model = Autoencoder<Sequential<Dense<784, 24, Relu>>, Sequential<Dense<24, 784, Sigmoid>>>;

static Model::Parameters weights;
static SampleTrainer<Model> trainer;  // changes the weights while it computes the gradients
static Calibration<Model> seen;
static InPlaceInt8<Model> quantized;
static uint8_t pixels[Model::input_size];
static float image[Model::input_size], restored[Model::output_size];
static int8_t codes[Model::output_size];
static Model::Workspace work;
static Int8Model<Model>::Workspace int8_work;
static_assert(sizeof weights + sizeof trainer + sizeof seen + sizeof quantized + sizeof pixels +
                      sizeof image + sizeof restored + sizeof codes + sizeof work +
                      sizeof int8_work <=
                  180 * 1024,
              "fits a small board");

struct Course {
    uint32_t beginnings;  // times that it is taken, each from other weights
    int images;           // to learn from
    int passes;           // over them
    float rate;           // falls to 0
    int held_out;         // images to test with
    int calibrated;       // images that show the ranges for int8
};
#if defined(NUTSHELL_LONG_COURSE)
static constexpr Course kCourse{1, 60000, 5, 1.6f, 10000, 1000};
#else
static constexpr Course kCourse{3, 2000, 1, 3.0f, 200, 100};
#endif

static bool read_image(const char* file, int index) {
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

/// The sum of the squared differences between `restored` and `image`.
static float squared_error() {
    float sum = 0;
    for (int i = 0; i < Model::output_size; i++) {
        sum += (restored[i] - image[i]) * (restored[i] - image[i]);
    }
    return sum;
}

/// The mean squared error of a pixel, in millionths, over all images to test with.
template <Status (*Restore)()>
static int32_t error_of() {
    float sum = 0;
    for (int i = 0; i < kCourse.held_out; i++) {
        expect(read_image("held_out", i), "no image to test with");
        expect(Restore() == Status::ok, "an image cannot be restored");
        sum += squared_error() / Model::output_size;
    }
    return static_cast<int32_t>(1e6f / kCourse.held_out * sum);
}

// (Functions of their own, so that their stack can be told from the course's.)
[[gnu::noinline]] static Status restore_in_float() {
    Model model;
    model.bind(weights);
    return model.reconstruct(image, restored, work);
}

static uint32_t check_sum;  // of all codes that the int8 model has given

[[gnu::noinline]] static Status restore_in_int8() {
    // A pixel with its upper bit flipped is its code; the array is the model's input in place.
    for (uint8_t& pixel : pixels) pixel ^= 0x80;
    const int8_t* const input = reinterpret_cast<const int8_t*>(pixels);
    const Status status = quantized.model().reconstruct(input, codes, int8_work);
    check_sum = crc32c(check_sum, reinterpret_cast<const uint8_t*>(codes), sizeof codes);
    dequantize_values(codes, Model::output_size, sigmoid_output(), restored);
    return status;
}

static void go_on_in_int8() {
    seen.reset();
    for (int i = 0; i < kCourse.calibrated; i++) {
        expect(read_image("learned", i), "no image to calibrate with");
        expect(seen.observe(weights, image) == Status::ok, "a bad image");
    }
    board::print("squared error in millionths, float and int8, and check sum of the codes: ");
    board::print(error_of<restore_in_float>());
    board::print(" ");
    expect(quantized.quantize(weights, seen, kPixels) == Status::ok, "no int8 model");
    check_sum = 0;
    board::print(error_of<restore_in_int8>());
    board::print(" ");
    board::print(static_cast<int32_t>(check_sum));
    board::print("\n");
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
    for (uint32_t seed = 1; seed <= kCourse.beginnings; seed++) {
        learn(seed);
        go_on_in_int8();
    }
}

int main() {
    const size_t stack = board::stack_of(take_course);
    board::print("stack ");
    board::print(static_cast<int32_t>(stack));
    board::print("\n");
    return 0;
}
