// SPDX-License-Identifier: MIT
#include "layer_entry.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "nutshell/layers/layers.hpp"
#include "nutshell/weights.hpp"
#include "tools/error.hpp"
#include "tools/text.hpp"

namespace nutshell::tools {
namespace {

constexpr float kDefaultEpsilon = 1e-3f;  // Keras'; PyTorch's is 1e-5

/// What is left of an entry to read: letters and numbers, from left to right.
class Reader {
  public:
    explicit Reader(const std::string& entry) : entry_(entry), rest_(entry) {}

    bool done() const { return rest_.empty(); }

    bool take(const std::string& word) {
        if (rest_.compare(0, word.size(), word) != 0) return false;
        rest_.erase(0, word.size());
        return true;
    }
    /// The number that must come next.
    int number() {
        const size_t digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
        const std::string text = rest_.substr(0, digits);
        rest_.erase(0, digits);
        if (text.empty())
            fail_entry(entry_, "lacks a number; see --help for how layers are written");
        return parse_size(entry_, text);
    }
    /// The number behind a letter, or `otherwise`. ("same" begins with a letter, too.)
    int option(const std::string& letter, int otherwise) {
        const size_t next = letter.size();
        const bool there = rest_.size() > next && rest_[next] >= '0' && rest_[next] <= '9';
        return there && take(letter) ? number() : otherwise;
    }
    /// The number in brackets, or `otherwise` without brackets.
    float bracketed(float otherwise, float least, float most) {
        return rest_.empty() ? otherwise : bracketed(least, most);
    }
    /// The number that must come next, in brackets.
    float bracketed(float least, float most) {
        const bool open = take("(");
        char* end = nullptr;
        const float value = std::strtof(rest_.c_str(), &end);
        const bool known = open && end != rest_.c_str() && value >= least && value <= most;
        rest_.erase(0, static_cast<size_t>(end - rest_.c_str()));
        if (!known || !take(")")) {
            fail_entry(entry_, "needs a number from " + exact(least) + " to " + exact(most) +
                                   " in its brackets");
        }
        return value;
    }

  private:
    const std::string& entry_;
    std::string rest_;
};

/// The layer that an entry without its activation names, behind one that writes `in`.
class EntryParser {
  public:
    EntryParser(const std::string& entry, const std::string& text, Shape input,
                const std::vector<Row>& rows)
        : entry_(entry),
          text_(text),
          reader_(text_),
          input_(input),
          rows_(rows),
          in_(rows.empty() ? input : rows.back().out) {}

    Row row() {
        if (is_shape(text_)) return reshaped(parse_shape(entry_, text_));
        Row row = named();
        if (!reader_.done()) {
            fail_entry(entry_, "is no layer; see --help for how layers are written");
        }
        if (!row.out.valid()) fail_entry(entry_, "has more than 1048576 outputs");
        if (row.kind != Kind::dense && !valid(row)) {
            fail_entry(
                entry_,
                "does not fit its input of " + shape_text() +
                    "; a layer has at most 2^24 weights, a window at most 255 or about twice the "
                    "image");
        }
        return row;
    }

  private:
    Row named() {
        if (reader_.take("conv")) return windowed(Kind::conv2d, reader_.number(), "k");
        if (reader_.take("depthwise")) {
            return windowed(Kind::depthwise_conv2d, in_.channels, "k");
        }
        if (reader_.take("deconv")) return transposed(reader_.number());
        if (reader_.take("avgpool")) return windowed(Kind::average_pool2d, in_.channels, "");
        if (reader_.take("pool")) return windowed(Kind::max_pool2d, in_.channels, "");
        if (reader_.take("up")) return upsampled();
        if (reader_.take("norm")) {
            Row row{Kind::batch_norm, Activation::linear, in_, in_};
            row.window.parameter = float_bits(reader_.bracketed(kDefaultEpsilon, 1e-8f, 1.0f));
            return row;
        }
        if (reader_.take("flat")) return reshaped(flat(in_.size()));
        if (reader_.take("dropout")) return passing(Kind::dropout, reader_.bracketed(0.01f, 0.99f));
        if (reader_.take("noise")) {
            return passing(Kind::gaussian_noise, reader_.bracketed(1e-6f, 1e6f));
        }
        if (reader_.take("l1")) return passing(Kind::l1_penalty, reader_.bracketed(1e-12f, 1e6f));
        if (reader_.take("sampler")) return sampler();
        if (reader_.take("tied")) return tied(reader_.number());
        const int outputs = parse_size(entry_, text_);
        reader_.take(text_);
        return {Kind::dense, Activation::linear, flat(in_.size()), flat(outputs)};
    }

    /// What leaves values as they are at inference, with its one number.
    Row passing(Kind kind, float number) const {
        return {kind, Activation::linear,
                in_,  in_,
                0.0f, SameShapeLayer::only_parameter(float_bits(number))};
    }

    /// The divergence is weighted as beside a loss that is a mean over the model's inputs, where
    /// nothing else is said.
    Row sampler() {
        const int values = in_.size();
        if (values % 2 != 0) {
            fail_entry(entry_, "reads as many means as log variances; its input has " +
                                   std::to_string(values) + " values");
        }
        const float weight = 1.0f / static_cast<float>(input_.size());
        return {
            Kind::gaussian_sampler,
            Activation::linear,
            flat(values),
            flat(values / 2),
            0.0f,
            SameShapeLayer::only_parameter(float_bits(reader_.bracketed(weight, 1e-12f, 1e6f)))};
    }

    /// The nearest dense layer that goes the other way lends its weights.
    Row tied(int outputs) const {
        Row row{Kind::tied_dense, Activation::linear, flat(in_.size()), flat(outputs)};
        for (size_t back = 1; back <= rows_.size(); back++) {
            row.window.parameter = static_cast<uint32_t>(back);
            if (TiedDenseLayer::can_share(row, rows_[rows_.size() - back])) return row;
        }
        fail_entry(entry_, "finds no dense layer from " + std::to_string(outputs) + " to " +
                               std::to_string(in_.size()) + " in front of it");
    }

    bool is_pool(Kind kind) const {
        return kind == Kind::max_pool2d || kind == Kind::average_pool2d;
    }

    Row windowed(Kind kind, int channels, const char* letter) {
        const int size = is_pool(kind) ? reader_.number() : reader_.option(letter, 3);
        const int stride = reader_.option("s", is_pool(kind) ? size : 1);
        const int dilation = is_pool(kind) ? 1 : reader_.option("d", 1);
        const int border = reader_.option("p", 0);
        if (border > 0) return padded(kind, channels, size, stride, dilation, border);
        Padding padding = is_pool(kind) ? Padding::valid : Padding::same;
        if (reader_.take("same")) padding = Padding::same;
        if (reader_.take("valid")) padding = Padding::valid;
        // A signal is an image of height 1.
        const int height = in_.height == 1 ? 1 : size;
        const Shape out = shape_behind(in_, height, size, stride, dilation, padding, channels);
        if (out.height < 1 || out.width < 1) {
            fail_entry(entry_, "is larger than its input of " + shape_text());
        }
        return {kind, Activation::linear,
                in_,  out,
                0.0f, window_of(in_, height, size, stride, dilation, padding)};
    }

    /// As many zeros on every side, as PyTorch has them; a signal has none above and below.
    Row padded(Kind kind, int channels, int size, int stride, int dilation, int border) {
        if (border > 255) fail_entry(entry_, "has more than 255 zeros around");
        const int height = in_.height == 1 ? 1 : size, down = in_.height == 1 ? 0 : border;
        const Shape room{in_.height + 2 * down, in_.width + 2 * border, in_.channels};
        const Shape out =
            shape_behind(room, height, size, stride, dilation, Padding::valid, channels);
        if (out.height < 1 || out.width < 1) {
            fail_entry(entry_, "is larger than its input of " + shape_text());
        }
        Window window = window_of(in_, height, size, stride, dilation, Padding::valid);
        set_border(window, down, border);
        return {kind, Activation::linear, in_, out, 0.0f, window};
    }

    static void set_border(Window& window, int down, int across) {
        window.top = window.bottom = static_cast<uint8_t>(down);
        window.left = window.right = static_cast<uint8_t>(across);
    }

    Row transposed(int channels) {
        const int size = reader_.option("k", 3), stride = reader_.option("s", 2);
        const int border = reader_.option("p", 0), more = reader_.option("o", 0);
        Padding padding = Padding::same;
        if (reader_.take("same")) padding = Padding::same;
        if (reader_.take("valid")) padding = Padding::valid;
        const int height = in_.height == 1 ? 1 : size;
        const int64_t pixels = static_cast<int64_t>(in_.height) * stride * in_.width * stride;
        if (pixels > kMaxSize) fail_entry(entry_, "has more than 1048576 outputs");
        if (border > 0 || more > 0) return transposed(channels, size, stride, border, more);
        const Shape out = transposed_shape(in_, height, size, stride, padding, channels);
        return {Kind::transposed_conv2d,
                Activation::linear,
                in_,
                out,
                0.0f,
                window_of(out, height, size, stride, 1, padding)};
    }

    /// Without `border` pixels on every side of what the windows make, and with `more` behind.
    Row transposed(int channels, int size, int stride, int border, int more) {
        if (border > 255) fail_entry(entry_, "leaves more than 255 pixels out");
        const int height = in_.height == 1 ? 1 : size, down = in_.height == 1 ? 0 : border;
        const auto side = [&](int n, int taps, int less) {
            return (n - 1) * stride + taps - 2 * less + (n == 1 && taps == 1 ? 0 : more);
        };
        const Shape out{side(in_.height, height, down), side(in_.width, size, border), channels};
        if (out.height < 1 || out.width < 1) fail_entry(entry_, "leaves no pixel of its output");
        Window window = window_of(out, height, size, stride, 1, Padding::valid);
        set_border(window, down, border);
        return {Kind::transposed_conv2d, Activation::linear, in_, out, 0.0f, window};
    }

    Row upsampled() {
        const int factor = reader_.number();
        if (factor > 255) fail_entry(entry_, "enlarges more than 255 times");
        const int height = in_.height == 1 ? 1 : factor;
        const Interpolation between =
            reader_.take("bilinear") ? Interpolation::bilinear : Interpolation::nearest;
        return {Kind::upsample2d,
                Activation::linear,
                in_,
                {in_.height * height, in_.width * factor, in_.channels},
                0.0f,
                Upsample2DLayer::window(height, factor, between)};
    }

    Row reshaped(Shape out) {
        if (text_ == "flat") reader_.take(text_);
        if (out.size() != in_.size()) {
            fail_entry(entry_, "has " + std::to_string(out.size()) + " values, its input of " +
                                   shape_text() + " has " + std::to_string(in_.size()));
        }
        return {Kind::reshape, Activation::linear, in_, out};
    }

    std::string shape_text() const {
        return std::to_string(in_.height) + "x" + std::to_string(in_.width) + "x" +
               std::to_string(in_.channels);
    }

    const std::string& entry_;
    const std::string text_;
    Reader reader_;
    const Shape input_;
    const std::vector<Row>& rows_;
    const Shape in_;
};

}  // namespace

void fail_entry(const std::string& entry, const std::string& why, const std::string& option) {
    throw Error(option + ": '" + entry + "' " + why);
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    size_t begin = 0;
    for (size_t end; (end = text.find(separator, begin)) != std::string::npos; begin = end + 1) {
        parts.push_back(text.substr(begin, end - begin));
    }
    parts.push_back(text.substr(begin));
    return parts;
}

bool is_shape(const std::string& text) {
    return text.find('x') != std::string::npos &&
           text.find_first_not_of("0123456789x") == std::string::npos;
}

int parse_size(const std::string& entry, const std::string& text) {
    int size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error == std::errc::result_out_of_range || size > kMaxSize) {
        fail_entry(entry,
                   "is too large; a layer has at most " + std::to_string(kMaxSize) + " outputs");
    }
    if (error != std::errc() || end != text.data() + text.size()) {
        fail_entry(entry, "is no size; write sizes with commas between, as in 784,24,784");
    }
    if (size < 1) fail_entry(entry, "is no size; a layer has at least 1 output");
    return size;
}

/// "28x28x1", or "28x28" for one channel.
Shape parse_shape(const std::string& entry, const std::string& text) {
    const std::vector<std::string> sides = split(text, 'x');
    if (sides.size() > 3)
        fail_entry(entry, "is no shape; write height x width x channels, as 28x28x1");
    Shape shape{parse_size(entry, sides[0]), parse_size(entry, sides[1]),
                sides.size() == 3 ? parse_size(entry, sides[2]) : 1};
    if (!shape.valid()) fail_entry(entry, "is too large; a shape has at most 1048576 values");
    return shape;
}

Row parse_entry(const std::string& entry, const std::string& text, Shape input,
                const std::vector<Row>& rows) {
    return EntryParser(entry, text, input, rows).row();
}

bool takes_activation(Kind kind) {
    return kind == Kind::dense || kind == Kind::tied_dense || kind == Kind::conv2d ||
           kind == Kind::depthwise_conv2d || kind == Kind::transposed_conv2d ||
           kind == Kind::batch_norm;
}

}  // namespace nutshell::tools
