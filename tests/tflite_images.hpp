// SPDX-License-Identifier: MIT
// Runs .tflite files of images as TfliteInterpreter runs those of vectors: convolutions, pools and
// resizing by TensorFlow Lite's published description, and by none of the project's code.
#pragma once
#include "tflite_interpreter.hpp"

namespace nutshell::tests {

class TfliteImages : public TfliteInterpreter {
  public:
    using TfliteInterpreter::TfliteInterpreter;

  private:
    using Values = std::vector<double>;

    /// A window in one direction.
    struct Side {
        int size, count, taps, stride, dilation, before;
        int at(int place, int tap) const { return place * stride - before + tap * dilation; }
        bool has(int i) const { return i >= 0 && i < size; }
    };
    struct Window {
        Side down, across;
    };

    uint32_t sample_operand(int code) const override { return code == 67 ? 2 : 0; }

    Values apply(int code, size_t op, const Values& x) const override {
        switch (code) {
            case 22:  // RESHAPE
                return x;
            case 0:  // ADD
            case 18:
                return arithmetic(code, op, x);
            case 1:  // AVERAGE_POOL_2D
            case 17:
                return pooled(code == 17, op, x);
            case 3:
                return finished(op, convolved(op, x), 2, flag(op, 3) == 1);
            case 4:
                return finished(op, depthwise(op, x), 2, flag(op, 4) == 1);
            case 67:
                return finished(op, transposed(op, x), 3, flag(op, 3) == 1);
            case 19: {  // RELU, of codes that mean the same before and after
                Values y = x;
                const int32_t in = operand(op, 1, 0);
                const double low = type_of(in) == kInt8 ? zero_point(in) : 0;
                for (double& v : y) v = std::max(v, low);
                return y;
            }
            case 23:
                return type_of(operand(op, 1, 0)) == kInt8 ? bilinear_codes(op, x)
                                                           : bilinear(op, x);
            case 97:
                return nearest(op, x);
            default:
                return TfliteInterpreter::apply(code, op, x);
        }
    }

    std::vector<int> sides(int32_t index) const {
        const size_t at = vector(tensor(index), 0);
        std::vector<int> all;
        for (uint32_t i = 0; i < get<uint32_t>(at); i++)
            all.push_back(get<int32_t>(at + 4 + 4 * i));
        return all;
    }
    int number(size_t op, int index, int otherwise) const {
        const size_t at = field(options(op), index);
        return at == 0 ? otherwise : get<int32_t>(at);
    }
    int flag(size_t op, int index) const {
        const size_t at = field(options(op), index);
        return at == 0 ? 0 : get<int8_t>(at);
    }

    Window window(size_t op, const std::vector<int>& wide, const std::vector<int>& narrow,
                  int height, int width, int dilation_index) const {
        const bool same = flag(op, 0) == 0;
        const auto side = [&](int axis, int taps, int stride, int dilation) {
            const int count = narrow[static_cast<size_t>(axis)],
                      size = wide[static_cast<size_t>(axis)];
            const int missing = (count - 1) * stride + (taps - 1) * dilation + 1 - size;
            return Side{size, count, taps, stride, dilation, same ? std::max(missing, 0) / 2 : 0};
        };
        const bool dilates = dilation_index > 0;
        return {side(1, height, number(op, 2, 0), dilates ? number(op, dilation_index + 1, 1) : 1),
                side(2, width, number(op, 1, 0), dilates ? number(op, dilation_index, 1) : 1)};
    }

    /// Calls use(place, tap, pixel) for what is in the image.
    template <class Use>
    static void visit(const Window& window, Use use) {
        for (int i = 0; i < window.down.count; i++) {
            for (int j = 0; j < window.across.count; j++) {
                for (int a = 0; a < window.down.taps; a++) {
                    for (int b = 0; b < window.across.taps; b++) {
                        const int y = window.down.at(i, a), x = window.across.at(j, b);
                        if (!window.down.has(y) || !window.across.has(x)) continue;
                        use(static_cast<size_t>(i * window.across.count + j),
                            static_cast<size_t>(a * window.across.taps + b),
                            static_cast<size_t>(y * window.across.size + x));
                    }
                }
            }
        }
    }

    Values weight_values(int32_t index) const {
        if (type_of(index) == 0) {
            const auto floats = data<float>(tensor(index), buffers());
            return {floats.begin(), floats.end()};
        }
        const std::vector<int> codes = weights(index);
        return {codes.begin(), codes.end()};
    }
    /// Values, or codes from their zero point.
    Values centered(int32_t index, Values x) const {
        if (type_of(index) == kInt8) {
            for (double& v : x) v -= zero_point(index);
        }
        return x;
    }

    Values convolved(size_t op, Values x) const {
        const int32_t in = operand(op, 1, 0), w = operand(op, 1, 1);
        const auto from = sides(in), to = sides(operand(op, 2, 0)), taps = sides(w);
        const Values weight = weight_values(w);
        x = centered(in, x);
        const auto m = static_cast<size_t>(from[3]), n = static_cast<size_t>(to[3]);
        const auto all = static_cast<size_t>(taps[1] * taps[2]);
        Values y(static_cast<size_t>(to[1] * to[2]) * n);
        visit(window(op, from, to, taps[1], taps[2], 4),
              [&](size_t place, size_t tap, size_t pixel) {
                  for (size_t o = 0; o < n; o++) {
                      for (size_t i = 0; i < m; i++) {
                          y[place * n + o] += weight[(o * all + tap) * m + i] * x[pixel * m + i];
                      }
                  }
              });
        return y;
    }

    Values depthwise(size_t op, Values x) const {
        const int32_t in = operand(op, 1, 0), w = operand(op, 1, 1);
        const auto from = sides(in), to = sides(operand(op, 2, 0)), taps = sides(w);
        const Values weight = weight_values(w);
        x = centered(in, x);
        const auto n = static_cast<size_t>(to[3]);
        Values y(static_cast<size_t>(to[1] * to[2]) * n);
        visit(window(op, from, to, taps[1], taps[2], 5),
              [&](size_t place, size_t tap, size_t pixel) {
                  for (size_t c = 0; c < n; c++)
                      y[place * n + c] += weight[tap * n + c] * x[pixel * n + c];
              });
        return y;
    }

    Values transposed(size_t op, Values x) const {
        const int32_t in = operand(op, 1, 2), w = operand(op, 1, 1);
        const auto from = sides(in), to = sides(operand(op, 2, 0)), taps = sides(w);
        const auto stated = data<int32_t>(tensor(operand(op, 1, 0)), buffers());
        if (std::vector<int>(stated.begin(), stated.end()) != to) {
            throw std::runtime_error("tflite: TRANSPOSE_CONV states another shape than it writes");
        }
        const Values weight = weight_values(w);
        x = centered(in, x);
        const auto m = static_cast<size_t>(from[3]), n = static_cast<size_t>(to[3]);
        const auto all = static_cast<size_t>(taps[1] * taps[2]);
        Values y(static_cast<size_t>(to[1] * to[2]) * n);
        visit(window(op, to, from, taps[1], taps[2], 0),
              [&](size_t place, size_t tap, size_t pixel) {
                  for (size_t o = 0; o < n; o++) {
                      for (size_t i = 0; i < m; i++) {
                          y[pixel * n + o] += weight[(o * all + tap) * m + i] * x[place * m + i];
                      }
                  }
              });
        return y;
    }

    /// Sums with their bias, and as codes where they are: a convolution's factor is one of doubles.
    Values finished(size_t op, Values sums, uint32_t bias, bool is_relu) const {
        const int32_t in = operand(op, 1, bias == 3 ? 2 : 0), out = operand(op, 2, 0);
        const int32_t w = operand(op, 1, 1), b = operand(op, 1, bias);
        if (type_of(in) != kInt8) {
            const auto biases = data<float>(tensor(b), buffers());
            for (size_t i = 0; i < sums.size(); i++) {
                sums[i] += double{biases[i % biases.size()]};
                if (is_relu) sums[i] = std::max(sums[i], 0.0);
            }
            return sums;
        }
        const auto biases = data<int32_t>(tensor(b), buffers());
        const double low = is_relu ? std::max(-128, zero_point(out)) : -128;
        for (size_t i = 0; i < sums.size(); i++) {
            const size_t c = i % biases.size();
            const double real = double{scale(in)} *
                                double{scale(w, scales(w) == 1 ? 0 : static_cast<uint32_t>(c))} /
                                double{scale(out)};
            const auto sum = static_cast<int64_t>(sums[i]) + biases[c];
            const auto code = static_cast<double>(multiplied(sum, real) + zero_point(out));
            sums[i] = std::max(low, clamped(code));
        }
        return sums;
    }

    Values pooled(bool largest, size_t op, const Values& x) const {
        const int32_t in = operand(op, 1, 0);
        const auto from = sides(in), to = sides(operand(op, 2, 0));
        const auto n = static_cast<size_t>(to[3]);
        Values y(static_cast<size_t>(to[1] * to[2]) * n, largest ? -INFINITY : 0.0);
        std::vector<int> counts(y.size());
        visit(window(op, from, to, number(op, 4, 0), number(op, 3, 0), 0),
              [&](size_t place, size_t, size_t pixel) {
                  for (size_t c = 0; c < n; c++) {
                      double& v = y[place * n + c];
                      v = largest ? std::max(v, x[pixel * n + c]) : v + x[pixel * n + c];
                      counts[place * n + c]++;
                  }
              });
        for (size_t i = 0; !largest && i < y.size(); i++) {
            const double mean = y[i] / counts[i];
            y[i] = type_of(in) == kInt8 ? std::round(mean) : mean;
        }
        return y;
    }

    template <class Pick>
    Values resized(size_t op, Pick pick) const {
        const auto from = sides(operand(op, 1, 0)), to = sides(operand(op, 2, 0));
        Values y;
        for (int i = 0; i < to[1]; i++) {
            for (int j = 0; j < to[2]; j++) {
                for (int c = 0; c < to[3]; c++) y.push_back(pick(from, to, i, j, c));
            }
        }
        return y;
    }

    static double pixel(const Values& x, const std::vector<int>& from, int i, int j, int c) {
        return x[static_cast<size_t>((i * from[2] + j) * from[3] + c)];
    }

    Values nearest(size_t op, const Values& x) const {
        if (flag(op, 0) != 0 || flag(op, 1) != 1) {
            throw std::runtime_error("tflite: centers are expected to be aligned");
        }
        return resized(op, [&](const auto& from, const auto& to, int i, int j, int c) {
            return pixel(x, from, static_cast<int>((i + 0.5) * from[1] / to[1]),
                         static_cast<int>((j + 0.5) * from[2] / to[2]), c);
        });
    }

    Values bilinear(size_t op, const Values& x) const {
        if (flag(op, 2) != 0 || flag(op, 3) != 1) {
            throw std::runtime_error("tflite: centers are expected to be aligned");
        }
        return resized(op, [&](const auto& from, const auto& to, int i, int j, int c) {
            const double y = (i + 0.5) * from[1] / to[1] - 0.5,
                         z = (j + 0.5) * from[2] / to[2] - 0.5;
            const double up = std::max(std::floor(y), 0.0), left = std::max(std::floor(z), 0.0);
            const auto at = [&](double a, double b) {
                return pixel(x, from, std::min(static_cast<int>(a), from[1] - 1),
                             std::min(static_cast<int>(b), from[2] - 1), c);
            };
            const double p = std::max(y - up, 0.0), q = std::max(z - left, 0.0);
            return (1 - p) * ((1 - q) * at(up, left) + q * at(up, left + 1)) +
                   p * ((1 - q) * at(up + 1, left) + q * at(up + 1, left + 1));
        });
    }

    /// In 1024ths of a pixel.
    Values bilinear_codes(size_t op, const Values& x) const {
        struct Place {
            int low, high, part;
        };
        const auto place = [](int i, int size, int count) {
            const int step = (1024 * size + count / 2) / count, at = i * step + step / 2 - 512;
            const int low = std::max(at / 1024, 0);
            return Place{low, std::min((at + 1023) / 1024, size - 1), at - 1024 * low};
        };
        return resized(op, [&](const auto& from, const auto& to, int i, int j, int c) {
            const Place a = place(i, from[1], to[1]), b = place(j, from[2], to[2]);
            const double sum =
                (1024.0 - a.part) * ((1024.0 - b.part) * pixel(x, from, a.low, b.low, c) +
                                     b.part * pixel(x, from, a.low, b.high, c)) +
                a.part * ((1024.0 - b.part) * pixel(x, from, a.high, b.low, c) +
                          b.part * pixel(x, from, a.high, b.high, c));
            return std::trunc((sum + (sum > 0 ? 524288 : -524288)) / 1048576);
        });
    }

    /// A factor or a term for each channel.
    Values arithmetic(int code, size_t op, Values x) const {
        const auto each = data<float>(tensor(operand(op, 1, 1)), buffers());
        for (size_t i = 0; i < x.size(); i++) {
            const double number = double{each[i % each.size()]};
            x[i] = code == 18 ? x[i] * number : x[i] + number;
            if (flag(op, 0) == 1) x[i] = std::max(x[i], 0.0);
        }
        return x;
    }
};

}  // namespace nutshell::tests
