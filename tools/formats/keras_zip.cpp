// SPDX-License-Identifier: MIT
// Keras models in Keras' own archive (.keras), as Keras 3 and TensorFlow 2.12 on write them: a zip
// archive of config.json, metadata.json and model.weights.h5, where the arrays of a layer stand
// under its place in the model: layers/dense_1/vars/0 is the kernel of the second Dense layer.
#include "formats.hpp"
#include "keras_model.hpp"
#include "tools/error.hpp"

#if defined NUTSHELL_HDF5 && defined NUTSHELL_ZIP
#include <cctype>
#include <map>

#include "keras_file.hpp"
#include "zip_archive.hpp"
#endif

namespace nutshell::tools {

#if defined NUTSHELL_HDF5 && defined NUTSHELL_ZIP
namespace {

/// BatchNormalization -> batch_normalization, Conv2DTranspose -> conv2d_transpose
std::string snake_case(const std::string& name) {
    std::string snake;
    const auto is_lower = [&](size_t i) {
        return i < name.size() && std::islower(static_cast<unsigned char>(name[i])) != 0;
    };
    for (size_t i = 0; i < name.size(); i++) {
        const bool upper = std::isupper(static_cast<unsigned char>(name[i])) != 0;
        if (upper && i > 0 && (is_lower(i - 1) || is_lower(i + 1))) snake += '_';
        snake += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
    }
    return snake;
}

/// Gives every layer the arrays of its group; `list` is what the lists of layers are called.
void take_arrays(KerasNode& node, const Hdf5Tree& tree, const std::string& group,
                 const std::string& list) {
    node.place = group;
    for (size_t i = 0; !node.is_model; i++) {
        const auto found = tree.arrays.find(group + "/vars/" + std::to_string(i));
        if (found == tree.arrays.end()) break;
        node.weights.push_back(found->second);
    }
    std::map<std::string, int> used;
    for (KerasNode& layer : node.layers) {
        std::string name = snake_case(layer.kind);
        const int before = used[name]++;
        if (before > 0) name += "_" + std::to_string(before);
        take_arrays(layer, tree, (group.empty() ? "" : group + "/") + list + "/" + name, list);
    }
}

}  // namespace

SourceModel keras_zip_source(ByteView file, const std::string& path) {
    const ZipArchive archive(file, path);
    const Bytes config = archive.read("config.json");
    KerasNode model = keras_tree(parse_json(view(config), path + ": config.json"), path);
    const Bytes weights = archive.read("model.weights.h5");
    const std::string list = "layers", first_list = "_layer_checkpoint_dependencies";
    const Hdf5Tree tree = read_hdf5(view(weights), {list, first_list}, path + ": model.weights.h5");
    take_arrays(model, tree, "", tree.groups.count(list) > 0 ? list : first_list);
    SourceModel source = keras_source(model, path);
    source.format = "Keras archive";
    if (!archive.has("metadata.json")) return source;
    const Bytes metadata = archive.read("metadata.json");
    const Json facts = parse_json(view(metadata), path + ": metadata.json");
    const std::string version = text_member(facts, "keras_version");
    if (!version.empty()) source.producer = "keras " + printable(version);
    return source;
}

namespace {

Imported read_keras_zip(const std::string& path, const ImportOptions& options) {
    const Bytes file = read_file(path);
    return lower(keras_zip_source(view(file), path), options);
}

}  // namespace

const Format kKerasFormat{"keras",
                          {".keras"},
                          "a Keras archive",
                          read_keras_zip,
                          nullptr,
                          "HDF5 " NUTSHELL_HDF5 ", libzip " NUTSHELL_ZIP,
                          ""};
#else
const Format kKerasFormat{"keras", {".keras"}, "a Keras archive",           nullptr,
                          nullptr, "",         "libhdf5-dev and libzip-dev"};
#endif

}  // namespace nutshell::tools
