// SPDX-License-Identifier: MIT
// A board that learns: a Cortex-M4 trains the tutorial's model in 192 KB of RAM, its stack
// included. Each image comes over the console, a UART or a debugger, moves the weights a little and
// is gone; no more than one is ever in memory. Prints the loss on images that it has not learned
// from, before and after. Then the board quantizes the model over its own float weights, which it
// gives up, and prints how well the int8 model restores the same images, beside the floats.
//
// First comes the course, then its images of 784 bytes in the order that they are needed in, for
// each beginning: those held out, those to learn from in each pass, those held out, those to
// calibrate with, those held out twice. (A UART that holds one byte wants a pause between two
// images, as long as a step takes.)
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

/// What the sender has in mind.
struct Course {
    uint32_t beginnings;  // times that it is taken, each from other weights
    int32_t images;       // to learn from
    int32_t passes;       // over them
    int32_t rate;         // in thousandths; falls to 0
    int32_t held_out;     // images to test with
    int32_t calibrated;   // images that show the ranges for int8
};
static Course course;

static void expect(bool good, const char* what) {
    if (good) return;
    board::print(what);
    board::print("\n");
    board::exit(1);
}

static void read_image() {
    board::read(pixels, sizeof pixels);
    to_float(pixels, Model::input_size, image);
}

/// The mean of a sum over the images held out, in millionths.
static int32_t mean_of(float sum) {
    return static_cast<int32_t>(1e6f / static_cast<float>(course.held_out) * sum);
}

/// The mean loss on the images held out, in millionths.
static int32_t held_out_loss() {
    float sum = 0;
    for (int i = 0; i < course.held_out; i++) {
        float loss = 0;
        read_image();
        // A step of length 0 only measures.
        expect(trainer.step(weights, image, image, 0.0f, &loss) == Status::ok, "a bad image");
        sum += loss;
    }
    return mean_of(sum);
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
    for (int i = 0; i < course.held_out; i++) {
        read_image();
        expect(Restore() == Status::ok, "an image cannot be restored");
        sum += squared_error() / Model::output_size;
    }
    return mean_of(sum);
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
    for (int i = 0; i < course.calibrated; i++) {
        read_image();
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
    const int32_t before = held_out_loss();
    const int steps = course.passes * course.images;
    const float first_rate = static_cast<float>(course.rate) / 1000.0f;
    for (int i = 0; i < steps; i++) {
        read_image();
        const float rate = linear_decay(first_rate, i, steps);
        expect(trainer.step(weights, image, image, rate) == Status::ok, "a bad image");
    }
    board::print("loss in millionths, before and after, and check sum of the weights: ");
    board::print(before);
    board::print(" ");
    board::print(held_out_loss());
    board::print(" ");
    const uint8_t* const bytes = reinterpret_cast<const uint8_t*>(weights.data);
    board::print(static_cast<int32_t>(crc32c(0, bytes, sizeof weights.data)));
    board::print("\n");
}

static void take_course() {
    board::read(reinterpret_cast<uint8_t*>(&course), sizeof course);
    for (uint32_t seed = 1; seed <= course.beginnings; seed++) {
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
