// SPDX-License-Identifier: MIT
#include "history.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tools/atomic_file.hpp"
#include "tools/data/bytes.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

using Json = nlohmann::ordered_json;

const char* column_of(LossKind loss) {
    return loss == LossKind::binary_cross_entropy ? "bce" : "mse";
}

std::string header_of(const History& history) {
    const std::string column = column_of(history.loss);
    return "epoch,train_" + column + "," + history.watched + "_" + column + ",seconds";
}

bool is_json(const std::string& path) {
    return path.size() >= 5 && path.compare(path.size() - 5, 5, ".json") == 0;
}

std::string to_csv(const History& history) {
    std::string text = header_of(history) + "\n";
    for (const Epoch& epoch : history.epochs) {
        char watched[32] = "", line[128];
        if (std::isfinite(epoch.watched_loss)) {
            std::snprintf(watched, sizeof watched, "%.9g", epoch.watched_loss);
        }
        std::snprintf(line, sizeof line, "%d,%.9g,%s,%.3f\n", epoch.number, epoch.train_loss,
                      watched, epoch.seconds);
        text += line;
    }
    return text;
}

std::string to_json(const History& history) {
    Json epochs = Json::array();
    for (const Epoch& epoch : history.epochs) {
        const bool known = std::isfinite(epoch.watched_loss);
        epochs.push_back({{"epoch", epoch.number},
                          {"train", epoch.train_loss},
                          {history.watched, known ? Json(epoch.watched_loss) : Json(nullptr)},
                          {"seconds", epoch.seconds}});
    }
    const Json all{{"loss", column_of(history.loss)},
                   {"watched", history.watched},
                   {"epochs", std::move(epochs)}};
    return all.dump(1) + "\n";
}

/// What `text` says; throws what nlohmann throws when that is no history.
History from_json(const std::string& text) {
    const Json all = Json::parse(text);
    History history;
    const std::string loss = all.at("loss");
    if (loss == column_of(LossKind::mean_squared_error)) {
        history.loss = LossKind::mean_squared_error;
    }
    history.watched = all.at("watched");
    for (const Json& entry : all.at("epochs")) {
        const Json& watched = entry.at(history.watched);
        const double none = std::numeric_limits<double>::quiet_NaN();
        history.epochs.push_back({entry.at("epoch"), entry.at("train"),
                                  watched.is_null() ? none : watched.get<double>(),
                                  entry.at("seconds")});
    }
    return history;
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
    epoch.watched_loss = std::numeric_limits<double>::quiet_NaN();
    if (*text == ',') {
        text++;
    } else if (!take_number(text, ',', epoch.watched_loss)) {
        return false;
    }
    return take_number(text, '\0', epoch.seconds);
}

/// A history whose header is `line`; false when it is none.
bool parse_header(const std::string& line, History& history) {
    for (const LossKind loss : {LossKind::binary_cross_entropy, LossKind::mean_squared_error}) {
        for (const char* watched : {"test", "validation"}) {
            history = {loss, watched, {}};
            if (line == header_of(history)) return true;
        }
    }
    return false;
}

History from_csv(const std::string& path, const std::string& text) {
    std::istringstream lines(text);
    History history;
    std::string line;
    std::getline(lines, line);
    if (!parse_header(line, history)) {
        throw Error(path +
                    ": line 1 is no header of a training history; give the file that train --log "
                    "wrote");
    }
    for (int number = 2; std::getline(lines, line); number++) {
        if (parse_epoch(line, history.epochs.emplace_back())) continue;
        throw Error(path + ": line " + std::to_string(number) + " is no epoch of a history");
    }
    return history;
}

}  // namespace

void write_history(const std::string& path, const History& history) {
    const std::string text = is_json(path) ? to_json(history) : to_csv(history);
    write_file(path, text.data(), text.size());
}

History read_history(const std::string& path) {
    const Bytes bytes = read_file(path, 1 << 24);
    const std::string text(bytes.begin(), bytes.end());
    History history;
    if (is_json(path)) {
        try {
            history = from_json(text);
        } catch (const Json::exception& error) {
            throw Error(path + ": is no history that train --log wrote: " + error.what());
        }
    } else {
        history = from_csv(path, text);
    }
    if (history.epochs.empty()) throw Error(path + ": holds no epoch");
    return history;
}

}  // namespace nutshell::tools
