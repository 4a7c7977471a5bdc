// SPDX-License-Identifier: MIT
// A folder of images, or a folder of class folders with images in them.
#include <algorithm>
#include <charconv>
#include <climits>
#include <filesystem>

#include "readers.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {

namespace {

namespace fs = std::filesystem;

struct Listing {
    std::vector<std::string> images;   // paths, sorted
    std::vector<std::string> folders;  // paths, sorted
};

/// Hidden entries and files that are no images (notes, thumbnails' databases) are passed over.
Listing list_folder(const std::string& folder) {
    Listing found;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string path = entry->path().string();
        if (entry->path().filename().string()[0] == '.') continue;
        std::error_code unknown;
        if (entry->is_directory(unknown)) {
            found.folders.push_back(path);
        } else if (is_image_name(path)) {
            found.images.push_back(path);
        }
    }
    if (error) throw Error(folder + ": cannot be listed: " + error.message());
    std::sort(found.images.begin(), found.images.end());
    std::sort(found.folders.begin(), found.folders.end());
    return found;
}

void append_image(const std::string& path, const std::string& first, Dataset& data) {
    const DecodedImage image = decode_image(view(read_file(path)), path);
    if (data.count == 0) data.shape = image.shape;
    if (image.shape != data.shape) {
        throw Error(path + ": is " + shape_text(image.shape) + " (height, width, channels) where " +
                    first + " is " + shape_text(data.shape) + "; all images must be of one size");
    }
    if (data.count == INT_MAX) throw Error(path + ": too many images");
    data.bytes.insert(data.bytes.end(), image.pixels.begin(), image.pixels.end());
    data.count++;
}

/// The number that is the whole of a class folder's name, or -1.
int numeric_class(const std::string& folder) {
    const std::string name = fs::path(folder).filename().string();
    int value = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
    return error == std::errc() && end == name.data() + name.size() ? value : -1;
}

bool has_numeric_classes(const std::vector<std::string>& folders) {
    return std::all_of(folders.begin(), folders.end(),
                       [](const std::string& folder) { return numeric_class(folder) >= 0; });
}

Dataset read_classes(const std::vector<std::string>& folders) {
    Dataset data;
    const bool numeric = has_numeric_classes(folders);
    std::string first;
    int rank = 0;
    for (const std::string& folder : folders) {
        const int label = numeric ? numeric_class(folder) : rank++;
        const Listing inside = list_folder(folder);
        if (inside.images.empty()) {
            throw Error(folder + ": no PNG, PGM, PPM, JPEG or BMP images in this class folder");
        }
        if (first.empty()) first = inside.images.front();
        for (const std::string& path : inside.images) append_image(path, first, data);
        data.labels.resize(static_cast<size_t>(data.count), label);
    }
    return data;
}

}  // namespace

bool is_image_name(const std::string& path) {
    std::string extension = fs::path(path).extension().string();
    for (char& c : extension) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const char* const known[] = {".png", ".pgm", ".ppm", ".pnm", ".jpg", ".jpeg", ".bmp"};
    return std::find(std::begin(known), std::end(known), extension) != std::end(known);
}

Dataset read_image_folder(const std::string& folder) {
    const Listing found = list_folder(folder);
    if (found.images.empty() && found.folders.empty()) {
        throw Error(folder +
                    ": holds no IDX files (train-images-idx3-ubyte[.gz]) and no PNG, PGM, "
                    "PPM, JPEG or BMP images");
    }
    if (found.images.empty()) return read_classes(found.folders);
    if (!found.folders.empty()) {
        throw Error(folder + ": holds images and also the folder " + found.folders.front() +
                    "; put all images in class folders, or none");
    }
    Dataset data;
    for (const std::string& path : found.images) append_image(path, found.images.front(), data);
    return data;
}

}  // namespace nutshell::tools
