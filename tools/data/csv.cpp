// SPDX-License-Identifier: MIT
// CSV: numbers separated by comma, semicolon or tab, one sample a line. A first line of names is
// optional; when it calls the first or last column "label" or "class", that column is the labels.
#include <algorithm>
#include <charconv>
#include <climits>
#include <cmath>
#include <optional>
#include <string_view>

#include "readers.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {

namespace {

std::string_view trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(" \r");
    if (first == std::string_view::npos) return {};
    text = text.substr(first, text.find_last_not_of(" \r") - first + 1);
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
        text = text.substr(1, text.size() - 2);
    }
    return text;
}

/// The number that is the whole of `cell`: decimal or scientific, whatever the locale. One beyond a
/// double's range is no number; nan and inf are, and are reported as what they are.
std::optional<double> number(std::string_view cell) {
    if (cell.size() > 1 && cell[0] == '+' && cell[1] != '-') cell.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size()) return std::nullopt;
    return value;
}

bool is_label_name(std::string_view cell) {
    std::string lower(cell);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return lower == "label" || lower == "class";
}

class CsvParser {
  public:
    CsvParser(std::string_view text, const std::string& path) : text_(text), path_(path) {
        if (text_.substr(0, 3) == "\xEF\xBB\xBF") text_.remove_prefix(3);  // what Excel adds
        while (!text_.empty() && (text_.back() == '\n' || text_.back() == '\r')) {
            text_.remove_suffix(1);
        }
    }

    Dataset parse() {
        if (text_.empty()) throw Error(path_ + ": is empty; expected lines of numbers");
        next_line();
        choose_separator();
        split();
        columns_ = cells_.size();
        const bool header = take_header();
        check_width();
        if (!header) add_row();
        while (next_line()) {
            split();
            add_row();
        }
        if (data_.count == 0) throw Error(path_ + ": has a header line but no samples");
        return std::move(data_);
    }

  private:
    [[noreturn]] void fail(size_t column, const std::string& what) const {
        throw Error(path_ + ": line " + std::to_string(line_number_) + ", column " +
                    std::to_string(column + 1) + ": " + what);
    }

    bool next_line() {
        if (at_ > text_.size()) return false;
        const size_t end = std::min(text_.find('\n', at_), text_.size());
        line_ = text_.substr(at_, end - at_);
        at_ = end + 1;
        line_number_++;
        return true;
    }

    void choose_separator() {
        for (const char c : {'\t', ';', ','}) {
            separator_ = c;
            if (line_.find(c) != std::string_view::npos) return;
        }
    }

    void split() {
        cells_.clear();
        size_t first = 0;
        for (;;) {
            const size_t end = line_.find(separator_, first);
            cells_.push_back(trimmed(line_.substr(first, end - first)));
            if (end == std::string_view::npos) return;
            first = end + 1;
        }
    }

    /// A first line is names when no cell is a number, or when it names the labels. Otherwise a
    /// single cell of text in it is a mistake in the data, and add_row() says so.
    bool take_header() {
        const bool first = is_label_name(cells_.front());
        const bool last = is_label_name(cells_.back());
        const auto is_name = [](std::string_view cell) { return !number(cell); };
        if (!first && !last && !std::all_of(cells_.begin(), cells_.end(), is_name)) return false;
        const auto blank = std::find(cells_.begin(), cells_.end(), std::string_view());
        if (blank != cells_.end()) {
            fail(static_cast<size_t>(blank - cells_.begin()),
                 "a column without a name; remove it (pandas: to_csv(index=False))");
        }
        if (last) label_column_ = columns_ - 1;
        if (first) label_column_ = 0;
        return true;
    }

    void check_width() {
        const size_t features = columns_ - (label_column_ ? 1 : 0);
        if (features < 1) fail(0, "only labels; expected columns of numbers beside them");
        if (features > static_cast<size_t>(kMaxSize)) {
            fail(static_cast<size_t>(kMaxSize),
                 "too many columns; at most " + std::to_string(kMaxSize) + " are possible");
        }
        data_.shape = flat(static_cast<int32_t>(features));
    }

    void add_row() {
        if (cells_.size() != columns_) {
            fail(std::min(cells_.size(), columns_),
                 "the line has " + std::to_string(cells_.size()) + " columns where the first has " +
                     std::to_string(columns_));
        }
        if (data_.count == INT_MAX) fail(0, "too many samples");
        for (size_t column = 0; column < columns_; column++) {
            if (column == label_column_) {
                data_.labels.push_back(label(column));
            } else {
                data_.floats.push_back(feature(column));
            }
        }
        data_.count++;
    }

    double cell_number(size_t column) const {
        const std::string_view cell = cells_[column];
        if (cell.empty()) fail(column, "the cell is empty; expected a number");
        const std::optional<double> value = number(cell);
        if (!value) fail(column, in_quotes(cell) + " is not a number");
        return *value;
    }

    float feature(size_t column) const {
        const float value = narrowed(cell_number(column));
        if (!std::isfinite(value)) {
            fail(column, in_quotes(cells_[column]) + " is not a finite number of float's range");
        }
        return value;
    }

    int label(size_t column) const {
        const double value = cell_number(column);
        if (!(value >= 0 && value <= INT_MAX) || value != std::floor(value)) {
            fail(column,
                 in_quotes(cells_[column]) + " is not a label; labels are integers from 0 on");
        }
        return static_cast<int>(value);
    }

    std::string_view text_;
    const std::string& path_;
    size_t at_ = 0;
    size_t line_number_ = 0;
    std::string_view line_;
    std::vector<std::string_view> cells_;  // of the current line
    char separator_ = ',';
    size_t columns_ = 0;
    std::optional<size_t> label_column_;
    Dataset data_;
};

}  // namespace

Dataset read_csv(ByteView file, const std::string& path) {
    const std::string_view text(reinterpret_cast<const char*>(file.data), file.size);
    return CsvParser(text, path).parse();
}

}  // namespace nutshell::tools
