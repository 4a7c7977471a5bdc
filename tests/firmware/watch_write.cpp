// SPDX-License-Identifier: MIT
// Writes what the example watch looks at: vibration spectra of a machine, 32 bytes each, made by a
// formula (this is synthetic data). The machine runs at some speed and load, which move and raise
// the peaks of its spectrum; twice something is wrong. usage: watch_write FILE
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <vector>

namespace {

constexpr int kBands = 32, kNormal = 4000, kWatched = 1000;

/// What is wrong from spectrum `begin` to `end`: band `band` and its neighbours change by so much.
struct Fault {
    int begin, end, band;
    double change;
};
// A worn bearing rings where nothing else does; a loose sensor no longer hears the main peak.
constexpr Fault kFaults[] = {{4300, 4340, 29, 90.0}, {4700, 4740, 12, -70.0}};

class Random {
  public:
    /// Uniform in 0..1.
    double next() {
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        return static_cast<double>(state_ >> 11) / 9007199254740992.0;
    }

  private:
    uint64_t state_ = 42;
};

double peak(double band, double at, double width) {
    const double off = (band - at) / width;
    return std::exp(-off * off);
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) return 2;
    Random random;
    std::vector<char> bytes;
    for (int i = 0; i < kNormal + kWatched; i++) {
        const double load = random.next(), speed = random.next();
        for (int band = 0; band < kBands; band++) {
            double strength = 15 + 6 * random.next();
            strength += (60 + 90 * load) * peak(band, 11 + 3 * speed, 2.5);
            strength += 40 * (1 - load) * peak(band, 22 + 3 * speed, 2.0);
            for (const Fault& fault : kFaults) {
                if (i < fault.begin || i >= fault.end) continue;
                strength += fault.change * peak(band, fault.band, 0.8);
            }
            bytes.push_back(static_cast<char>(std::fmin(std::fmax(strength, 0.0), 255.0)));
        }
    }
    std::ofstream out(arguments[1], std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return out.flush() ? 0 : 1;
}
