// SPDX-License-Identifier: MIT
// What is not normal: an autoencoder that has learned normal samples restores others badly. The
// detector gives a sample's score, a threshold is fitted to the scores of normal samples, an alarm
// compares the two, and blame says which features of a sample are abnormal.
//
//     AnomalyDetector<Model> detector(model);
//     QuantileThreshold normal(0.01f);             // one false alarm in a hundred samples
//     detector.score(x, score, work); normal.add(score);             // for each normal sample
//     normal.threshold(limit); Alarm alarm({limit, 0.8f * limit});   // then
//     detector.score(x, score, work); if (alarm.update(score)) detector.blame(x, most, 3, work);
//
// All of it works on a device, in memory that is known at compile time; the values of a class here
// are plain data that may be stored and read back. The same scores give the same threshold, to the
// bit, on every machine.
#pragma once
#include "autoencoder.hpp"

namespace nutshell {

/// The verdict on a score. NaN, the score of a sample that has none, is anomalous.
constexpr bool is_anomalous(float score, float threshold) noexcept { return !(score <= threshold); }

/// A feature's part in a score.
struct Blame {
    int32_t feature;
    float error;  ///< the feature minus what the model makes of it, in the input's unit
    float share;  ///< of the score, 0..1
};

namespace detail {

/// The sum of squared errors between values.
class SquaredError {
  public:
    SquaredError(Quantization, Quantization) noexcept {}
    /// x[n] against y[n], which is overwritten.
    void add(const float* x, float* y, int32_t n) noexcept {
        sum_ += static_cast<double>(kernels::squared_error(n, 1.0f, x, y));
    }
    double sum() const noexcept { return sum_; }

  private:
    double sum_ = 0.0;
};

/// The same between values that codes stand for: three sums of integers, which are exact.
class CodedSquaredError {
  public:
    CodedSquaredError(Quantization in, Quantization out) noexcept : in_(in), out_(out) {}
    void add(const int8_t* x, const int8_t* y, int32_t n) noexcept;
    double sum() const noexcept;

  private:
    Quantization in_, out_;
    int64_t xx_ = 0, xy_ = 0, yy_ = 0;
};

template <class Element>
struct ErrorOf {
    using type = CodedSquaredError;
};
template <>
struct ErrorOf<float> {
    using type = SquaredError;
};

inline float value_of(float value, Quantization) noexcept { return value; }
inline float value_of(int8_t code, Quantization meaning) noexcept {
    return meaning.scale * static_cast<float>(code - meaning.zero_point);
}

/// Puts a feature into most[count], sorted by the magnitude of the error, if it belongs there.
/// Entries that hold nothing yet have feature -1.
void insert(Blame blame, Blame* most, int32_t count) noexcept;

}  // namespace detail

/// Scores samples by a model, which must outlive it: an Autoencoder, or its twin in int8 or int4.
/// The reconstruction is never stored, only a slice of it (Model::slice_size outputs).
template <class Model>
class AnomalyDetector {
    static_assert(Model::input_size == Model::output_size,
                  "nutshell: an anomaly is what differs from the input; the model's output must be "
                  "as large as its input");

  public:
    using Element = typename Model::Element;

    /// Memory of a call.
    struct Workspace {
        typename Model::Workspace inference;
        alignas(16) Element slice[Model::slice_size];
    };

    explicit AnomalyDetector(const Model& autoencoder) noexcept : model_(&autoencoder) {}

    /// The mean over the features of the squared error between x[input_size] and its
    /// reconstruction, in the square of the input's unit, whatever the codes of an int8 model. On
    /// non_finite_input and other errors the score is NaN, which is anomalous.
    Status score(const Element* x, float& score, Workspace& work) const noexcept {
        Error error(model_->input_quantization(), model_->output_quantization());
        const Status status = model_->reconstruct_in_slices(
            x, work.slice, work.inference,
            [&](Slice slice) noexcept { error.add(x + slice.first, work.slice, slice.count); });
        const float mean = static_cast<float>(error.sum() / Model::output_size);
        score = status == Status::ok ? mean : __builtin_nanf("");
        return status;
    }

    /// The `count` features of x[input_size] that contribute most to its score, the first one most:
    /// most[count]. shape_mismatch unless count is 1..input_size.
    Status blame(const Element* x, Blame* most, int32_t count, Workspace& work) const noexcept {
        if (!most) return Status::null_argument;
        if (count < 1 || count > Model::input_size) return Status::shape_mismatch;
        const Quantization in = model_->input_quantization(), out = model_->output_quantization();
        double sum = 0.0;
        bool begun = false;
        const auto take = [&](Slice slice) noexcept {
            for (int32_t i = 0; !begun && i < count; i++) most[i] = {-1, 0.0f, 0.0f};
            begun = true;
            for (int32_t i = 0; i < slice.count; i++) {
                const float error =
                    detail::value_of(x[slice.first + i], in) - detail::value_of(work.slice[i], out);
                sum += static_cast<double>(error) * static_cast<double>(error);
                detail::insert({slice.first + i, error, 0.0f}, most, count);
            }
        };
        const Status status = model_->reconstruct_in_slices(x, work.slice, work.inference, take);
        if (status != Status::ok) return status;
        for (int32_t i = 0; i < count; i++) {
            const double error = static_cast<double>(most[i].error);
            most[i].share = sum > 0.0 ? static_cast<float>(error * error / sum) : 0.0f;
        }
        return status;
    }

  private:
    using Error = typename detail::ErrorOf<Element>::type;

    const Model* model_;
};

/// A threshold that a given part of normal samples exceeds: a quantile of their scores, followed
/// with five numbers in place of all scores.
/// Source: Jain and Chlamtac, "The P2 Algorithm for Dynamic Calculation of Quantiles and
/// Histograms Without Storing Observations", Communications of the ACM 28 (10), 1985.
class QuantileThreshold {
  public:
    /// The part of normal samples that may be called anomalous, between 0 and 1: 0.01.
    explicit QuantileThreshold(float false_alarm_rate) noexcept;

    /// Looks at the score of a normal sample. non_finite_input for NaN and infinity, which do not
    /// count.
    Status add(float score) noexcept;

    /// Scores seen. (Those beyond UINT32_MAX change nothing.)
    uint32_t count() const noexcept { return count_; }

    /// Scores that a threshold needs: enough for ten beyond it, so that the part beyond it is
    /// known to about a third. UINT32_MAX for a rate that is not between 0 and 1.
    uint32_t needed() const noexcept;

    /// too_few_samples before so many.
    Status threshold(float& threshold) const noexcept;

  private:
    static constexpr int markers = 5;
    double desired(int marker) const noexcept;
    double parabolic(int marker, int step) const noexcept;
    double linear(int marker, int step) const noexcept;
    void begin(double score) noexcept;
    void adjust(int marker) noexcept;

    double quantile_;
    double height_[markers] = {};   ///< estimates: least, lower middle, quantile, upper, largest
    uint32_t place_[markers] = {};  ///< how many scores are at most as high
    uint32_t count_ = 0;
};

/// A threshold so many standard deviations above the mean score. It needs fewer samples, and fits
/// scores whose distribution is bell-shaped; of any distribution at most 1 / (1 + sigmas^2) is
/// beyond it (Cantelli's inequality).
/// Source: Welford, "Note on a Method for Calculating Corrected Sums of Squares and Products",
/// Technometrics 4 (3), 1962.
class DeviationThreshold {
  public:
    explicit DeviationThreshold(float sigmas) noexcept : sigmas_(sigmas) {}

    /// As for QuantileThreshold.
    Status add(float score) noexcept;
    uint32_t count() const noexcept { return count_; }

    /// Thirty: the deviation is then known to an eighth.
    static constexpr uint32_t needed() noexcept { return 30; }

    Status threshold(float& threshold) const noexcept;

    double mean() const noexcept { return mean_; }
    /// Of the samples (divided by count - 1); 0 for fewer than two.
    double variance() const noexcept { return count_ > 1 ? squares_ / (count_ - 1) : 0.0; }

  private:
    float sigmas_;
    double mean_ = 0.0;
    double squares_ = 0.0;  ///< of the differences from the mean, summed
    uint32_t count_ = 0;
};

/// When an alarm begins and ends. Between the two bounds it stays what it is, so that a score that
/// hovers about the threshold does not make it flutter.
struct AlarmRule {
    float raise_above;    ///< the threshold
    float clear_at;       ///< at most the threshold; above it, the threshold counts
    int raise_after = 1;  ///< so many anomalous scores in a row
    int clear_after = 1;  ///< so many scores of at most clear_at in a row
};

class Alarm {
  public:
    explicit Alarm(const AlarmRule& rule) noexcept : rule_(rule) {}

    /// Looks at the next score and returns whether the alarm is on. NaN counts as anomalous.
    bool update(float score) noexcept;
    bool raised() const noexcept { return raised_; }

  private:
    AlarmRule rule_;
    int run_ = 0;  ///< scores in a row that speak for a change
    bool raised_ = false;
};

}  // namespace nutshell
