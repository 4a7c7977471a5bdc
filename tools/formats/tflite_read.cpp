// SPDX-License-Identifier: MIT
// From a .tflite file to a SourceModel. FlatBuffers' Verifier has seen every offset before anything
// here follows one; indices, types and sizes are checked where they are used.
#include "tflite_file.hpp"

#ifdef NUTSHELL_FLATBUFFERS
#include <tflite_generated.h>

#include <cmath>
#include <cstring>
#include <map>
#include <utility>

#include "tflite_images.hpp"
#include "tools/data/bytes.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

using Op = SourceLayer::Op;

/// The one subgraph, operator by operator.
class Reader {
  public:
    explicit Reader(const tflite::Model& model) : model_(model), tensors_(model, graph_of(model)) {}

    SourceModel read() {
        const tflite::SubGraph& graph = tensors_.graph();
        current_ = only(graph.inputs(), "input");
        source_.format = "TensorFlow Lite";
        if (model_.description() != nullptr)
            source_.producer = printable(model_.description()->str());
        source_.input = tensors_.sample_shape(current_);
        type_ = tensors_.at(current_).type();
        const auto* operators = graph.operators();
        for (uint32_t i = 0; operators != nullptr && i < operators->size(); i++) {
            read_operator(*operators->Get(i), i);
        }
        if (only(graph.outputs(), "output") != current_) {
            throw Error("its output is not what its last operator writes; only chains can be read");
        }
        if (type_ == tflite::TensorType_INT8 && !source_.codes) {
            source_.codes = tensors_.quantization(current_);
        }
        return std::move(source_);
    }

  private:
    static const tflite::SubGraph& graph_of(const tflite::Model& model) {
        if (model.version() != 3) {
            throw Error("is of version " + std::to_string(model.version()) +
                        " of the format; version 3 is the one there is");
        }
        const size_t count = model.subgraphs() == nullptr ? 0 : model.subgraphs()->size();
        if (count != 1) {
            throw Error("has " + std::to_string(count) +
                        " subgraphs; export a model that has one, without branches or loops");
        }
        return *model.subgraphs()->Get(0);
    }

    static int only(const flatbuffers::Vector<int32_t>* list, const char* what) {
        const size_t count = list == nullptr ? 0 : list->size();
        if (count != 1) {
            throw Error("has " + std::to_string(count) + " " + what +
                        "s; an autoencoder, encoder or decoder has one");
        }
        return list->Get(0);
    }

    /// "CONV_2D", a custom operator's own name, or its number.
    std::string kind_of(tflite::BuiltinOperator code, const tflite::OperatorCode& entry) const {
        if (code == tflite::BuiltinOperator_CUSTOM && entry.custom_code() != nullptr) {
            return "custom operator " + printable(entry.custom_code()->str());
        }
        const std::string name = tflite::EnumNameBuiltinOperator(code);
        return name.empty() ? "operator code " + std::to_string(static_cast<int>(code)) : name;
    }

    void read_operator(const tflite::Operator& op, uint32_t index) {
        SourceLayer layer;
        layer.place = "operator " + std::to_string(index);
        const auto* codes = model_.operator_codes();
        if (codes == nullptr || op.opcode_index() >= codes->size()) {
            throw Error(layer.place + " has code " + std::to_string(op.opcode_index()) +
                        " of a list that has none of this number; the file is damaged");
        }
        const tflite::OperatorCode& entry = *codes->Get(op.opcode_index());
        // Old files have the byte alone; new ones have both, or the word alone when it is large.
        const auto code = static_cast<tflite::BuiltinOperator>(
            std::max<int>(entry.deprecated_builtin_code(), static_cast<int>(entry.builtin_code())));
        layer.kind = kind_of(code, entry);
        if (op.outputs() == nullptr || op.outputs()->size() != 1) {
            refuse(layer, "it has not one output; only chains can be read");
        }
        if (op.inputs() == nullptr || op.inputs()->size() == 0) refuse(layer, "it has no input");
        const int out = op.outputs()->Get(0);
        layer.name = tensors_.name(out);
        if (code == tflite::BuiltinOperator_DEQUANTIZE && op.inputs()->Get(0) != current_) {
            return tensors_.dequantize(layer, op.inputs()->Get(0), out);
        }
        if (ended_) refuse(layer, "it follows DEQUANTIZE; a model is all int8 or all float");
        add(std::move(layer), op, code);
        current_ = out;
        type_ = tensors_.at(current_).type();
    }

    void add(SourceLayer layer, const tflite::Operator& op, tflite::BuiltinOperator code) {
        const bool arithmetic =
            code == tflite::BuiltinOperator_MUL || code == tflite::BuiltinOperator_ADD;
        const uint32_t operand = sample_operand(code);
        if (op.inputs()->size() <= operand) refuse(layer, "it has no input");
        if (!arithmetic && op.inputs()->Get(operand) != current_) {
            refuse(layer,
                   "it does not read what the operator in front of it writes; only chains "
                   "can be read");
        }
        layer.in = tensors_.sample_shape(current_);
        layer.out = tensors_.sample_shape(op.outputs()->Get(0));
        if (code == tflite::BuiltinOperator_QUANTIZE ||
            code == tflite::BuiltinOperator_DEQUANTIZE) {
            return add_border(layer, op.outputs()->Get(0));
        }
        require_numbers(layer, op.outputs()->Get(0));
        if (is_image_operator(code)) {
            layer.activation =
                fused(layer, read_image_operator(tensors_, op, code, layer, source_.notes));
            source_.add(std::move(layer));
            return;
        }
        switch (code) {
            case tflite::BuiltinOperator_FULLY_CONNECTED:
                return add_fully_connected(std::move(layer), op);
            case tflite::BuiltinOperator_LOGISTIC:
                return add_activation(std::move(layer), Activation::sigmoid);
            case tflite::BuiltinOperator_TANH:
                return add_activation(std::move(layer), Activation::tanh);
            case tflite::BuiltinOperator_RELU:
                return add_activation(std::move(layer), Activation::relu);
            case tflite::BuiltinOperator_RELU6: {
                const Activation activation = fused(layer, tflite::ActivationFunctionType_RELU6);
                return add_activation(std::move(layer), activation);
            }
            case tflite::BuiltinOperator_RELU_N1_TO_1:
                fused(layer, tflite::ActivationFunctionType_RELU_N1_TO_1);
                return;
            case tflite::BuiltinOperator_LEAKY_RELU:
                if (const auto* options = op.builtin_options_as_LeakyReluOptions()) {
                    layer.slope = options->alpha();
                }
                return add_activation(std::move(layer), Activation::leaky_relu);
            case tflite::BuiltinOperator_RESHAPE:
            case tflite::BuiltinOperator_SQUEEZE:
            case tflite::BuiltinOperator_EXPAND_DIMS:
                layer.op = Op::reshape;
                source_.add(std::move(layer));
                return;
            case tflite::BuiltinOperator_MUL:
            case tflite::BuiltinOperator_ADD:
                return add_arithmetic(layer, op, code);
            default:
                refuse(layer,
                       "Nutshell has no such layer; it reads FULLY_CONNECTED, CONV_2D, "
                       "DEPTHWISE_CONV_2D, TRANSPOSE_CONV, MAX_POOL_2D, AVERAGE_POOL_2D, "
                       "RESIZE_BILINEAR, RESIZE_NEAREST_NEIGHBOR, LOGISTIC, TANH, RELU, "
                       "LEAKY_RELU, RESHAPE, QUANTIZE, DEQUANTIZE, and MUL and ADD of constants");
        }
    }

    /// The layer goes from float32 to float32 or from int8 to int8, whose codes have a meaning.
    void require_numbers(SourceLayer& layer, int out) {
        const tflite::TensorType to = tensors_.at(out).type();
        const bool known = to == tflite::TensorType_FLOAT32 || to == tflite::TensorType_INT8;
        if (!known || to != type_) {
            refuse(layer, std::string("it goes from ") + type_name(type_) + " to " + type_name(to) +
                              "; float32 and int8 can be read");
        }
        if (to != tflite::TensorType_INT8) return;
        if (!source_.codes) source_.codes = tensors_.quantization(current_);
        layer.out_codes = tensors_.quantization(out);
    }

    /// QUANTIZE and DEQUANTIZE at the ends of an int8 model: its codes are what counts.
    void add_border(SourceLayer& layer, int out) {
        const tflite::TensorType to = tensors_.at(out).type();
        const bool first = source_.layers.empty() && !source_.codes;
        if (type_ == tflite::TensorType_INT8 && !source_.codes) {
            source_.codes = tensors_.quantization(current_);
        }
        if (to == tflite::TensorType_INT8 && first) {
            source_.codes = tensors_.quantization(out);
            if (type_ == tflite::TensorType_UINT8) require_shifted(layer, current_, out);
        } else if (type_ == tflite::TensorType_INT8 && to != tflite::TensorType_INT8) {
            if (to == tflite::TensorType_UINT8) require_shifted(layer, out, current_);
            ended_ = true;
        } else {
            refuse(layer, std::string("it goes from ") + type_name(type_) + " to " + type_name(to) +
                              " within the model; a model is int8 throughout, or float");
        }
        const bool shifted = type_ == tflite::TensorType_UINT8 || to == tflite::TensorType_UINT8;
        source_.notes.push_back(
            named(layer) + (shifted ? " turns uint8 codes into int8 ones by taking 128 away: left "
                                      "out, codes are int8 here"
                                    : " stands between floats and codes: left out, nutshell run "
                                      "rounds by itself"));
    }

    /// uint8 codes that are the int8 ones plus 128.
    void require_shifted(const SourceLayer& layer, int of_uint8, int of_int8) {
        const Quantization from = tensors_.quantization(of_uint8);
        if (!same(from, tensors_.quantization(of_int8))) {
            refuse(layer,
                   "it changes the scale between uint8 and int8; convert the model with int8 "
                   "as inference type");
        }
    }

    /// The activation of a fused code; those that Nutshell lacks are refused.
    Activation fused(const SourceLayer& layer, tflite::ActivationFunctionType type) {
        switch (type) {
            case tflite::ActivationFunctionType_NONE:
                return Activation::linear;
            case tflite::ActivationFunctionType_RELU:
                return Activation::relu;
            case tflite::ActivationFunctionType_RELU6: {
                const std::optional<Quantization>& codes = layer.out_codes;
                if (codes && codes->zero_point + std::round(6.0f / codes->scale) >= 127.0f) {
                    source_.notes.push_back(named(layer) +
                                            ": no code stands for more than 6, so "
                                            "RELU6 is RELU");
                    return Activation::relu;
                }
                refuse(layer,
                       "RELU6 holds values at 6, which Nutshell has no activation for; train "
                       "with relu");
            }
            default:
                break;
        }
        const std::string name = tflite::EnumNameActivationFunctionType(type);
        refuse(layer, "its activation " + (name.empty() ? "is not known" : name) +
                          " is none that Nutshell has; there are RELU, LOGISTIC, TANH, LEAKY_RELU");
    }

    void add_activation(SourceLayer layer, Activation activation) {
        layer.op = Op::activation;
        layer.activation = activation;
        source_.add(std::move(layer));
    }

    void add_fully_connected(SourceLayer layer, const tflite::Operator& op) {
        layer.op = Op::dense;
        const auto& inputs = *op.inputs();
        if (inputs.size() < 2 || inputs.size() > 3) {
            refuse(layer, "it has " + std::to_string(inputs.size()) + " inputs, not 2 or 3");
        }
        if (const auto* options = op.builtin_options_as_FullyConnectedOptions()) {
            if (options->weights_format() != tflite::WeightsFormat_DEFAULT) {
                refuse(layer, "its weights are shuffled for one kernel; convert the model again");
            }
            layer.activation = fused(layer, options->fused_activation_function());
        }
        const int weight = inputs.Get(1);
        const std::vector<int32_t> sides = tensors_.sides(weight);
        if (sides.size() != 2 || layer.in.size() != sides[1] || layer.out.size() != sides[0]) {
            refuse(layer, "a weight of " + text_of(sides) + " does not fit " +
                              std::to_string(layer.in.size()) + " inputs and " +
                              std::to_string(layer.out.size()) + " outputs");
        }
        const int bias = inputs.size() == 3 ? inputs.Get(2) : -1;
        if (type_ == tflite::TensorType_INT8) {
            tensors_.read_codes(layer, weight, bias);
        } else {
            layer.weight = tensors_.floats(layer, weight, source_.notes);
            if (bias != -1) layer.bias = tensors_.floats(layer, bias, source_.notes);
        }
        source_.add(std::move(layer));
    }

    /// MUL or ADD of a constant, which is what is left of a batch normalization.
    void add_arithmetic(SourceLayer& layer, const tflite::Operator& op,
                        tflite::BuiltinOperator code) {
        const auto& inputs = *op.inputs();
        const bool second = inputs.Get(0) == current_;
        if (type_ != tflite::TensorType_FLOAT32 || inputs.size() != 2 ||
            (!second && inputs.Get(1) != current_)) {
            refuse(layer, "only floats times or plus a constant can be read");
        }
        const bool is_mul = code == tflite::BuiltinOperator_MUL;
        const auto* options =
            is_mul ? op.builtin_options_as_MulOptions() : op.builtin_options_as_AddOptions();
        const Activation activation =
            fused(layer, options == nullptr ? tflite::ActivationFunctionType_NONE
                                            : options->fused_activation_function());
        std::vector<float> values =
            tensors_.floats(layer, inputs.Get(second ? 1 : 0), source_.notes);
        layer.op = Op::batch_norm;
        layer.mean.assign(values.size(), 0.0f);
        layer.variance.assign(values.size(), 1.0f);
        (is_mul ? layer.gamma : layer.beta) = std::move(values);
        source_.add(layer);
        if (activation == Activation::linear) return;
        SourceLayer after;
        after.name = layer.name;
        after.kind = std::string("RELU of ") + layer.kind;
        after.place = layer.place;
        add_activation(std::move(after), activation);
    }

    const tflite::Model& model_;
    TfliteTensors tensors_;
    SourceModel source_;
    tflite::TensorType type_ = tflite::TensorType_FLOAT32;
    int current_ = 0;     // the tensor that the next operator reads
    bool ended_ = false;  // the codes have become floats
};

/// What Nutshell's own writer left in the file.
struct Marks {
    uint32_t code_layer, model_id, parent_id;
};

std::optional<Marks> marks_of(const tflite::Model& model) {
    if (model.metadata() == nullptr || model.buffers() == nullptr) return {};
    for (const tflite::Metadata* entry : *model.metadata()) {
        if (entry->name() == nullptr || entry->name()->str() != kTfliteMetadata) continue;
        if (entry->buffer() >= model.buffers()->size()) continue;
        const auto* data = model.buffers()->Get(entry->buffer())->data();
        if (data == nullptr || data->size() != kTfliteMetadataBytes) continue;
        const auto word = [&](size_t i) {
            return static_cast<uint32_t>(little_endian(data->data() + 4 * i, 4));
        };
        return Marks{word(0), word(1), word(2)};
    }
    return {};
}

/// Behind so many layers and what follows them: activations and normalization, but no reshape.
void set_boundary(SourceModel& source, uint32_t layers) {
    uint32_t seen = 0;
    for (size_t i = 0; i < source.layers.size(); i++) {
        const Op op = source.layers[i].op;
        if (seen > 0 && (op == Op::activation || op == Op::batch_norm)) continue;
        if (seen == layers) {
            source.code_boundary = static_cast<int>(i);
            return;
        }
        seen += op == Op::dense || op == Op::image ? 1 : 0;
    }
    if (seen == layers) source.code_boundary = static_cast<int>(source.layers.size());
}

void verify(const std::vector<uint8_t>& bytes) {
    constexpr size_t least = 8, most = size_t{1} << 30;
    constexpr unsigned depth = 16, tables = 100000;
    if (bytes.size() < least || std::memcmp(bytes.data() + 4, "TFL3", 4) != 0) {
        throw Error("is no TensorFlow Lite file: it does not have TFL3 at byte 4");
    }
    if (bytes.size() > most) throw Error("is larger than 1 GiB; no model that fits is");
    flatbuffers::Verifier verifier(bytes.data(), bytes.size(), depth, tables);
    if (!tflite::VerifyModelBuffer(verifier)) {
        throw Error("is damaged: an offset in it leads nowhere; get the file again");
    }
}

}  // namespace

Imported read_tflite(const std::vector<uint8_t>& bytes, const ImportOptions& options) {
    if (!options.layers.empty()) {
        throw Error("--layers: a .tflite file knows its layers; leave --layers away");
    }
    verify(bytes);
    const tflite::Model& model = *tflite::GetModel(bytes.data());
    SourceModel source = Reader(model).read();
    const std::optional<Marks> marks = marks_of(model);
    if (marks) {
        set_boundary(source, marks->code_layer);
        source.model_id = marks->model_id;
        source.parent_id = marks->parent_id;
    }
    return lower(source, options);
}

}  // namespace nutshell::tools
#endif
