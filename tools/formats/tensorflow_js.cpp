// SPDX-License-Identifier: MIT
// Keras models as TensorFlow.js saves them: a JSON file of topology and list of weights, and files
// of their bytes in the same folder.
#include <filesystem>

#include "formats.hpp"
#include "keras_model.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

/// The bytes of the files that a group of weights lies in, one behind the other.
Bytes read_shards(const Json& group, const std::string& path) {
    Bytes bytes;
    for (const Json& entry : member(group, "paths")) {
        const std::string name = entry.is_string() ? entry.get<std::string>() : std::string();
        const std::filesystem::path file = std::filesystem::path(path).parent_path() / name;
        if (name.empty() || name.find_first_of("/\\") != std::string::npos || name == "..") {
            throw Error(path + ": its weights lie in " + in_quotes(name) +
                        "; only files beside it are opened");
        }
        if (std::filesystem::is_symlink(file)) {
            throw Error(path + ": its weights lie in " + in_quotes(name) +
                        ", a link, which is not followed");
        }
        const Bytes shard = read_file(file.string());
        bytes.insert(bytes.end(), shard.begin(), shard.end());
    }
    return bytes;
}

Tensor read_tensor(const Json& entry, const Bytes& bytes, size_t& at, const std::string& path) {
    Tensor tensor;
    tensor.name = text_member(entry, "name");
    const std::string where = path + ": weight " + in_quotes(tensor.name);
    if (text_member(entry, "dtype") != "float32" || entry.contains("quantization")) {
        throw Error(where + " is not float32; save the model without quantization");
    }
    for (const Json& side : member(entry, "shape")) {
        if (!side.is_number_unsigned()) throw Error(where + " has no shape; save the model again");
        tensor.shape.push_back(side.get<uint64_t>());
    }
    const size_t size = element_count(tensor.shape, where) * sizeof(float);
    if (size > bytes.size() - at) {
        throw Error(where + " ends behind the end of its file; save the model again");
    }
    tensor.values = to_floats(ElementType::float32, {bytes.data() + at, size});
    at += size;
    return tensor;
}

std::vector<Tensor> read_weights(const Json& manifest, const std::string& path) {
    std::vector<Tensor> weights;
    for (const Json& group : manifest) {
        const Bytes bytes = read_shards(group, path);
        size_t at = 0;
        for (const Json& entry : member(group, "weights")) {
            weights.push_back(read_tensor(entry, bytes, at, path));
        }
        if (at != bytes.size()) {
            throw Error(path + ": " + std::to_string(bytes.size() - at) +
                        " bytes of weights belong to no layer; save the model again");
        }
    }
    return weights;
}

/// What tfjs itself saves is the topology; what its converter makes of a Keras file wraps it once
/// more.
const Json& configuration(const Json& topology) {
    return topology.contains("model_config") ? member(topology, "model_config") : topology;
}

Imported read_tensorflow_js(const std::string& path, const ImportOptions& options) {
    const Json file = parse_json(view(read_file(path)), path);
    if (!member(file, "weightsManifest").is_array()) {
        throw Error(path + ": is no layers model of TensorFlow.js; save it with model.save()");
    }
    KerasNode model = keras_tree(configuration(member(file, "modelTopology")), path);
    deal_arrays(read_weights(member(file, "weightsManifest"), path), path, model);
    SourceModel source = keras_source(model, path);
    source.format = "TensorFlow.js";
    source.producer = printable(text_member(file, "generatedBy"));
    return lower(source, options);
}

}  // namespace

const Format kTensorFlowJsFormat{"tensorflow-js",
                                 {".json"},
                                 "a Keras model of TensorFlow.js",
                                 read_tensorflow_js,
                                 nullptr,
                                 "",
                                 ""};

}  // namespace nutshell::tools
