// SPDX-License-Identifier: MIT
// The device library never asks for memory: every way to the heap is counted while it runs.
// operator new is replaced everywhere; malloc and its relatives where the C library is glibc and no
// sanitizer has replaced them already.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <atomic>
#include <new>

#include "device_fixture.hpp"

namespace {
std::atomic<bool> watching{false};
std::atomic<int> requests{0};

void note_request() {
    if (watching.load(std::memory_order_relaxed)) requests++;
}
}  // namespace

#if defined(__GLIBC__) && !defined(NUTSHELL_TEST_SANITIZED)
#define NUTSHELL_TEST_MALLOC
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) noexcept {
    note_request();
    return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) noexcept {
    note_request();
    return __libc_calloc(count, size);
}
void* realloc(void* memory, size_t size) noexcept {
    note_request();
    return __libc_realloc(memory, size);
}
void* aligned_alloc(size_t alignment, size_t size) noexcept {
    note_request();
    return __libc_memalign(alignment, size);
}
}
#endif

void* operator new(size_t size) {
    note_request();
    void* memory = malloc(size > 0 ? size : 1);
    if (!memory) throw std::bad_alloc();
    return memory;
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
    note_request();
    return malloc(size > 0 ? size : 1);
}
void* operator new(size_t size, std::align_val_t alignment) {
    note_request();
    const size_t step = static_cast<size_t>(alignment);
    void* memory = aligned_alloc(step, (size + step) / step * step);
    if (!memory) throw std::bad_alloc();
    return memory;
}
// Not inlined: a compiler that sees free() behind new takes them for a mismatch.
[[gnu::noinline]] void operator delete(void* memory) noexcept { free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t, std::align_val_t) noexcept {
    free(memory);
}

using namespace nutshell;
using namespace nutshell::tests;

namespace {

/// How many requests for memory `work` makes.
template <class Work>
int requests_of(Work work) {
    requests = 0;
    watching = true;
    work();
    watching = false;
    return requests;
}

Tutorial::Parameters weights;
Trainer<Tutorial, BinaryCrossEntropy, Adam, 8> batch_trainer;
SampleTrainer<Tutorial> sample_trainer;
alignas(kFileAlignment) uint8_t file_bytes[160000];
float images[20 * 784];
uint8_t pixels[784];
uint32_t order[20];

/// Everything that a device does, from first weights to a file and back. Returns how many calls
/// succeeded.
int live() {
    int succeeded = 0;
    const auto count = [&](Status status) { succeeded += status == Status::ok; };
    initialize<Tutorial>(weights, 1);
    shuffle(order, 20, 1, 1);
    to_float(pixels, 784, images);
    count(batch_trainer.step(weights, images, images, 20, cosine_decay(1e-3f, 1, 2)));
    count(sample_trainer.step(weights, images, images, linear_decay(1.0f, 1, 2)));

    Tutorial model;
    Tutorial::Encoder encoder;
    Tutorial::Decoder decoder;
    Tutorial::Workspace work;
    Tutorial::Encoder::Workspace encoder_work;
    Tutorial::Decoder::Workspace decoder_work;
    Tutorial::Code code;
    model.bind(weights);
    count(model.encode(images, code, work));
    count(model.decode(code, images, work));
    count(model.reconstruct(images, images + 784, work));

    size_t size = 0;
    File file;
    count(save<Tutorial>(weights, file_bytes, sizeof file_bytes, size));
    count(check(file_bytes, size, file));
    count(encoder.load(file_bytes, size));
    count(decoder.load(file_bytes, size));
    count(encoder.encode(images, code, encoder_work));
    count(decoder.decode(code, images, decoder_work));
    to_pixels(images, 784, pixels);
    return succeeded;
}

}  // namespace

TEST_CASE("requests for memory are seen") {
    CHECK(requests_of([] { delete new volatile int(1); }) >= 1);
#if defined(NUTSHELL_TEST_MALLOC)
    CHECK(requests_of([] {
              void* volatile memory = malloc(10);
              free(memory);
          }) == 1);
#endif
}

TEST_CASE("training, running, saving and loading a model asks for no memory") {
    int succeeded = 0;
    CHECK(requests_of([&] { succeeded = live(); }) == 0);
    CHECK(succeeded == 11);
}

TEST_CASE("refusing bad input asks for no memory") {
    int refused = 0;
    CHECK(requests_of([&] {
              Tutorial model;
              Tutorial::Workspace work;
              File file;
              images[5] = std::nanf("");
              refused += model.load(file_bytes, 100) != Status::ok;
              refused += check(file_bytes + 16, 500, file) != Status::ok;
              refused += to_string(Status::truncated) != nullptr;
              model.bind(weights);
              refused += model.reconstruct(images, images, work) != Status::ok;
              refused += sample_trainer.step(weights, images, images, 1.0f) != Status::ok;
              refused += batch_trainer.step(weights, images, images, 20, 1.0f) != Status::ok;
          }) == 0);
    CHECK(refused == 6);
}
