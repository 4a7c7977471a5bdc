// SPDX-License-Identifier: MIT
// A chain of layers as a type: sizes and offsets are constants, and a pass through the chain calls
// each layer directly.
#pragma once
#include "plan.hpp"

namespace nutshell {

namespace detail {
template <int Index, class First, class... Rest>
struct TypeAt : TypeAt<Index - 1, Rest...> {};
template <class First, class... Rest>
struct TypeAt<0, First, Rest...> {
    using type = First;
};
}  // namespace detail

/// Sequential<Dense<784, 128, Relu>, Dense<128, 24, Relu>>: each layer reads what the one before it
/// wrote. Stateless; parameters are a flat array laid out by `plan`.
template <class... Layers>
struct Sequential {
    static constexpr int count = static_cast<int>(sizeof...(Layers));
    static_assert(count >= 1, "nutshell: a Sequential needs at least one layer");
    static constexpr Row rows[count] = {Layers::row...};

    static constexpr bool layers_meet() noexcept {
        for (int i = 1; i < count; i++) {
            if (!meets(rows[i - 1].out, rows[i].in)) return false;
        }
        return true;
    }
    /// A chain whose first layers are tied is the second half of a longer one.
    static constexpr bool weights_fit() noexcept {
        for (int i = 0; i < count; i++) {
            if (shares_weights(rows[i]) <= i && !finds_weights(rows, i)) return false;
        }
        return true;
    }
    static_assert(weights_fit(),
                  "nutshell: a tied layer's sizes are not those of the layer that it is tied to, "
                  "the other way round");
    static_assert(layers_meet(),
                  "nutshell: a layer's input shape differs from the output shape of the layer "
                  "before it");

    static constexpr Plan<count> plan = make_plan(rows);
    static constexpr Shape input_shape = rows[0].in;
    static constexpr Shape output_shape = rows[count - 1].out;
    static constexpr int input_size = input_shape.size();
    static constexpr int output_size = output_shape.size();

    template <int Index>
    using Layer = typename detail::TypeAt<Index, Layers...>::type;

    static constexpr Tensors tensors(const float* parameters, int layer) noexcept {
        return tensors_at(parameters, plan.spots[layer]);
    }

    /// Inference of layers [First, Last) of one sample: x[in] -> y[out], between two work buffers
    /// of `width` elements each. tensors[0] belongs to layer First.
    template <class Numbers, int First, int Last>
    static void infer(const typename Numbers::Tensors* tensors, const typename Numbers::Element* x,
                      typename Numbers::Element* y, typename Numbers::Element* work, int width,
                      void* scratch) noexcept {
        typename Numbers::Element* to = First + 1 == Last ? y : work + (First & 1) * width;
        Numbers::template forward<Layer<First>>(rows[First], *tensors, x, to, scratch);
        if constexpr (First + 1 < Last)
            infer<Numbers, First + 1, Last>(tensors + 1, to, y, work, width, scratch);
    }

    /// Training pass from layer Index on: every layer's output goes to the tape, layer after layer,
    /// [rows][out] each. The last layer runs without its activation, which belongs to the loss.
    template <int Index = 0>
    static void forward(const float* parameters, Pass pass, const float* x, float* tape) noexcept {
        float* y = tape + plan.tape[Index] * pass.rows;
        Layer<Index>::forward(rows[Index], training_activation(Index), tensors(parameters, Index),
                              pass.of_layer(Index), x, y);
        if constexpr (Index + 1 < count) forward<Index + 1>(parameters, pass, y, tape);
    }

    /// The way back, as far as layer First, of which x is the input. dy holds the gradient of the
    /// last sums; dx and spare are work buffers of the widest inner activation. Adds alpha times
    /// the gradients into `into`, laid out like the parameters (or the parameters themselves).
    template <int First = 0, int Index = count - 1>
    static void backward(const float* parameters, Pass pass, const float* x, const float* tape,
                         float* dy, float* dx, float* spare, float alpha, float* into) noexcept {
        const float* input = x;
        if constexpr (Index > First) input = tape + plan.tape[Index - 1] * pass.rows;
        const Target target = target_at(alpha, into, plan.spots[Index]);
        Layer<Index>::backward(rows[Index], training_activation(Index), tensors(parameters, Index),
                               pass.of_layer(Index), input, tape + plan.tape[Index] * pass.rows, dy,
                               Index > First ? dx : nullptr, target);
        if constexpr (Index > First) {
            backward<First, Index - 1>(parameters, pass, x, tape, dx, spare, dx, alpha, into);
        }
    }

  private:
    static constexpr Activation training_activation(int layer) noexcept {
        return layer + 1 == count ? Activation::linear : rows[layer].activation;
    }
};

}  // namespace nutshell
