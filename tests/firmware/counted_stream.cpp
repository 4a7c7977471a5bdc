// SPDX-License-Identifier: MIT
// A frame of sound on its way into a detector, and a search among codes, piece by piece, for
// count_instructions.sh.
#include "nutshell/log_mel.hpp"
#include "nutshell/retrieval.hpp"
#include "platform/boards/common/board.hpp"

using namespace nutshell;

extern "C" {
[[gnu::noinline]] void count_start() { __asm__ volatile("" ::: "memory"); }
[[gnu::noinline]] void count_stop() { __asm__ volatile("" ::: "memory"); }
}

namespace {

using Front = LogMel<>;
static_assert(sizeof(Front) + sizeof(Front::Workspace) <= 8192 + 16, "the RAM of the front end");

constexpr int kCodes = 1024, kNumbers = 24, kHop = 512;
constexpr size_t kStoreBytes =
    CodeStore<int8_t>::memory_bytes(kNumbers, kCodes, Metric::squared_l2);

Front front;
Front::Workspace work;
float decibels[Front::mels];
alignas(16) uint8_t memory[kStoreBytes];
CodeStore<int8_t> store;
Match matches[5];
bool good = true;

template <class Piece>
void count(const char* name, Piece piece) {
    count_start();
    piece();
    count_stop();
    board::print(name);
    board::print("\n");
}

/// A sound of some harmonics: a saw tooth.
int16_t sample(int t) { return static_cast<int16_t>(t * 977 % 65536 - 32768); }

void fill_store() {
    good = store.bind({kNumbers, kCodes}, memory, sizeof memory) == Status::ok;
    int8_t code[kNumbers];
    for (int i = 0; i < kCodes; i++) {
        for (int n = 0; n < kNumbers; n++) code[n] = static_cast<int8_t>(i * 37 + n * n * 11);
        good = good && store.insert(code, static_cast<uint32_t>(i)) == Status::ok;
    }
}

}  // namespace

int main() {
    int t = 0;
    while (!front.push(sample(t))) t++;
    fill_store();
    const int8_t query[kNumbers] = {};

    count_start();
    count_stop();
    count("512 samples into the window", [&] {
        for (int i = 0; i < kHop; i++) good = front.push(sample(++t)) == (i == kHop - 1) && good;
    });
    count("log-mel frame", [&] { front.frame(decibels, work); });
    count("nearest 5 of 1,024 codes of 24 bytes",
          [&] { good = store.nearest(query, 5, matches) == Status::ok && good; });
    for (const float band : decibels) good = good && band > -160.0f && band < 100.0f;
    return good ? 0 : 1;
}
