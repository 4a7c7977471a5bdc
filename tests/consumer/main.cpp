// SPDX-License-Identifier: MIT
// A user's program: encodes one image with a freshly initialized model.
#include <nutshell/nutshell.hpp>

using namespace nutshell;
using Model = Autoencoder<Sequential<Dense<784, 24, Relu>>, Sequential<Dense<24, 784, Sigmoid>>>;
static Model::Parameters parameters;
static float pixels[784];

int main() {
    initialize<Model>(parameters, 1);
    Model model;
    Model::Code code;
    Model::Workspace work;
    model.bind(parameters);
    return model.encode(pixels, code, work) == Status::ok ? 0 : 1;
}
