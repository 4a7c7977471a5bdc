// SPDX-License-Identifier: MIT
// Going on from a file gives the bits of a training that was never interrupted; a file that is
// damaged, made up or another training's is refused.
#include "tools/training/checkpoint.hpp"

#include <cstring>

#include "data_files.hpp"
#include "nutshell/crc.hpp"
#include "tools/error.hpp"
#include "tools/model/layer_list.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using tools::FitEnd;

namespace {

/// Images of which most pixels are black, so that the first layer reads sparse samples.
tools::Dataset images(int count, int first = 0) {
    tools::Dataset data;
    data.name = "images";
    data.count = count;
    data.shape = {3, 4, 1};
    for (int i = first; i < first + count; i++) {
        for (int pixel = 0; pixel < 12; pixel++) {
            data.bytes.push_back(
                static_cast<uint8_t>((i * 7 + pixel * 5) % 4 ? 0 : 40 + i * 31 % 200));
        }
    }
    return data;
}

/// The same as floats.
tools::Dataset rows(int count, int first = 0) {
    tools::Dataset data = images(count, first);
    for (const uint8_t byte : data.bytes) data.floats.push_back(static_cast<float>(byte) / 255.0f);
    data.bytes.clear();
    return data;
}

tools::Graph small_graph(const char* layers = "12,3,12") {
    const tools::LayerList list = tools::parse_layers(layers, {});
    tools::Graph graph(list.rows, list.code_layer);
    graph.initialize(3, Initializer::glorot_uniform);
    return graph;
}

tools::FitSettings settings() {
    tools::FitSettings asked;
    asked.epochs = 6;
    asked.batch = 130;  // several groups and a last batch that is not full
    asked.rate = 0.02f;
    return asked;
}

bool same(const tools::AlignedFloats& a, const tools::AlignedFloats& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

/// Trains three epochs, writes a checkpoint, and goes on from it with another number of threads.
struct Interrupted {
    tools::Graph graph = small_graph();
    tools::FitResult result;

    Interrupted(const std::string& path, const tools::Dataset& train, const tools::Dataset& watched,
                tools::FitSettings asked) {
        const tools::TrainingIdentity identity = tools::identify(graph, train, watched, asked);
        std::atomic<bool> stop{false};
        tools::FitObserver observer;
        observer.stop = &stop;
        observer.checkpoint = [&](const tools::TrainingState& state) {
            if (state.epochs.size() > 3) return;
            write_checkpoint(path, state, identity);
            stop = state.epochs.size() == 3;
        };
        fit(graph, train, watched, asked, observer);
        graph = small_graph();
        asked.threads = 3;
        const tools::TrainingState state = read_checkpoint(path, identity);
        CHECK(state.epochs.size() == 3);
        result = fit(graph, train, watched, asked, {}, &state);
    }
};

/// What reading says, or "" when it succeeds.
std::string refusal_of(const std::string& path, const tools::TrainingIdentity& identity) {
    try {
        (void)read_checkpoint(path, identity);
    } catch (const tools::Error& error) {
        return error.what();
    }
    return "";
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// A checkpoint of one epoch on disk.
struct Saved {
    TemporaryFolder folder;
    std::string path = folder.path("training.checkpoint"), bytes;
    tools::Graph graph = small_graph();
    tools::Dataset train = images(40), watched = images(10, 40);
    tools::FitSettings asked = settings();
    tools::TrainingIdentity identity = tools::identify(graph, train, watched, asked);

    Saved() {
        asked.epochs = 1;
        tools::FitObserver observer;
        observer.checkpoint = [&](const tools::TrainingState& state) {
            write_checkpoint(path, state, identity);
        };
        fit(graph, train, watched, asked, observer);
        bytes = read_back(path);
    }
    std::string refusal_of_bytes(const std::string& changed) const {
        folder.file("changed", changed);
        return refusal_of(folder.path("changed"), identity);
    }
};

/// The bytes with a checksum that fits them again.
std::string resealed(std::string bytes) {
    const uint8_t* data = reinterpret_cast<const uint8_t*>(bytes.data());
    const uint32_t crc = crc32c(0, data + 12, bytes.size() - 12);
    for (size_t i = 0; i < 4; i++) bytes[8 + i] = static_cast<char>(crc >> (8 * i));
    return bytes;
}

}  // namespace

TEST_CASE("a training goes on with the same bits, whatever the optimizer, data and threads") {
    const TemporaryFolder folder;
    std::vector<std::pair<const char*, tools::FitSettings>> ways;
    const auto way = [&](const char* name) -> tools::FitSettings& {
        return ways.emplace_back(name, settings()).second;
    };
    way("adam");
    way("momentum").optimizer = Momentum{};
    way("sgd").optimizer = Sgd{0.01f};
    way("cosine").schedule = Schedule::cosine;
    way("step").schedule = Schedule::step;
    way("per sample").per_sample = true;
    for (const auto& [text, asked] : ways) {
        for (const bool bytes : {true, false}) {
            const char* const name = text;
            CAPTURE(name);
            CAPTURE(bytes);
            const tools::Dataset train = bytes ? images(300) : rows(300);
            const tools::Dataset watched = bytes ? images(20, 300) : rows(20, 300);
            tools::Graph whole = small_graph();
            const tools::FitResult expected = fit(whole, train, watched, asked, {});
            const Interrupted found(folder.path("c"), train, watched, asked);
            CHECK(same(found.graph.parameters(), whole.parameters()));
            CHECK(found.result.kept_epoch == expected.kept_epoch);
            REQUIRE(found.result.epochs.size() == expected.epochs.size());
            for (size_t i = 0; i < expected.epochs.size(); i++) {
                CHECK(found.result.epochs[i].train_loss == expected.epochs[i].train_loss);
                CHECK(found.result.epochs[i].watched_loss == expected.epochs[i].watched_loss);
            }
        }
    }
}

TEST_CASE("early stopping ends where it would have, with the best epoch's weights") {
    const TemporaryFolder folder;
    const tools::Dataset train = images(100), watched = images(20, 900);
    tools::FitSettings asked = settings();
    asked.epochs = 400;
    asked.rate = 0.2f;
    asked.patience = 3;
    tools::Graph whole = small_graph();
    const tools::FitResult expected = fit(whole, train, watched, asked, {});
    REQUIRE(expected.end == FitEnd::stopped_early);
    REQUIRE(expected.epochs.size() > 3);
    const Interrupted found(folder.path("c"), train, watched, asked);
    CHECK(found.result.end == FitEnd::stopped_early);
    CHECK(found.result.kept_epoch == expected.kept_epoch);
    CHECK(same(found.graph.parameters(), whole.parameters()));
}

TEST_CASE("a training that had stopped early stays stopped") {
    const Saved saved;
    tools::TrainingState state = read_checkpoint(saved.path, saved.identity);
    tools::FitSettings asked = settings();
    asked.patience = 1;
    state.best_epoch = 0;
    tools::Graph graph = small_graph();
    const tools::FitResult result = fit(graph, saved.train, saved.watched, asked, {}, &state);
    CHECK(result.end == FitEnd::stopped_early);
    CHECK(result.epochs.size() == 1);
}

TEST_CASE("threads, patience and more epochs may change; what the bits depend on may not") {
    const Saved saved;
    const auto refusal = [&](const tools::Graph& graph, const tools::Dataset& train,
                             const tools::FitSettings& asked) {
        return refusal_of(saved.path, tools::identify(graph, train, saved.watched, asked));
    };
    const auto with = [&](auto change) {
        tools::FitSettings asked = settings();
        change(asked);
        return refusal(saved.graph, saved.train, asked);
    };
    CHECK(with([](auto& asked) { asked.threads = 7, asked.patience = 2, asked.epochs = 99; }) ==
          "");
    CHECK(contains(with([](auto& asked) { asked.rate = 0.03f; }), "its --lr is 0.02, not 0.03"));
    CHECK(contains(with([](auto& asked) { asked.batch = 7; }), "its --batch is 130, not 7"));
    CHECK(contains(with([](auto& asked) { asked.seed = 2; }), "its --seed is 1, not 2"));
    CHECK(contains(with([](auto& asked) { asked.optimizer = Sgd{}; }), "its --optimizer is adam"));
    CHECK(contains(with([](auto& asked) { asked.schedule = Schedule::linear; }), "--schedule"));
    CHECK(contains(with([](auto& asked) { asked.max_gradient_norm = 1; }), "its --clip is 0"));
    CHECK(contains(with([](auto& asked) { asked.loss = tools::LossKind::mean_squared_error; }),
                   "its --loss is binary cross-entropy, not mean squared error"));
    CHECK(contains(refusal(small_graph("12,2,12"), saved.train, settings()),
                   "its --layers is 12-3-12"));
    CHECK(contains(refusal(small_graph("12,3:tanh,12"), saved.train, settings()),
                   "its --layers is 12-3-12"));
    CHECK(contains(refusal(saved.graph, images(40, 1), settings()), "its training data is 40"));
}

TEST_CASE("every truncation and a flip in every byte are refused") {
    const Saved saved;
    for (size_t size = 0; size < saved.bytes.size(); size += size < 64 ? 1 : 37) {
        CAPTURE(size);
        CHECK(saved.refusal_of_bytes(saved.bytes.substr(0, size)) != "");
    }
    for (size_t at = 0; at < saved.bytes.size(); at++) {
        CAPTURE(at);
        std::string changed = saved.bytes;
        changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
        CHECK(saved.refusal_of_bytes(changed) != "");
    }
    CHECK(contains(saved.refusal_of_bytes(saved.bytes + '\0'), "damaged"));
    CHECK(contains(refusal_of(saved.folder.path("gone"), saved.identity), "gone"));
}

TEST_CASE("bytes with a fitting checksum never crash, whatever they say") {
    const Saved saved;
    CHECK(saved.refusal_of_bytes(resealed(saved.bytes)) == "");
    int accepted = 0;
    for (uint32_t i = 0; i < 3000; i++) {
        std::string changed = saved.bytes;
        for (uint32_t change = 0; change <= i % 3; change++) {
            const uint32_t where = random_word(1, Purpose::shuffle, i, 2 * change);
            const uint32_t what = random_word(1, Purpose::shuffle, i, 2 * change + 1);
            const size_t head = 12 + where % 800;  // sizes and text, where meaning is
            changed[head] = static_cast<char>(what);
        }
        accepted += saved.refusal_of_bytes(resealed(changed)) == "";
    }
    CHECK(accepted < 3000);
    std::string infinite = saved.bytes;
    infinite.replace(infinite.size() - 4, 4, std::string("\x00\x00\x80\x7f", 4));
    CHECK(contains(saved.refusal_of_bytes(resealed(infinite)), "no training has"));
}
