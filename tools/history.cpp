// SPDX-License-Identifier: MIT
#include "history.hpp"

#include <cmath>
#include <cstdio>
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
        Epoch epoch{0, 0, std::numeric_limits<double>::quiet_NaN(), 0};
        const bool whole = std::sscanf(line.c_str(), "%d,%lf,%lf,%lf", &epoch.number,
                                       &epoch.train_loss, &epoch.test_loss, &epoch.seconds) == 4;
        const bool no_test = !whole && std::sscanf(line.c_str(), "%d,%lf,,%lf", &epoch.number,
                                                   &epoch.train_loss, &epoch.seconds) == 3;
        if (!whole && !no_test) {
            throw Error(path + ": line " + std::to_string(number) + " is no epoch of a history");
        }
        history.epochs.push_back(epoch);
    }
    if (history.epochs.empty()) throw Error(path + ": holds no epoch");
    return history;
}

}  // namespace nutshell::tools
