# SPDX-License-Identifier: MIT
"""One thread of PyTorch on the training of `nutshell train --kind convolutional`.

usage: python3 pytorch_convolutional.py FOLDER_WITH_MNIST [EPOCHS] [IMAGES]
Needs Debian's python3-torch. Prints the CPU seconds of each epoch over the first IMAGES training
images (16-8-8 filters of 3x3, code 4x4x8; Adam lr 1e-3 eps 1e-7, binary cross-entropy, batch 256),
shuffling and gathering included, and those of the best one.
"""
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(1)
folder = sys.argv[1]
epochs = int(sys.argv[2]) if len(sys.argv) > 2 else 2
count = int(sys.argv[3]) if len(sys.argv) > 3 else 60000
raw = np.fromfile(folder + "/train-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 1, 28, 28)
images = torch.tensor(raw[:count], dtype=torch.float32) / 255


def filters(inputs, outputs, padding=1):
    return nn.Conv2d(inputs, outputs, 3, padding=padding)


network = nn.Sequential(
    filters(1, 16), nn.ReLU(), nn.MaxPool2d(2), filters(16, 8), nn.ReLU(), nn.MaxPool2d(2),
    filters(8, 8), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True),
    filters(8, 8), nn.ReLU(), nn.Upsample(scale_factor=2),
    filters(8, 8), nn.ReLU(), nn.Upsample(scale_factor=2),
    filters(8, 16, 0), nn.ReLU(), nn.Upsample(scale_factor=2), filters(16, 1))
for layer in network:
    if isinstance(layer, nn.Conv2d):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, eps=1e-7)
seconds = []
for epoch in range(epochs):
    start, total = time.process_time(), 0.0
    for rows in torch.randperm(len(images)).split(256):
        batch = images[rows]
        loss = F.binary_cross_entropy_with_logits(network(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(rows)
    seconds.append(time.process_time() - start)
    print(f"epoch {epoch + 1}: loss {total / len(images):.4f}, {seconds[-1]:.3f} s of CPU time",
          flush=True)
print(f"best {min(seconds):.4f} s")
