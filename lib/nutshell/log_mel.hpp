// SPDX-License-Identifier: MIT
// Sound as a detector of machine faults hears it: every Hop samples the loudness, in decibels, of
// Mels bands that are as wide as the ear's (Slaney's mel scale, bands of equal area), as librosa's
// melspectrogram makes them without padding, and MLPerf Tiny's anomaly detection uses them.
// Source: Slaney, "Auditory Toolbox", Interval Research technical report 1998-010, 1998.
#pragma once
#include "spectrum.hpp"
#include "window.hpp"

namespace nutshell {

namespace detail {

/// e^x at compile time.
constexpr double exponential(double x) noexcept {
    if (x < -0.5 || x > 0.5) {
        const double half = exponential(x / 2);
        return half * half;
    }
    double sum = 1, term = 1;
    for (int i = 1; i < 20; i++) sum += term *= x / i;
    return sum;
}

constexpr double kLog6400By27 = 0.068751777420949;  ///< ln(6.4) / 27: a mel above 1000 Hz
constexpr double kMelOf1000 = 15.0;                 ///< up to there 200 / 3 Hz are one

constexpr double hertz(double mel) noexcept {
    return mel < kMelOf1000 ? mel * 200.0 / 3
                            : 1000.0 * exponential(kLog6400By27 * (mel - kMelOf1000));
}
/// The mel of a frequency, by halving.
constexpr double mel_of(double frequency) noexcept {
    double low = 0, high = 128;
    for (int i = 0; i < 60; i++) {
        const double middle = (low + high) / 2;
        (hertz(middle) < frequency ? low : high) = middle;
    }
    return low;
}

}  // namespace detail

/// What each frequency of a spectrum of Fft samples gives to the bands: a band rises from the
/// centre of the one below to its own and falls to that of the one above.
template <int Rate, int Fft, int Mels>
struct MelTable {
    static_assert(Mels >= 1 && Mels <= 255);
    uint8_t band[Fft / 2 + 1];  ///< the band that rises; the one below it falls
    float rising[Fft / 2 + 1];
    float falling[Fft / 2 + 1];
};

namespace detail {
template <int Rate, int Fft, int Mels>
constexpr MelTable<Rate, Fft, Mels> make_mel_table() noexcept {
    double edge[Mels + 2] = {};
    const double highest = mel_of(Rate / 2.0);
    for (int i = 0; i < Mels + 2; i++) edge[i] = hertz(highest * i / (Mels + 1));
    MelTable<Rate, Fft, Mels> table{};
    int band = 0;
    for (int k = 0; k <= Fft / 2; k++) {
        const double frequency = static_cast<double>(Rate) * k / Fft;
        while (band < Mels && frequency >= edge[band + 1]) band++;
        table.band[k] = static_cast<uint8_t>(band);
        const double width = edge[band + 1] - edge[band];
        const double up = (frequency - edge[band]) / width, down = 1 - up;
        if (band < Mels && up > 0) {
            table.rising[k] = static_cast<float>(up * 2 / (edge[band + 2] - edge[band]));
        }
        if (band > 0 && down > 0) {
            table.falling[k] = static_cast<float>(down * 2 / (edge[band + 1] - edge[band - 1]));
        }
    }
    return table;
}
}  // namespace detail

template <int Rate, int Fft, int Mels>
inline constexpr MelTable<Rate, Fft, Mels> kMelTable = detail::make_mel_table<Rate, Fft, Mels>();

/// decibels[mels] of the bands of power[n], as power_spectrum() leaves it: 10 log10(band + 2^-52).
/// band, rising and falling have n / 2 + 1 entries, as in MelTable.
void log_mel(int n, const float* power, int mels, const uint8_t* band, const float* rising,
             const float* falling, float* decibels) noexcept;

/// Frames of a stream of samples in -1..1. RAM: Fft floats, a few bytes, and the workspace.
template <int Rate = 16000, int Fft = 1024, int Hop = 512, int Mels = 128>
class LogMel {
  public:
    static constexpr int mels = Mels;

    /// Memory of a call.
    struct Workspace {
        float frame[Fft];
    };

    /// Takes a sample. True when a frame is complete: after Fft samples, then after each Hop.
    bool push(float sample) noexcept { return window_.push(sample); }
    bool push(int16_t sample) noexcept { return push(static_cast<float>(sample) / 32768.0f); }

    /// decibels[Mels] of the last Fft samples.
    void frame(float* decibels, Workspace& work) const noexcept {
        constexpr const FourierTable<Fft>& fourier = kFourierTable<Fft>;
        constexpr const MelTable<Rate, Fft, Mels>& table = kMelTable<Rate, Fft, Mels>;
        window_.copy(work.frame);
        hann_window(Fft, fourier.cosine, work.frame);
        power_spectrum(Fft, fourier.cosine, fourier.sine, work.frame);
        log_mel(Fft, work.frame, Mels, table.band, table.rising, table.falling, decibels);
    }

    /// Forgets what came before a gap.
    void restart() noexcept { window_.restart(); }

  private:
    SlidingWindow<Fft, Hop> window_;
};

}  // namespace nutshell
