// SPDX-License-Identifier: MIT
// What --data may name, and THE LIST of readers. Whatever came in leaves here whole and finite.
#include "dataset.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <new>

#include "gzip.hpp"
#include "nutshell/image.hpp"
#include "readers.hpp"
#include "tools/error.hpp"
#include "tools/training/prefetch.hpp"

namespace nutshell::tools {

namespace {

namespace fs = std::filesystem;

bool ends_with(const std::string& text, const std::string& end) {
    return text.size() >= end.size() &&
           text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool has_idx_name(const std::string& path) {
    const std::string name = fs::path(path).filename().string();
    return name.find("-idx") != std::string::npos || name.find(".idx") != std::string::npos ||
           ends_with(name, ".gz");
}

bool has_npy_name(const std::string& path) { return ends_with(path, ".npy"); }

bool has_csv_name(const std::string& path) {
    return ends_with(path, ".csv") || ends_with(path, ".tsv") || ends_with(path, ".txt");
}

bool has_csv_content(ByteView) { return false; }  // text without a name could be anything

bool has_idx_content(ByteView head) { return is_idx(head) || is_gzip(head); }

struct Reader {
    bool (*has_name)(const std::string& path);
    bool (*has_content)(ByteView head);
    Dataset (*read)(ByteView file, const std::string& path);
};

/// THE LIST. A name decides before the content does, so that damage is reported as damage.
constexpr Reader kReaders[] = {
    {has_idx_name, has_idx_content, read_idx},
    {has_npy_name, is_npy, read_npy},
    {has_csv_name, has_csv_content, read_csv},
};

Dataset read_any(ByteView file, const std::string& path) {
    for (const Reader& reader : kReaders) {
        if (reader.has_name(path)) return reader.read(file, path);
    }
    for (const Reader& reader : kReaders) {
        if (reader.has_content(file)) return reader.read(file, path);
    }
    if (is_image_name(path)) {
        throw Error(path + ": is one image; name the folder of images that it is in");
    }
    throw Error(path + ": unknown kind of data; expected IDX (also .gz), .npy, .csv or a folder");
}

std::string place_in(Shape shape, size_t element) {
    if (shape.height == 1 && shape.width == 1) return "value " + std::to_string(element);
    const size_t channels = static_cast<size_t>(shape.channels);
    const size_t width = static_cast<size_t>(shape.width);
    const size_t pixel = element / channels;
    std::string place =
        "row " + std::to_string(pixel / width) + ", column " + std::to_string(pixel % width);
    if (channels > 1) place += ", channel " + std::to_string(element % channels);
    return place;
}

void check_finite(const Dataset& data, const std::string& path) {
    const auto bad = std::find_if(data.floats.begin(), data.floats.end(),
                                  [](float value) { return !std::isfinite(value); });
    if (bad == data.floats.end()) return;
    const size_t index = static_cast<size_t>(bad - data.floats.begin());
    const size_t size = static_cast<size_t>(data.shape.size());
    throw Error(path + ": sample " + std::to_string(index / size) + ", " +
                place_in(data.shape, index % size) + " (counted from 0) is " +
                (std::isnan(*bad) ? "NaN" : "infinite or beyond float's range") +
                "; remove or replace such values");
}

Dataset load_file(const std::string& path) {
    const Bytes file = read_file(path);
    Dataset data = read_any(view(file), path);
    data.name = path;
    check_finite(data, path);
    return data;
}

bool exists(const std::string& path) {
    std::error_code unknown;
    return fs::exists(path, unknown);
}

/// The spellings of an IDX file in the wild: train-images-idx3-ubyte or .idx3-ubyte, plain or .gz.
std::string find_idx(const std::string& folder, const std::string& part, const std::string& rank) {
    for (const char* dash : {"-", "."}) {
        for (const char* end : {"", ".gz"}) {
            std::string path = folder;
            path.append("/").append(part).append(dash).append("idx").append(rank);
            path.append("-ubyte").append(end);
            if (exists(path)) return path;
        }
    }
    return "";
}

std::string find_train_images(const std::string& folder) {
    return find_idx(folder, "train-images", "3");
}

void load_labels(const std::string& path, Dataset& data) {
    const Bytes file = read_file(path);
    read_idx_labels(view(file), path, data);
}

DataSource load_idx_folder(const std::string& folder, const std::string& title) {
    DataSource source;
    source.train = load_file(find_train_images(folder));
    const std::string labels = find_idx(folder, "train-labels", "1");
    if (!labels.empty()) load_labels(labels, source.train);
    source.train.name = title;

    const std::string test = find_idx(folder, "t10k-images", "3");
    if (test.empty()) return source;
    source.test = load_file(test);
    const std::string test_labels = find_idx(folder, "t10k-labels", "1");
    if (!test_labels.empty()) load_labels(test_labels, source.test);
    if (source.test.shape != source.train.shape) {
        throw Error(test + ": samples of " + shape_text(source.test.shape) +
                    " where the training images are " + shape_text(source.train.shape));
    }
    source.test.name = title + " (test)";
    return source;
}

/// The labels that belong to one file of images, by MNIST's way of naming them.
std::string labels_beside(const std::string& images) {
    const fs::path path(images);
    const std::string name = path.filename().string();
    const size_t at = name.find("images");
    if (at == std::string::npos) return "";
    const std::string folder = path.has_parent_path() ? path.parent_path().string() : ".";
    return find_idx(folder, name.substr(0, at) + "labels", "1");
}

std::vector<std::string> folders_of(const std::string& name) {
    std::vector<std::string> folders;
    const auto add = [&](const char* base, const std::string& below) {
        if (base != nullptr && *base != '\0') folders.push_back(base + below + name);
    };
    add(std::getenv("NUTSHELL_DATA"), "/");
    const char* cache = std::getenv("XDG_CACHE_HOME");
    if (cache != nullptr && *cache != '\0') {
        add(cache, "/nutshell/");
    } else {
        add(std::getenv("HOME"), "/.cache/nutshell/");
    }
    if (name == "fashion-mnist") add("/usr/share/datasets", "/");
    return folders;
}

DataSource load_fetched(const std::string& name) {
    std::string looked;
    for (const std::string& folder : folders_of(name)) {
        if (!find_train_images(folder).empty()) return load_idx_folder(folder, name);
        looked += (looked.empty() ? "" : ", ") + folder;
    }
    throw Error(name + ": not found (looked in " + looked + "); tools/fetch_data.sh " + name +
                " fetches it, or use --data sample");
}

DataSource load_path(const std::string& path) {
    if (!exists(path)) {
        throw Error(path +
                    ": no such file or folder; --data takes mnist, fashion-mnist, sample, a "
                    "folder of IDX files or images, or an IDX, .npy or .csv file");
    }
    DataSource source;
    std::error_code unknown;
    if (fs::is_directory(path, unknown)) {
        if (!find_train_images(path).empty()) return load_idx_folder(path, path);
        source.train = read_image_folder(path);
        source.train.name = path;
        return source;
    }
    source.train = load_file(path);
    const std::string labels = labels_beside(path);
    if (!labels.empty()) load_labels(labels, source.train);
    return source;
}

/// "mnist:3" and "mnist:-3": what is in front of the colon, and the label to keep or to leave out.
struct LabelChoice {
    std::string source;
    int label = -1;  // none
    bool without = false;
};

LabelChoice label_choice(const std::string& what) {
    const size_t colon = what.rfind(':');
    if (colon == std::string::npos || colon == 0 || exists(what)) return {what, -1, false};
    const bool without = what.compare(colon + 1, 1, "-") == 0;
    const std::string number = what.substr(colon + (without ? 2 : 1));
    if (number.empty() || number.size() > 8 ||
        number.find_first_not_of("0123456789") != std::string::npos) {
        return {what, -1, false};
    }
    return {what.substr(0, colon), std::stoi(number), without};
}

/// The samples that have the label, or those that have not.
Dataset choose_label(const Dataset& data, const LabelChoice& choice) {
    if (data.labels.empty()) {
        throw Error(data.name + ": has no labels to choose samples by; leave :" +
                    (choice.without ? "-" : "") + std::to_string(choice.label) + " away");
    }
    const size_t size = static_cast<size_t>(data.shape.size());
    Dataset chosen;
    chosen.name =
        data.name + (choice.without ? " without " : " only ") + std::to_string(choice.label);
    chosen.shape = data.shape;
    chosen.int8 = data.int8;
    const auto take = [size](const auto& from, size_t index, auto& to) {
        if (from.empty()) return;
        const auto first = from.begin() + static_cast<ptrdiff_t>(index * size);
        to.insert(to.end(), first, first + static_cast<ptrdiff_t>(size));
    };
    for (size_t i = 0; i < data.labels.size(); i++) {
        if ((data.labels[i] == choice.label) == choice.without) continue;
        take(data.bytes, i, chosen.bytes);
        take(data.floats, i, chosen.floats);
        chosen.labels.push_back(data.labels[i]);
        chosen.count++;
    }
    if (chosen.count == 0) throw Error(chosen.name + ": there is no such sample");
    return chosen;
}

}  // namespace

void Dataset::copy_sample(int index, float* out) const {
    assert(index >= 0 && index < count);
    const size_t size = static_cast<size_t>(shape.size());
    const size_t first = static_cast<size_t>(index) * size;
    if (bytes.empty()) {
        std::copy_n(floats.data() + first, size, out);
        return;
    }
    nutshell::to_float(bytes.data() + first, shape.size(), out);
}

void Dataset::copy_samples(const uint32_t* indices, int rows, float* out) const {
    for (int row = 0; row < rows; row++) {
        copy_sample(static_cast<int>(indices[row]), out);
        out += shape.size();
    }
}

void Dataset::prefetch(uint32_t index) const {
    const size_t size = static_cast<size_t>(shape.size());
    if (bytes.empty()) {
        tools::prefetch(floats.data() + index * size, size);
    } else {
        tools::prefetch(bytes.data() + index * size, size);
    }
}

Dataset Dataset::slice(int first, int rows) const {
    assert(first >= 0 && rows >= 0 && first <= count - rows);
    const size_t size = static_cast<size_t>(shape.size());
    const auto part = [first, rows](const auto& from, size_t width) {
        using Vector = std::decay_t<decltype(from)>;
        if (from.empty()) return Vector();
        const auto* begin = from.data() + static_cast<size_t>(first) * width;
        return Vector(begin, begin + static_cast<size_t>(rows) * width);
    };
    Dataset out;
    out.name = name;
    out.count = rows;
    out.shape = shape;
    out.bytes = part(bytes, size);
    out.floats = part(floats, size);
    out.labels = part(labels, 1);
    out.int8 = int8;
    return out;
}

DataSource load_data(const std::string& what) {
    try {
        const LabelChoice choice = label_choice(what);
        const std::string& name = choice.source;
        DataSource source = name == "sample"                             ? load_sample()
                            : name == "mnist" || name == "fashion-mnist" ? load_fetched(name)
                                                                         : load_path(name);
        if (choice.label < 0) return source;
        source.train = choose_label(source.train, choice);
        if (source.test.count > 0) source.test = choose_label(source.test, choice);
        return source;
    } catch (const std::bad_alloc&) {
        throw Error(what + ": does not fit in memory; use less data at a time");
    }
}

}  // namespace nutshell::tools
