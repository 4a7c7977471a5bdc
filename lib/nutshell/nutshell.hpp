// SPDX-License-Identifier: MIT
// Nutshell: autoencoders that train and run anywhere. The one header to include.
//
//     using Model = nutshell::Autoencoder<
//         nutshell::Sequential<nutshell::Dense<784, 24, nutshell::Relu>>,
//         nutshell::Sequential<nutshell::Dense<24, 784, nutshell::Sigmoid>>>;
//
// A model is a type: its sizes are constants, shapes that do not meet do not compile. Weights are
// one flat array, Model::Parameters, that you place; a value of type Model is a view of a few
// pointers over such an array (bind) or over a .nut file in flash (load). encode, decode and
// reconstruct run it; Model::Encoder and Model::Decoder are the halves alone. Trainer and
// SampleTrainer train it. Nothing allocates, throws, prints or keeps global state; what can fail
// returns a Status and leaves its outputs untouched.
//
// Read on: autoencoder.hpp to run, trainer.hpp to train, adversarial_trainer.hpp to train a
// generator against a discriminator, quantize.hpp for int8, quantize_in_place.hpp for int8 made on
// the device, quantization_aware.hpp for fewer bits, packet.hpp to send codes, anomaly.hpp to find
// what is not normal, retrieval.hpp to find what is alike, window.hpp and log_mel.hpp to make
// samples of a stream, weights.hpp for files, incremental_check.hpp to check them between two looks
// at a watchdog, layers/ for the kinds of layers, kernels.hpp for what a platform must do.
#pragma once
#include "adversarial_trainer.hpp"
#include "anomaly.hpp"
#include "autoencoder.hpp"
#include "image.hpp"
#include "log_mel.hpp"
#include "packet.hpp"
#include "quantization_aware.hpp"
#include "quantize.hpp"
#include "quantize_in_place.hpp"
#include "retrieval.hpp"
#include "trainer.hpp"
#include "window.hpp"
