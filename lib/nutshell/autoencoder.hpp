// SPDX-License-Identifier: MIT
// Encoder + decoder. The type holds every size as a constant; a value of it is a view, one pointer
// per tensor, over weights that lie in RAM (bind) or in a .nut file in flash (load). The encoder
// and the decoder are products of their own: Model::Encoder and Model::Decoder.
#pragma once
#include "sequential.hpp"
#include "status.hpp"
#include "weights.hpp"

namespace nutshell {

/// The numbers between encoder and decoder.
template <class T, int Size>
struct alignas(16) Code {
    T data[Size];
};

/// Scratch memory of an inference call; nothing at all for a single layer.
template <int Floats>
struct alignas(16) Workspace {
    static constexpr size_t bytes = sizeof(float) * Floats;
    float data[Floats];
    float* begin() noexcept { return data; }
};
template <>
struct Workspace<0> {
    static constexpr size_t bytes = 0;
    float* begin() noexcept { return nullptr; }
};

namespace detail {

/// Layers [First, Last) of a model, viewed over its weights.
template <class Model, int First, int Last>
class Part {
  public:
    static constexpr int layer_count = Last - First;
    static constexpr int input_size = Model::Chain::rows[First].in.size();
    static constexpr int output_size = Model::Chain::rows[Last - 1].out.size();
    static constexpr int code_layer = Model::code_layer - First;

    /// Identifies this part's architecture in a file.
    static constexpr uint32_t fingerprint =
        fingerprint_of(Model::Chain::rows + First, layer_count, code_layer);

    static constexpr int widest_inner() noexcept {
        int widest = 0;
        for (int i = First; i + 1 < Last; i++) {
            const int size = Model::Chain::rows[i].out.size();
            if (size > widest) widest = size;
        }
        return widest;
    }
    using Workspace = nutshell::Workspace<widest_inner() * inner_buffers(layer_count)>;
    static constexpr size_t workspace_bytes = Workspace::bytes;

    /// Looks at a whole model's parameters, which must outlive this view.
    void bind(const typename Model::Parameters& parameters) noexcept {
        for (int i = 0; i < layer_count; i++) {
            tensors_[i] = Model::Chain::tensors(parameters.data, First + i);
        }
    }

    /// Checks a .nut file of this part, or of the whole model, and looks at its weights in place.
    /// bytes must be 16-byte aligned and outlive this view, which stays as it was on an error:
    /// wrong_model for another architecture, else what check() in weights.hpp says.
    Status load(const void* bytes, size_t size) noexcept {
        File file;
        const Status status = check(bytes, size, file);
        if (status != Status::ok) return status;
        int first = 0;
        if (file.fingerprint() == Model::fingerprint) {
            first = First;
        } else if (file.fingerprint() != fingerprint) {
            return Status::wrong_model;
        }
        for (int i = 0; i < layer_count; i++) tensors_[i] = file.tensors(first + i);
        return Status::ok;
    }

  protected:
    /// x[input_size] -> y[output_size] through layers [From, To).
    template <int From, int To, class Work>
    Status run(const float* x, float* y, Work& work) const noexcept {
        constexpr int count = To - From, width = Work::bytes / sizeof(float) / 2;
        static_assert(count <= 2 || width > 0);
        if (!tensors_[0].weight) return Status::not_loaded;
        if (!x || !y) return Status::null_argument;
        if (!all_finite(x, Model::Chain::rows[From].in.size())) return Status::non_finite_input;
        Model::Chain::template infer<From, To>(tensors_ + (From - First), Pass{1}, x, y,
                                               work.begin(), count > 2 ? width : 0);
        return Status::ok;
    }

  private:
    Tensors tensors_[layer_count];
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

}  // namespace detail

/// The first half of a model, alone: what a sensor links.
template <class Architecture>
class Encoder : public detail::Part<Architecture, 0, Architecture::code_layer> {
    using Part = detail::Part<Architecture, 0, Architecture::code_layer>;

  public:
    using Code = nutshell::Code<float, Architecture::code_size>;

    /// x[input_size] -> code.
    Status encode(const float* x, Code& code, typename Part::Workspace& work) const noexcept {
        return Part::template run<0, Architecture::code_layer>(x, code.data, work);
    }
};

/// The second half of a model, alone: what a gateway links.
template <class Architecture>
class Decoder
    : public detail::Part<Architecture, Architecture::code_layer, Architecture::Chain::count> {
    using Part = detail::Part<Architecture, Architecture::code_layer, Architecture::Chain::count>;

  public:
    using Code = nutshell::Code<float, Architecture::code_size>;

    /// code -> y[output_size].
    Status decode(const Code& code, float* y, typename Part::Workspace& work) const noexcept {
        return Part::template run<Architecture::code_layer, Architecture::Chain::count>(code.data,
                                                                                        y, work);
    }
};

/// Autoencoder<Sequential<Dense<784, 24, Relu>>, Sequential<Dense<24, 784, Sigmoid>>>.
///
/// Calls return non_finite_input for NaN or infinity in the input and not_loaded before bind() or
/// load(); outputs are then untouched. A const model may be shared by any number of callers, each
/// with a Workspace of its own.
template <class EncoderChain, class DecoderChain>
class Autoencoder : public detail::Architecture<EncoderChain, DecoderChain>,
                    public detail::Part<detail::Architecture<EncoderChain, DecoderChain>, 0,
                                        EncoderChain::count + DecoderChain::count> {
    using Architecture = detail::Architecture<EncoderChain, DecoderChain>;
    static constexpr int layers = EncoderChain::count + DecoderChain::count;
    using Part = detail::Part<Architecture, 0, layers>;

  public:
    using Encoder = nutshell::Encoder<Architecture>;
    using Decoder = nutshell::Decoder<Architecture>;
    using Code = typename Encoder::Code;
    using Architecture::code_layer;
    using Architecture::fingerprint;
    using Architecture::input_size;
    using Architecture::output_size;
    using typename Part::Workspace;

    /// x[input_size] -> code.
    Status encode(const float* x, Code& code, Workspace& work) const noexcept {
        return Part::template run<0, code_layer>(x, code.data, work);
    }

    /// code -> y[output_size].
    Status decode(const Code& code, float* y, Workspace& work) const noexcept {
        return Part::template run<code_layer, layers>(code.data, y, work);
    }

    /// x[input_size] -> y[output_size], the same bits as encode, then decode.
    Status reconstruct(const float* x, float* y, Workspace& work) const noexcept {
        return Part::template run<0, layers>(x, y, work);
    }
};

}  // namespace nutshell
