// SPDX-License-Identifier: MIT
// THE LIST of models that `nutshell train --kind` knows, with the settings that suit them.
#pragma once
#include <string>
#include <vector>

#include "tools/training/fit.hpp"

namespace nutshell::tools {

struct ModelKind {
    const char* name;
    const char* what;  // in a few words
    std::vector<Row> rows;
    int code_layer;
    LossKind loss = LossKind::binary_cross_entropy;
    int epochs = 50, batch = 256;
    float rate = 1e-3f;
    Augmentation augmentation;
    bool adversarial = false;  // the layers up to the code layer are a generator, the others a
                               // discriminator

    int sample_size() const;  // values
};

const std::vector<ModelKind>& model_kinds();

/// Throws Error with the names there are.
const ModelKind& find_kind(const std::string& name);

/// Throws Error unless samples have as many values as the model reads, or makes.
void require_kind_reads(const ModelKind& kind, const Dataset& data);

}  // namespace nutshell::tools
