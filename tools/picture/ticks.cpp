// SPDX-License-Identifier: MIT
// Steps of 1, 2, 5; tick values are whole multiples of the step, so that 0.3 is not 0.30000004.
#include "ticks.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace nutshell::tools {
namespace {

constexpr double kSlack = 1e-9;  // a value this close to a tick is on it, in steps

/// The smallest of 1, 2, 5 times a power of ten that is not below `step`.
double nice_step(double step) {
    const double power = std::pow(10.0, std::floor(std::log10(step)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * power >= step * (1 - 1e-9)) return factor * power;
    return 10 * power;
}

bool usable(double low, double high) {
    return std::isfinite(low) && std::isfinite(high) && high > low &&
           high - low > 1e-12 * std::max(std::abs(low), std::abs(high));
}

double step_for(double low, double high, int most, double smallest_step) {
    const double spaces = std::max(2, most) - 1;
    return nice_step(std::max((high - low) / spaces, smallest_step));
}

std::string with_thousands(const std::string& digits) {
    const size_t point = std::min(digits.find('.'), digits.size());
    const size_t sign = digits[0] == '-' ? 1 : 0;
    std::string text = digits;
    for (size_t at = point; at > sign + 3; at -= 3) text.insert(at - 3, ",");
    return text;
}

void drop_trailing_zeros(std::string& digits) {
    if (digits.find('.') == std::string::npos) return;
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
}

std::string fixed(double value, int decimals) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return text;
}

std::string scientific(double value, int significant) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*e", significant - 1, value);
    std::string mantissa = text;
    const size_t e = mantissa.find('e');
    const long exponent = std::strtol(mantissa.c_str() + e + 1, nullptr, 10);
    mantissa.erase(e);
    drop_trailing_zeros(mantissa);
    return mantissa + "e" + std::to_string(exponent);
}

Ticks ticks_of_step(double low, double high, double step) {
    Ticks ticks;
    const double last = std::floor(high / step + kSlack);
    for (double k = std::ceil(low / step - kSlack); k <= last; ++k) {
        const double value = k == 0 ? 0 : k * step;
        const double digits = std::log10(std::max(std::abs(value), step) / step);
        ticks.values.push_back(value);
        ticks.labels.push_back(format_number(value, 1 + static_cast<int>(std::ceil(digits))));
    }
    return ticks;
}

}  // namespace

std::string format_number(double value, int significant) {
    if (std::isnan(value)) return "-";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    if (value == 0) return "0";
    const double size = std::abs(value);
    if (size < 1e-4 || size >= 1e9) return scientific(value, significant);
    const int magnitude = static_cast<int>(std::floor(std::log10(size)));
    std::string digits = fixed(value, std::max(0, significant - 1 - magnitude));
    drop_trailing_zeros(digits);
    return with_thousands(digits);
}

Ticks nice_ticks(double low, double high, int most, double smallest_step) {
    if (!usable(low, high)) return {};
    return ticks_of_step(low, high, step_for(low, high, most, smallest_step));
}

Ticks log_ticks(double low, double high, int most) {
    Ticks best;
    const std::vector<std::vector<double>> choices = {
        {1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 5, 7}, {1, 2, 5}, {1, 3}, {1}};
    for (const auto& factors : choices) {
        Ticks ticks;
        for (double decade = std::floor(std::log10(low)); decade <= std::log10(high); ++decade)
            for (const double factor : factors) {
                const double value = factor * std::pow(10.0, decade);
                if (value < low * (1 - 1e-9) || value > high * (1 + 1e-9)) continue;
                ticks.values.push_back(value);
                ticks.labels.push_back(format_number(value, 1));
            }
        best = ticks;
        if (static_cast<int>(ticks.values.size()) <= most) break;
    }
    return best;
}

Ticks widening_ticks(double& low, double& high, int most) {
    if (!usable(low, high)) return {};
    const double step = step_for(low, high, most, 0);
    low = std::floor(low / step + kSlack) * step;
    high = std::ceil(high / step - kSlack) * step;
    return ticks_of_step(low, high, step);
}

}  // namespace nutshell::tools
