// SPDX-License-Identifier: MIT
// Keras models in HDF5 (.h5, .hdf5), as Keras 1 to 3 write them: the model's configuration is an
// attribute of the root, a layer's arrays are listed by the attribute weight_names of its group in
// model_weights. A model inside the model has one list for all its layers.
#include "formats.hpp"
#include "keras_model.hpp"
#include "tools/error.hpp"

#ifdef NUTSHELL_HDF5
#include "keras_file.hpp"
#endif

namespace nutshell::tools {

#ifdef NUTSHELL_HDF5
namespace {

std::vector<Tensor> arrays_of(const Hdf5Tree& tree, const std::string& group,
                              const std::string& path) {
    std::vector<Tensor> arrays;
    for (const std::string& name : tree.texts(group, "weight_names")) {
        const auto found = tree.arrays.find(group + "/" + name);
        if (found == tree.arrays.end()) {
            throw Error(path + ": " + printable(group + "/" + name) +
                        " is missing, or is no array of numbers; save the model again");
        }
        arrays.push_back(found->second);
    }
    return arrays;
}

}  // namespace

SourceModel keras_h5_source(const Hdf5Tree& tree, const std::string& path) {
    const std::string config = tree.text("", "model_config");
    if (config.empty()) {
        throw Error(path + ": holds weights without a model; save it with model.save()");
    }
    const std::string where = path + ": model_config";
    const ByteView text{reinterpret_cast<const uint8_t*>(config.data()), config.size()};
    KerasNode model = keras_tree(parse_json(text, where), path);
    for (KerasNode& layer : model.layers) {
        const std::string group = "model_weights/" + layer.name;
        layer.place = group;
        deal_arrays(arrays_of(tree, group, path), path + ": " + printable(group), layer);
    }
    SourceModel source = keras_source(model, path);
    source.format = "Keras HDF5";
    const std::string version = tree.text("", "keras_version");
    if (!version.empty()) source.producer = "keras " + printable(version);
    return source;
}

const std::vector<std::string>& keras_h5_roots() {
    static const std::vector<std::string> roots{"model_weights"};
    return roots;
}

namespace {

Imported read_keras_h5(const std::string& path, const ImportOptions& options) {
    const Bytes file = read_file(path);
    const Hdf5Tree tree = read_hdf5(view(file), keras_h5_roots(), path);
    return lower(keras_h5_source(tree, path), options);
}

}  // namespace

const Format kKerasH5Format{"keras-h5",
                            {".h5", ".hdf5"},
                            "a Keras model in HDF5",
                            read_keras_h5,
                            nullptr,
                            "HDF5 " NUTSHELL_HDF5,
                            ""};
#else
const Format kKerasH5Format{"keras-h5", {".h5", ".hdf5"}, "a Keras model in HDF5", nullptr, nullptr,
                            "",         "libhdf5-dev"};
#endif

}  // namespace nutshell::tools
