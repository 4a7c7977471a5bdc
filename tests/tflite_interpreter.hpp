// SPDX-License-Identifier: MIT
// Runs a .tflite file as TensorFlow Lite Micro's reference kernels do, from their published
// description and by none of the project's code: floats in double, int8 in gemmlowp's integers.
// LOGISTIC and TANH of codes are computed in double and rounded: within one code of TFLM's.
#pragma once
#include <algorithm>
#include <cmath>
#include <map>

#include "tflite_reader.hpp"

namespace nutshell::tests {

class TfliteInterpreter : public TfliteReader {
  public:
    virtual ~TfliteInterpreter() = default;
    explicit TfliteInterpreter(std::vector<uint8_t> bytes) : TfliteReader(std::move(bytes)) {
        model_ = follow(0);
        subgraph_ = element(vector(model_, 2), 0);
        tensors_ = vector(subgraph_, 0);
        buffers_ = vector(model_, 4);
    }

    /// One sample through all operators: values of a float model, codes of an int8 one.
    std::vector<double> run(const std::vector<double>& x) const {
        std::map<int32_t, std::vector<double>> values{{operand(subgraph_, 1, 0), x}};
        const size_t operators = vector(subgraph_, 3);
        for (uint32_t i = 0; i < get<uint32_t>(operators); i++) {
            const size_t op = element(operators, i);
            const int code = code_of(op);
            values[operand(op, 2, 0)] =
                apply(code, op, values.at(operand(op, 1, sample_operand(code))));
        }
        return values.at(operand(subgraph_, 2, 0));
    }

  protected:
    /// Which operand of an operator is the sample.
    virtual uint32_t sample_operand(int) const { return 0; }

    virtual std::vector<double> apply(int code, size_t op, const std::vector<double>& x) const {
        const int32_t in = operand(op, 1, 0), out = operand(op, 2, 0);
        const bool int8 = type_of(in) == kInt8;
        switch (code) {
            case 9:
                return int8 ? dense_codes(op, x) : dense(op, x);
            case 14:
                return map(x, in, out, int8, [](double v) { return 1 / (1 + std::exp(-v)); });
            case 28:
                return map(x, in, out, int8, [](double v) { return std::tanh(v); });
            case 98:
                return int8 ? leaky_codes(op, x) : leaky(op, x);
            default:
                throw std::runtime_error("tflite: an operator that no test expects");
        }
    }

    static constexpr int kInt8 = 9, kInt4 = 17;

    size_t tensor(int32_t index) const { return element(tensors_, static_cast<uint32_t>(index)); }
    int type_of(int32_t index) const {
        const size_t at = field(tensor(index), 1);
        return at == 0 ? 0 : get<int8_t>(at);
    }
    size_t buffers() const { return buffers_; }
    int code_of(size_t op) const {
        const size_t at = field(op, 0);
        const size_t code = element(vector(model_, 1), at == 0 ? 0 : get<uint32_t>(at));
        const size_t old = field(code, 0), present = field(code, 3);
        return std::max(old == 0 ? 0 : int{get<int8_t>(old)},
                        present == 0 ? 0 : int{get<int32_t>(present)});
    }
    size_t options(size_t op) const {
        const size_t at = field(op, 4);
        return at == 0 ? 0 : follow(at);
    }
    bool relu(size_t op) const {
        const size_t table = options(op), at = table == 0 ? 0 : field(table, 0);
        return at != 0 && get<int8_t>(at) == 1;
    }
    float alpha(size_t op) const { return get<float>(field(options(op), 0)); }

    float scale(int32_t index, uint32_t channel = 0) const {
        return get<float>(vector(follow(field(tensor(index), 4)), 2) + 4 + 4 * size_t{channel});
    }
    uint32_t scales(int32_t index) const {
        return get<uint32_t>(vector(follow(field(tensor(index), 4)), 2));
    }
    int32_t zero_point(int32_t index) const {
        return static_cast<int32_t>(get<int64_t>(vector(follow(field(tensor(index), 4)), 3) + 4));
    }

    std::vector<double> dense(size_t op, const std::vector<double>& x) const {
        const auto w = data<float>(tensor(operand(op, 1, 1)), buffers_);
        const auto b = data<float>(tensor(operand(op, 1, 2)), buffers_);
        std::vector<double> y(b.begin(), b.end());
        for (size_t o = 0; o < y.size(); o++) {
            for (size_t i = 0; i < x.size(); i++) y[o] += double{w[o * x.size() + i]} * x[i];
            if (relu(op)) y[o] = std::max(y[o], 0.0);
        }
        return y;
    }

    std::vector<double> leaky(size_t op, std::vector<double> x) const {
        for (double& v : x) v = v < 0 ? v * double{alpha(op)} : v;
        return x;
    }

    template <class Function>
    std::vector<double> map(std::vector<double> x, int32_t in, int32_t out, bool int8,
                            Function function) const {
        for (double& v : x) {
            if (!int8) {
                v = function(v);
                continue;
            }
            const double real = function(double{scale(in)} * (v - zero_point(in)));
            v = clamped(std::round(real / double{scale(out)}) + zero_point(out));
        }
        return x;
    }

    static double clamped(double code) { return std::min(127.0, std::max(-128.0, code)); }

    /// gemmlowp: x * real, real = q31 * 2^shift, rounded twice.
    static int64_t multiplied(int64_t x, double real) {
        int shift = 0;
        int64_t q31 = std::llround(std::frexp(real, &shift) * 2147483648.0);
        if (q31 == int64_t{1} << 31) {
            q31 /= 2;
            shift++;
        }
        if (shift < -31) return 0;
        const int64_t product = (shift > 0 ? x * (int64_t{1} << shift) : x) * q31;
        const int64_t nudge = product >= 0 ? int64_t{1} << 30 : 1 - (int64_t{1} << 30);
        const int64_t high = (product + nudge) / (int64_t{1} << 31);
        if (shift >= 0) return high;
        const double exact = std::ldexp(static_cast<double>(high), shift);
        return static_cast<int64_t>(exact < 0 ? std::ceil(exact - 0.5) : std::floor(exact + 0.5));
    }

    std::vector<int> weights(int32_t index) const {
        const auto bytes = data<int8_t>(tensor(index), buffers_);
        if (type_of(index) != kInt4) return {bytes.begin(), bytes.end()};
        std::vector<int> codes;
        for (const int8_t byte : bytes) {
            for (const int half : {byte & 15, byte >> 4 & 15}) {
                codes.push_back(half < 8 ? half : half - 16);
            }
        }
        return codes;
    }

    std::vector<double> dense_codes(size_t op, const std::vector<double>& x) const {
        const int32_t in = operand(op, 1, 0), w = operand(op, 1, 1), out = operand(op, 2, 0);
        const std::vector<int> weight = weights(w);
        const auto bias = data<int32_t>(tensor(operand(op, 1, 2)), buffers_);
        std::vector<double> y;
        for (size_t o = 0; o < bias.size(); o++) {
            int64_t sum = bias[o];
            for (size_t i = 0; i < x.size(); i++) {
                sum += weight[o * x.size() + i] * (static_cast<int64_t>(x[i]) - zero_point(in));
            }
            const bool one = scales(w) == 1;
            const double product =
                one ? double{scale(in) * scale(w)}
                    : double{scale(in)} * double{scale(w, static_cast<uint32_t>(o))};
            const double code = static_cast<double>(multiplied(sum, product / double{scale(out)})) +
                                zero_point(out);
            const double low = relu(op) ? std::max(-128, zero_point(out)) : -128;
            y.push_back(std::max(low, clamped(code)));
        }
        return y;
    }

    std::vector<double> leaky_codes(size_t op, std::vector<double> x) const {
        const int32_t in = operand(op, 1, 0), out = operand(op, 2, 0);
        const double same = double{scale(in) / scale(out)};
        const double less = double{scale(in) * alpha(op) / scale(out)};
        for (double& v : x) {
            const int64_t off = static_cast<int64_t>(v) - zero_point(in);
            v = clamped(static_cast<double>(multiplied(off, off >= 0 ? same : less)) +
                        zero_point(out));
        }
        return x;
    }

    size_t model_ = 0, subgraph_ = 0, tensors_ = 0, buffers_ = 0;
};

}  // namespace nutshell::tests
