// SPDX-License-Identifier: MIT
#include "history.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <sstream>

#include "atomic_file.hpp"
#include "data/bytes.hpp"
#include "error.hpp"

namespace nutshell::tools {
namespace {

const char* column_of(LossKind loss) {
    return loss == LossKind::binary_cross_entropy ? "bce" : "mse";
}

std::string header_of(LossKind loss) {
    const std::string column = column_of(loss);
    return "epoch,train_" + column + ",test_" + column + ",seconds";
}

/// Reads a number up to `end` (a comma, or 0 for the end of the line) and steps over it.
bool take_number(const char*& text, char end, double& value) {
    char* behind = nullptr;
    value = std::strtod(text, &behind);
    if (behind == text || *behind != end) return false;
    text = end == ',' ? behind + 1 : behind;
    return true;
}

bool parse_epoch(const std::string& line, Epoch& epoch) {
    const char* text = line.c_str();
    double number = 0;
    if (!take_number(text, ',', number) || !(number >= 1 && number <= 1e6)) return false;
    epoch.number = static_cast<int>(number);
    if (!take_number(text, ',', epoch.train_loss)) return false;
    epoch.test_loss = std::numeric_limits<double>::quiet_NaN();
    if (*text == ',') {
        text++;
    } else if (!take_number(text, ',', epoch.test_loss)) {
        return false;
    }
    return take_number(text, '\0', epoch.seconds);
}

}  // namespace

void write_history(const std::string& path, const std::vector<Epoch>& epochs, LossKind loss) {
    std::string text = header_of(loss) + "\n";
    for (const Epoch& epoch : epochs) {
        char line[128];
        if (std::isfinite(epoch.test_loss)) {
            std::snprintf(line, sizeof line, "%d,%.9g,%.9g,%.3f\n", epoch.number, epoch.train_loss,
                          epoch.test_loss, epoch.seconds);
        } else {
            std::snprintf(line, sizeof line, "%d,%.9g,,%.3f\n", epoch.number, epoch.train_loss,
                          epoch.seconds);
        }
        text += line;
    }
    write_file(path, text.data(), text.size());
}

History read_history(const std::string& path) {
    const Bytes bytes = read_file(path, 1 << 24);
    std::istringstream lines(std::string(bytes.begin(), bytes.end()));
    History history{};
    std::string line;
    std::getline(lines, line);
    if (line == header_of(LossKind::mean_squared_error)) {
        history.loss = LossKind::mean_squared_error;
    } else if (line != header_of(LossKind::binary_cross_entropy)) {
        throw Error(path +
                    ": line 1 is no header of a training history; give the file that train "
                    "--history wrote");
    }
    for (int number = 2; std::getline(lines, line); number++) {
        if (parse_epoch(line, history.epochs.emplace_back())) continue;
        throw Error(path + ": line " + std::to_string(number) + " is no epoch of a history");
    }
    if (history.epochs.empty()) throw Error(path + ": holds no epoch");
    return history;
}

}  // namespace nutshell::tools
