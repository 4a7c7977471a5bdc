// SPDX-License-Identifier: MIT
// nutshell search: the samples whose codes are nearest to those of others.
#include "tools/evaluation/search.hpp"

#include <algorithm>
#include <cstdio>

#include "commands.hpp"
#include "tools/atomic_file.hpp"
#include "tools/data/bytes.hpp"
#include "tools/error.hpp"
#include "tools/evaluation/pca.hpp"
#include "tools/picture/charts.hpp"
#include "tools/picture/picture.hpp"
#include "tools/picture/statistics.hpp"

namespace nutshell::tools {
namespace {

constexpr int kPictureQueries = 10, kPictureNeighbours = 8;

struct Options {
    std::string model, data, queries, save, index, picture, table;
    std::vector<CodeKind> kinds{CodeKind::float32, CodeKind::int8, CodeKind::bits};
    Metric metric = Metric::squared_l2;
    int k = 10;
    bool pca = false;
};

/// What was searched in, and for what.
struct Task {
    Dataset index, queries;
    bool itself = false;  // the queries are the index
};

Task task_of(const Options& options) {
    DataSource source = load_data(options.data);
    Task task;
    if (!options.queries.empty()) {
        task.queries = choose_set(load_data(options.queries), "");
    } else if (source.test.count > 0) {
        task.queries = std::move(source.test);
    } else {
        task.queries = source.train;
        task.itself = true;
    }
    task.index = std::move(source.train);
    return task;
}

/// One way to keep codes, and what it finds.
struct Way {
    std::string name;
    double bytes = 0;  // of a code
    Neighbours found;
};

double bytes_of(CodeKind kind, int size) {
    return kind == CodeKind::float32 ? 4.0 * size : kind == CodeKind::int8 ? size : (size + 7) / 8;
}

/// The first principal components in place of a code: as many as it has numbers.
Way pca_way(const Options& options, const Task& task, int size) {
    const int features = task.index.shape.size();
    const auto read = [&](const Dataset& data) {
        return [&data, features](int first, int rows, float* out) {
            for (int i = 0; i < rows; i++) {
                data.copy_sample(first + i, out + static_cast<ptrdiff_t>(i) * features);
            }
        };
    };
    const Pca pca = fit_pca(read(task.index), task.index.count, features, size);
    const auto transform = [&](const Dataset& data) {
        std::vector<float> rows(static_cast<size_t>(data.count) * static_cast<size_t>(features));
        read(data)(0, data.count, rows.data());
        return codes_of(pca_transform(pca, rows.data(), data.count), size);
    };
    return {"PCA-" + std::to_string(size), 4.0 * size,
            search(transform(task.index), transform(task.queries), CodeKind::float32,
                   options.metric, options.k, task.itself)};
}

std::vector<Way> ways_of(const Options& options, const AnyGraph& any, const Task& task) {
    const Codes queries = encode_all(any, task.queries);
    std::vector<Way> ways;
    if (!options.index.empty()) {
        CodeKind kind{};
        const Neighbours found = search_image(read_file(options.index), options.index, queries,
                                              options.metric, options.k, kind);
        for (const Match& match : found.matches) {
            if (match.id < static_cast<uint32_t>(task.index.count)) continue;
            throw Error(options.index + ": knows sample " + std::to_string(match.id) + ", " +
                        task.index.name + " has only " + std::to_string(task.index.count) +
                        "; give the --data that was indexed");
        }
        ways.push_back({name_of(kind), bytes_of(kind, queries.size), found});
        return ways;
    }
    const Codes index = encode_all(any, task.index);
    for (const CodeKind kind : options.kinds) {
        ways.push_back({name_of(kind), bytes_of(kind, index.size),
                        search(index, queries, kind, options.metric, options.k, task.itself)});
    }
    if (!options.save.empty()) {
        const std::vector<uint8_t> image = index_image(index, options.kinds.front());
        write_file(options.save, image.data(), image.size());
    }
    if (options.pca) ways.push_back(pca_way(options, task, index.size));
    return ways;
}

Picture picture_of(const Task& task, const Way& way) {
    if (!task.index.is_image()) throw Error("--out draws images, and the samples are none");
    NeighbourSheet sheet;
    sheet.title = "Nearest codes: " + task.queries.name + " in " + task.index.name;
    sheet.explanation = "Left the query, beside it the " +
                        std::to_string(std::min(way.found.k, kPictureNeighbours)) +
                        " samples whose codes are nearest, by " + way.name +
                        " codes; framed: another label.";
    sheet.shape = task.index.shape;
    sheet.neighbours = std::min(way.found.k, kPictureNeighbours);
    const size_t size = static_cast<size_t>(sheet.shape.size());
    const auto add = [&](const Dataset& data, int i) {
        sheet.images.resize(sheet.images.size() + size);
        data.copy_sample(i, sheet.images.data() + sheet.images.size() - size);
        if (!data.labels.empty()) sheet.labels.push_back(data.labels[static_cast<size_t>(i)]);
    };
    for (const int query :
         choose_samples(task.queries.labels, task.queries.count, kPictureQueries)) {
        add(task.queries, query);
        for (int i = 0; i < sheet.neighbours; i++) {
            const size_t at = static_cast<size_t>(query * way.found.k + i);
            add(task.index, static_cast<int>(way.found.matches[at].id));
        }
    }
    return neighbour_sheet(std::move(sheet));
}

/// One line a neighbour that was found.
void write_table(const std::string& path, const Way& way) {
    std::string text = "query,rank,sample,distance\n";
    for (size_t i = 0; i < way.found.matches.size(); i++) {
        const size_t k = static_cast<size_t>(way.found.k);
        text += std::to_string(i / k) + "," + std::to_string(i % k + 1) + "," +
                std::to_string(way.found.matches[i].id) + "," +
                significant(static_cast<double>(way.found.matches[i].distance), 9) + "\n";
    }
    write_file(path, text.data(), text.size());
}

void require_sense(const Options& options) {
    if (!options.save.empty() && options.kinds.size() == 3) {
        throw Error("--save keeps one kind of codes; say --codes float32 or --codes int8");
    }
    if (!options.save.empty() && options.kinds.front() == CodeKind::bits) {
        throw Error(
            "--save: sign bits need thresholds that an index does not hold; save float32 "
            "or int8");
    }
    if (!options.picture.empty()) {
        (void)picture_bytes(options.picture, Picture{1, 1, "", [](Canvas&) {}});
    }
}

int run_search(const Options& options, const Common& common) {
    require_sense(options);
    const AnyGraph any = read_any_model(options.model);
    const Task task = task_of(options);
    const std::vector<Way> ways = ways_of(options, any, task);
    const bool labelled = !task.index.labels.empty() && !task.queries.labels.empty();
    if (!options.picture.empty()) save_picture(options.picture, picture_of(task, ways.front()));
    if (!options.table.empty()) write_table(options.table, ways.front());
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    if (!common.json) {
        std::printf("%d queries of %s in %d codes of %s\n", task.queries.count,
                    task.queries.name.c_str(), task.index.count, task.index.name.c_str());
        if (labelled) {
            const std::string votes = std::to_string(std::min(options.k, 5)) + "-NN accuracy";
            const std::string precision = "precision@" + std::to_string(options.k);
            std::printf("  %-10s %8s  %14s  %14s\n", "codes", "bytes", votes.c_str(),
                        precision.c_str());
        } else {
            std::printf(
                "  without labels on both sides there is no accuracy; --table FILE.csv "
                "has all that was found\n");
        }
    }
    for (const Way& way : ways) {
        nlohmann::ordered_json row{{"codes", way.name}, {"bytes", way.bytes}};
        if (labelled) {
            const LabelScores scores =
                score_labels(way.found, task.index.labels, task.queries.labels);
            row["accuracy"] = scores.accuracy;
            row["precision"] = scores.precision;
            if (!common.json) {
                std::printf("  %-10s %8.0f  %14.4f  %14.4f\n", way.name.c_str(), way.bytes,
                            scores.accuracy, scores.precision);
            }
        }
        rows.push_back(row);
    }
    if (common.json) {
        print_json({{"index", task.index.name},
                    {"indexed", task.index.count},
                    {"queries", task.queries.count},
                    {"metric", options.metric == Metric::cosine ? "cosine" : "l2"},
                    {"k", options.k},
                    {"voters", std::min(options.k, 5)},
                    {"ways", rows}});
    }
    return kSuccess;
}

}  // namespace

void add_search(CLI::App& app, Common& common) {
    static Options options;
    CLI::App* command =
        add_command(app, common, "search", "Find the samples whose codes are nearest to others",
                    [&common] { return run_search(options, common); });
    command->add_option("MODEL", options.model, "A .nut file, float or int8")->required();
    command
        ->add_option("--data", options.data,
                     "What is searched: its training part; the queries are its test part, or, "
                     "where there is none, each sample among the others")
        ->required();
    command->add_option("--queries", options.queries, "Other queries than that");
    command->add_option("--k", options.k, "Neighbours of a query")
        ->check(between(1, 1000000))
        ->capture_default_str();
    add_choice<std::vector<CodeKind>>(
        *command, "--codes", options.kinds,
        {{"all", {CodeKind::float32, CodeKind::int8, CodeKind::bits}},
         {"float32", {CodeKind::float32}},
         {"int8", {CodeKind::int8}},
         {"bits", {CodeKind::bits}}},
        "What is kept of a code: all to compare them, float32, int8 or sign bits", "all");
    add_choice<Metric>(*command, "--metric", options.metric,
                       {{"l2", Metric::squared_l2}, {"cosine", Metric::cosine}},
                       "What is small between neighbours: l2 or cosine (sign bits: those that "
                       "differ)",
                       "l2");
    command->add_flag("--pca", options.pca,
                      "Also search by as many principal components of the samples, the best linear "
                      "code");
    command->add_option("--out", options.picture,
                        "A picture of queries and neighbours, .png or .svg");
    command->add_option("--table", options.table,
                        "A .csv file of every neighbour, by the first kind of codes");
    command->add_option("--save", options.save,
                        "Keep the index in a file, which firmware can load too");
    command->add_option("--index", options.index,
                        "Search the index in a file; --data is then what it was made of");
}

}  // namespace nutshell::tools
