// SPDX-License-Identifier: MIT
#include "checkpoint.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "tools/atomic_file.hpp"
#include "tools/data/bytes.hpp"
#include "tools/error.hpp"
#include "tools/model/layer_list.hpp"
#include "tools/text.hpp"

namespace nutshell::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kMagic[] = "NUTCKPT1";
constexpr size_t kCrcAt = 8, kTextBytesAt = 12, kFloatsAt = 16, kArraysAt = 20, kTextAt = 24;

/// Weights and those of the best epoch; moments follow.
constexpr size_t kWeightArrays = 2;

size_t moment_arrays(const FitSettings& settings) {
    if (settings.per_sample) return 0;
    return std::visit(
        [](const auto& optimizer) { return static_cast<size_t>(optimizer.moment_count); },
        settings.optimizer);
}

std::string samples_text(const Dataset& data) {
    if (data.count == 0) return "none";
    const uint8_t* floats = reinterpret_cast<const uint8_t*>(data.floats.data());
    uint32_t crc = crc32c(0, data.bytes.data(), data.bytes.size());
    crc = crc32c(crc, floats, data.floats.size() * sizeof(float));
    return std::to_string(data.count) + " samples with checksum " + hexadecimal(crc);
}

std::string weights_text(const FitSettings& settings) {
    if (settings.feature_weights.empty()) return "none";
    const uint8_t* bytes = reinterpret_cast<const uint8_t*>(settings.feature_weights.data());
    return "those with checksum " +
           hexadecimal(crc32c(0, bytes, settings.feature_weights.size() * sizeof(float)));
}

std::string layers_text(const Graph& graph) {
    return layer_sizes(graph) + " with fingerprint " + hexadecimal(graph.fingerprint());
}

std::string optimizer_text(const FitSettings& settings) {
    if (settings.per_sample) return "none, per sample";
    if (const Adam* adam = std::get_if<Adam>(&settings.optimizer)) {
        return "adam, --weight-decay " + exact(adam->weight_decay);
    }
    if (const Momentum* momentum = std::get_if<Momentum>(&settings.optimizer)) {
        return "momentum " + exact(momentum->momentum) + ", --weight-decay " +
               exact(momentum->weight_decay);
    }
    return "sgd, --weight-decay " + exact(std::get<Sgd>(settings.optimizer).weight_decay);
}

std::string schedule_text(const FitSettings& settings) {
    switch (settings.schedule) {
        case Schedule::constant:
            break;
        case Schedule::step:
            return "step, --step-every " + std::to_string(settings.step_every) +
                   ", --step-factor " + exact(settings.step_factor);
        case Schedule::linear:
            return "linear, --epochs " + std::to_string(settings.epochs);
        case Schedule::cosine:
            return "cosine, --epochs " + std::to_string(settings.epochs);
    }
    return "constant";
}

Json to_json(const TrainingState& state, const TrainingIdentity& identity) {
    Json names = Json::object(), epochs = Json::array();
    for (const auto& [name, value] : identity.settings) names[name] = value;
    for (const Epoch& epoch : state.epochs) {
        const bool known = std::isfinite(epoch.watched_loss);
        epochs.push_back(
            {epoch.train_loss, known ? Json(epoch.watched_loss) : Json(nullptr), epoch.seconds});
    }
    return {{"settings", std::move(names)},    {"epochs", std::move(epochs)},
            {"updates", state.updates},        {"first_loss", state.first_loss},
            {"best_loss", state.best_loss},    {"best_epoch", state.best_epoch},
            {"corrections", state.corrections}};
}

void append(Bytes& file, const AlignedFloats& floats) {
    const uint8_t* bytes = reinterpret_cast<const uint8_t*>(floats.data());
    file.insert(file.end(), bytes, bytes + floats.size() * sizeof(float));
}

void put_word(Bytes& file, size_t at, size_t word) {
    for (size_t i = 0; i < 4; i++) file[at + i] = static_cast<uint8_t>(word >> (8 * i));
}

size_t get_word(const Bytes& file, size_t at) {
    return static_cast<size_t>(little_endian(file.data() + at, 4));
}

/// A file's bytes, and where its parts lie.
struct Parts {
    Bytes file;
    size_t text_bytes, floats, arrays;
};

uint32_t crc_of(const Bytes& file) {
    return crc32c(0, file.data() + kTextBytesAt, file.size() - kTextBytesAt);
}

Parts read_parts(const std::string& path) {
    Parts parts{read_file(path), 0, 0, 0};
    const Bytes& file = parts.file;
    if (file.size() < kTextAt || std::memcmp(file.data(), kMagic, kCrcAt) != 0) {
        throw Error(path + ": is no checkpoint; give the file that train --checkpoint wrote");
    }
    if (get_word(file, kCrcAt) != crc_of(file)) {
        throw Error(path + ": is damaged or cut short; use another checkpoint");
    }
    parts.text_bytes = get_word(file, kTextBytesAt);
    parts.floats = get_word(file, kFloatsAt);
    parts.arrays = get_word(file, kArraysAt);
    const size_t behind = file.size() - kTextAt;
    const size_t numbers = behind - std::min(parts.text_bytes, behind);
    if (parts.text_bytes > behind || numbers % sizeof(float) != 0 ||
        numbers / sizeof(float) != uint64_t{parts.arrays} * parts.floats) {
        throw Error(path + ": its parts do not fill it; use another checkpoint");
    }
    return parts;
}

void require_same(const std::string& path, const Json& saved, const TrainingIdentity& identity) {
    for (const auto& [name, value] : identity.settings) {
        const std::string before = saved.at(name);
        if (before == value) continue;
        throw Error(path + ": belongs to another training: its " + name + " is " + before +
                    ", not " + value);
    }
}

/// A number without a fraction: converting any other to an integer may not be defined.
int64_t integer(const Json& number) {
    if (!number.is_number_integer()) throw Error("a checkpoint counts in whole numbers");
    return number;
}

TrainingState from_json(const Json& text) {
    TrainingState state;
    for (const Json& entry : text.at("epochs")) {
        const double none = std::numeric_limits<double>::quiet_NaN();
        const Json& watched = entry.at(1);
        state.epochs.push_back({static_cast<int>(state.epochs.size()) + 1, entry.at(0),
                                watched.is_null() ? none : watched.get<double>(), entry.at(2)});
    }
    state.updates = integer(text.at("updates"));
    state.first_loss = text.at("first_loss");
    state.best_loss = text.at("best_loss");
    state.best_epoch = static_cast<int>(integer(text.at("best_epoch")));
    state.corrections = text.at("corrections");
    return state;
}

AlignedFloats floats_at(const Parts& parts, size_t first, size_t arrays) {
    AlignedFloats result(parts.floats * arrays);
    const size_t begin = kTextAt + parts.text_bytes + first * parts.floats * sizeof(float);
    if (result.size() > 0) {
        std::memcpy(result.data(), parts.file.data() + begin, result.size() * sizeof(float));
    }
    return result;
}

bool plausible(const TrainingState& state) {
    bool finite = std::isfinite(state.first_loss) && std::isfinite(state.best_loss);
    for (const AlignedFloats* array : {&state.weights, &state.best, &state.moments}) {
        for (size_t i = 0; i < array->size() && finite; i++) {
            finite = std::isfinite(array->data()[i]);
        }
    }
    return finite && !state.epochs.empty() && state.updates > 0 && state.best_epoch >= 0 &&
           state.best_epoch <= static_cast<int>(state.epochs.size());
}

}  // namespace

TrainingIdentity identify(const Graph& graph, const Dataset& train, const Dataset& watched,
                          const FitSettings& settings) {
    return {{{"--layers", layers_text(graph)},
             {"training data", samples_text(train)},
             {"validation or test data", samples_text(watched)},
             {"--loss", name_of(settings.loss)},
             {"--batch", std::to_string(settings.batch)},
             {"--lr", exact(settings.rate)},
             {"--schedule", schedule_text(settings)},
             {"--optimizer", optimizer_text(settings)},
             {"--weights", weights_text(settings)},
             {"--augment", to_text(settings.augmentation)},
             {"--clip", exact(settings.max_gradient_norm)},
             {"--seed", std::to_string(settings.seed)}},
            graph.parameters().size(),
            moment_arrays(settings)};
}

void write_checkpoint(const std::string& path, const TrainingState& state,
                      const TrainingIdentity& identity) {
    const std::string text = to_json(state, identity).dump();
    Bytes file(kTextAt);
    std::memcpy(file.data(), kMagic, kCrcAt);
    put_word(file, kTextBytesAt, text.size());
    put_word(file, kFloatsAt, state.weights.size());
    put_word(file, kArraysAt, kWeightArrays + identity.moment_arrays);
    file.insert(file.end(), text.begin(), text.end());
    append(file, state.weights);
    append(file, state.best);
    append(file, state.moments);
    put_word(file, kCrcAt, crc_of(file));
    write_file(path, file.data(), file.size());
}

TrainingState read_checkpoint(const std::string& path, const TrainingIdentity& identity) {
    const Parts parts = read_parts(path);
    const char* text = reinterpret_cast<const char*>(parts.file.data()) + kTextAt;
    TrainingState state;
    try {
        const Json all = Json::parse(text, text + parts.text_bytes);
        require_same(path, all.at("settings"), identity);
        state = from_json(all);
    } catch (const Json::exception& error) {
        throw Error(path + ": is no whole checkpoint: " + error.what());
    }
    if (parts.floats != identity.floats || parts.arrays != kWeightArrays + identity.moment_arrays) {
        throw Error(path + ": its arrays are not those of this model; use another checkpoint");
    }
    state.weights = floats_at(parts, 0, 1);
    state.best = floats_at(parts, 1, 1);
    state.moments = floats_at(parts, kWeightArrays, parts.arrays - kWeightArrays);
    if (!plausible(state)) {
        throw Error(path + ": holds numbers that no training has; use another checkpoint");
    }
    return state;
}

}  // namespace nutshell::tools
