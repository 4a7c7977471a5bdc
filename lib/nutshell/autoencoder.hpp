// SPDX-License-Identifier: MIT
// Encoder + decoder. The type holds every size as a constant; a value of it is a view, one pointer
// per tensor, over weights that lie in RAM (bind) or in a .nut file in flash (load). The encoder
// and the decoder are products of their own: Model::Encoder and Model::Decoder.
#pragma once
#include "numbers.hpp"
#include "self_test.hpp"
#include "sequential.hpp"

namespace nutshell {

/// The numbers between encoder and decoder.
template <class T, int Size>
struct alignas(16) Code {
    T data[Size];
};

/// Scratch memory of an inference call; nothing at all where nothing is needed.
template <int Bytes>
struct alignas(16) Workspace {
    static constexpr int bytes = Bytes;
    uint8_t data[Bytes];
    void* at(int offset) noexcept { return data + offset; }
};
template <>
struct Workspace<0> {
    static constexpr int bytes = 0;
    void* at(int) noexcept { return nullptr; }
};

namespace detail {

/// Layers [First, Last) of a model, viewed over its weights.
template <class Model, class Numbers, int First, int Last>
class Part {
    using Layers = typename Model::Chain;
    using Tensors = typename Numbers::Tensors;

  public:
    /// float, or int8_t.
    using Element = typename Numbers::Element;

    static constexpr int layer_count = Last - First;
    static constexpr int input_size = Layers::rows[First].in.size();
    static constexpr int output_size = Layers::rows[Last - 1].out.size();
    static constexpr int code_layer = Model::code_layer - First;

    /// Identifies this part's architecture in a file.
    static constexpr uint32_t fingerprint =
        fingerprint_of(Layers::rows + First, layer_count, code_layer);

  private:
    /// Elements of the widest input of layers [From, To).
    static constexpr int widest_input(int from, int to) noexcept {
        int widest = 0;
        for (int i = from; i < to; i++) {
            if (Layers::rows[i].in.size() > widest) widest = Layers::rows[i].in.size();
        }
        return widest;
    }
    /// Of the whole model, since its file will do too.
    static constexpr bool only_dense() noexcept {
        for (const Row& row : Layers::rows) {
            if (row.kind != Kind::dense) return false;
        }
        return true;
    }
    static constexpr int inner_width = widest_input(First + 1, Last);
    static constexpr int inner_bytes =
        inner_width * static_cast<int>(sizeof(Element)) * inner_buffers(layer_count);
    static constexpr int widest_scratch() noexcept {
        int widest = 0;
        for (int i = First; i < Last; i++) {
            const int bytes = Numbers::scratch_bytes(Layers::rows[i]);
            if (bytes > widest) widest = bytes;
        }
        return widest;
    }
    static constexpr int scratch = widest_scratch();
    static constexpr int scratch_offset = scratch > 0 ? align_up(inner_bytes, 16) : inner_bytes;

  public:
    /// Two buffers of the widest inner activation, and what the kernels convert an input into.
    using Workspace = nutshell::Workspace<scratch_offset + scratch>;
    static constexpr size_t workspace_bytes = Workspace::bytes;

    /// Looks at a whole model's parameters, which must outlive this view. For float32.
    template <class Parameters>
    void bind(const Parameters& parameters) noexcept {
        for (int i = 0; i < layer_count; i++) {
            tensors_[i] = Layers::tensors(parameters.data, First + i);
        }
        expected_ = {};
    }

    /// Looks at this part's tensors[layer_count], which must outlive this view, their arrays too.
    void bind_layers(const Tensors* tensors) noexcept {
        for (int i = 0; i < layer_count; i++) tensors_[i] = tensors[i];
        expected_ = {};
    }

    /// Checks a .nut file of this part, or of the whole model, and looks at its weights in place.
    /// bytes must be 16-byte aligned and outlive this view, which stays as it was on an error:
    /// wrong_model for another architecture, wrong_numbers for float32 instead of int8 or the
    /// reverse, wrong_packing for weights in the order of another instruction set than
    /// kernels::int8_packing(), else what check() in weights.hpp says.
    Status load(const void* bytes, size_t size) noexcept {
        File file;
        const Status status = Numbers::template check<only_dense()>(bytes, size, file);
        return status == Status::ok ? look_at(file) : status;
    }

    /// The same in steps of bounded length (incremental_check.hpp): load() then looks at the file
    /// that has been checked, or fails with what the check says, unfinished too.
    using IncrementalCheck = nutshell::IncrementalCheck<Numbers::type>;
    Status load(const IncrementalCheck& check) noexcept {
        const Status status = Numbers::check_packing(check.status(), check.file());
        return status == Status::ok ? look_at(check.file()) : status;
    }

    /// The loaded file's model id: the whole model's, the same in encoder and decoder.
    uint32_t model_id() const noexcept { return expected_.seed; }

    /// Bits that a number of the code takes (packet.hpp): 4 to 8 in int8, 32 in float32. To be
    /// asked when weights are bound or loaded.
    int code_bits() const noexcept {
        return code_layer > 0 ? Numbers::output_bits(tensors_[code_layer - 1])
                              : Numbers::input_bits(tensors_[0]);
    }

    /// What a number of the input, of the output means; in float32 itself. To be asked when
    /// weights are bound or loaded.
    Quantization input_quantization() const noexcept {
        return Numbers::input_quantization(tensors_[0]);
    }
    Quantization output_quantization() const noexcept {
        return Numbers::output_quantization(tensors_[layer_count - 1]);
    }

    /// Runs the part on an input that the loaded file's model id determines, and compares the
    /// answer with the one in the file. Overwrites x[input_size], y[output_size] and work.
    /// no_self_test when the file holds none for this part, self_test_failed when the answer is
    /// wrong: damaged memory, or a platform that computes something else.
    Status self_test(Element* x, Element* y, Workspace& work) const noexcept {
        if (!expected_.answer) return Status::no_self_test;
        self_test_input(expected_.seed, input_size, x);
        const Status status = run<First, Last>(x, y, work);
        if (status != Status::ok) return status;
        return self_test_passes(y, output_size, expected_.answer) ? Status::ok
                                                                  : Status::self_test_failed;
    }

  protected:
    /// x -> y through layers [From, To).
    template <int From, int To>
    Status run(const Element* x, Element* y, Workspace& work) const noexcept {
        if (!tensors_[0].weight) return Status::not_loaded;
        if (!x || !y) return Status::null_argument;
        if (!Numbers::acceptable(x, Layers::rows[From].in.size())) return Status::non_finite_input;
        Layers::template infer<Numbers, From, To>(
            tensors_ + (From - First), x, y, static_cast<Element*>(work.at(0)),
            layer_count > 2 ? inner_width : 0, work.at(scratch_offset));
        return Status::ok;
    }

    /// x through all layers, the last one `Width` outputs at a time: each time they are in
    /// y[Width], calls take(slice).
    template <int Width, class Take>
    Status run_in_slices(const Element* x, Element* y, Workspace& work, Take take) const noexcept {
        constexpr int last = Last - 1;
        Element* const hidden = static_cast<Element*>(work.at(0)) +
                                ((last - 1) & 1) * (layer_count > 2 ? inner_width : 0);
        const Status status = run<First, last>(x, hidden, work);
        if (status != Status::ok) return status;
        using Layer = typename Layers::template Layer<last>;
        for (int32_t at = 0; at < output_size; at += Width) {
            const Slice slice{at, output_size - at < Width ? output_size - at : Width};
            if constexpr (Width == output_size) {
                Numbers::template forward<Layer>(Layers::rows[last], tensors_[layer_count - 1],
                                                 hidden, y, work.at(scratch_offset));
            } else {
                Numbers::template forward_slice<Layer>(Layers::rows[last],
                                                       tensors_[layer_count - 1], slice, hidden, y,
                                                       work.at(scratch_offset));
            }
            take(slice);
        }
        return Status::ok;
    }

  private:
    /// At the weights of a file that is checked.
    Status look_at(const File& file) noexcept {
        const bool is_part = file.fingerprint() == fingerprint;
        if (!is_part && file.fingerprint() != Model::fingerprint) return Status::wrong_model;
        const int first = is_part ? 0 : First;
        for (int i = 0; i < layer_count; i++) Numbers::read(file, first + i, tensors_[i]);
        const bool same_layers = is_part || layer_count == Layers::count;
        expected_ = {file.model_id(), same_layers ? file.self_test() : nullptr};
        return Status::ok;
    }

    Tensors tensors_[layer_count];
    SelfTest expected_{};
};

template <class Encoder, class Decoder>
struct Join;
template <class... A, class... B>
struct Join<Sequential<A...>, Sequential<B...>> {
    using type = Sequential<A..., B...>;
};

/// The constants of a model, which its parts need before the model itself is complete.
template <class EncoderChain, class DecoderChain>
struct Architecture {
    static_assert(meets(EncoderChain::output_shape, DecoderChain::input_shape),
                  "nutshell: the encoder's code and the decoder's input differ in shape");
    using Chain = typename Join<EncoderChain, DecoderChain>::type;
    static constexpr int code_layer = EncoderChain::count;
    static constexpr uint32_t fingerprint = fingerprint_of(Chain::rows, Chain::count, code_layer);

    static constexpr int input_size = Chain::input_size;
    static constexpr int code_size = EncoderChain::output_size;
    static constexpr int output_size = Chain::output_size;
    static constexpr int parameter_count = Chain::plan.totals.parameters;
    static constexpr int parameter_floats = Chain::plan.totals.floats;

    /// All weights and biases, each tensor on a 64-byte boundary, the gaps zero.
    struct alignas(kAlignment) Parameters {
        float data[parameter_floats];
    };
};

/// The same of one half, when the other one's layers are not known.
template <class Layers, int CodeLayer>
struct Half {
    using Chain = Layers;
    static constexpr int code_layer = CodeLayer;
    static constexpr uint32_t fingerprint = fingerprint_of(Chain::rows, Chain::count, code_layer);
    static constexpr int code_size = CodeLayer == 0 ? Chain::input_size : Chain::output_size;
};

}  // namespace detail

/// The first half of a model, alone: what a sensor links.
template <class Architecture, class Numbers = Float32>
class Encoder : public detail::Part<Architecture, Numbers, 0, Architecture::code_layer> {
    using Part = detail::Part<Architecture, Numbers, 0, Architecture::code_layer>;

  public:
    using typename Part::Element;
    using Code = nutshell::Code<Element, Architecture::code_size>;

    /// x[input_size] -> code.
    Status encode(const Element* x, Code& code, typename Part::Workspace& work) const noexcept {
        return Part::template run<0, Architecture::code_layer>(x, code.data, work);
    }
};

/// The second half of a model, alone: what a gateway links.
template <class Architecture, class Numbers = Float32>
class Decoder : public detail::Part<Architecture, Numbers, Architecture::code_layer,
                                    Architecture::Chain::count> {
    using Part =
        detail::Part<Architecture, Numbers, Architecture::code_layer, Architecture::Chain::count>;

  public:
    using typename Part::Element;
    using Code = nutshell::Code<Element, Architecture::code_size>;

    /// code -> y[output_size].
    Status decode(const Code& code, Element* y, typename Part::Workspace& work) const noexcept {
        return Part::template run<Architecture::code_layer, Architecture::Chain::count>(code.data,
                                                                                        y, work);
    }
};

/// An encoder whose decoder is not known here: EncoderAlone<Sequential<Dense<784, 24, Relu>>,
/// Int8>.
template <class Chain, class Numbers = Float32>
using EncoderAlone = Encoder<detail::Half<Chain, Chain::count>, Numbers>;

/// A decoder whose encoder is not known here.
template <class Chain, class Numbers = Float32>
using DecoderAlone = Decoder<detail::Half<Chain, 0>, Numbers>;

/// Encoder and decoder over one set of weights. Autoencoder<...> is this for Float32; its twin for
/// Int8 is Int8Model.
///
/// Calls return non_finite_input for NaN or infinity in the input and not_loaded before bind() or
/// load(); outputs are then untouched. A const model may be shared by any number of callers, each
/// with a Workspace of its own.
template <class Architecture, class Numbers>
class WholeModel : public detail::Part<Architecture, Numbers, 0, Architecture::Chain::count> {
    static constexpr int layers = Architecture::Chain::count;
    using Part = detail::Part<Architecture, Numbers, 0, layers>;

  public:
    using Encoder = nutshell::Encoder<Architecture, Numbers>;
    using Decoder = nutshell::Decoder<Architecture, Numbers>;
    using Code = typename Encoder::Code;
    using typename Part::Element;
    using typename Part::Workspace;

    /// x[input_size] -> code.
    Status encode(const Element* x, Code& code, Workspace& work) const noexcept {
        return Part::template run<0, Architecture::code_layer>(x, code.data, work);
    }

    /// code -> y[output_size].
    Status decode(const Code& code, Element* y, Workspace& work) const noexcept {
        return Part::template run<Architecture::code_layer, layers>(code.data, y, work);
    }

    /// x[input_size] -> y[output_size], the same bits as encode, then decode.
    Status reconstruct(const Element* x, Element* y, Workspace& work) const noexcept {
        return Part::template run<0, layers>(x, y, work);
    }

    /// Outputs that reconstruct_in_slices gives at a time: some of a dense layer's, all of another
    /// kind's.
    static constexpr int slice_size = Architecture::Chain::template Layer<layers - 1>::slice_size(
        Architecture::Chain::rows[layers - 1]);

    /// The same without memory for the whole output: whenever the next slice.count outputs, from
    /// slice.first on, are in y[slice_size], calls take(Slice slice).
    template <class Take>
    Status reconstruct_in_slices(const Element* x, Element* y, Workspace& work,
                                 Take take) const noexcept {
        return Part::template run_in_slices<slice_size>(x, y, work, take);
    }
};

/// Autoencoder<Sequential<Dense<784, 24, Relu>>, Sequential<Dense<24, 784, Sigmoid>>>.
template <class EncoderChain, class DecoderChain>
class Autoencoder : public detail::Architecture<EncoderChain, DecoderChain>,
                    public WholeModel<detail::Architecture<EncoderChain, DecoderChain>, Float32> {
    using Constants = detail::Architecture<EncoderChain, DecoderChain>;

  public:
    using Architecture = Constants;
    using Constants::code_layer;
    using Constants::fingerprint;
    using Constants::input_size;
    using Constants::output_size;
};

/// The int8 twin of an Autoencoder: the same rows, quantized weights, int8 in and out.
template <class Model>
using Int8Model = WholeModel<typename Model::Architecture, Int8>;

/// The same for files whose weights have 4 bits in some layers; it reads int8 files, too.
template <class Model>
using Int4Model = WholeModel<typename Model::Architecture, Int4>;

}  // namespace nutshell
