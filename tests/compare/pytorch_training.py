# SPDX-License-Identifier: MIT
"""One thread of PyTorch on the tutorial's training, for a comparison in the same run.

usage: python3 pytorch_training.py FOLDER_WITH_MNIST [EPOCHS]
Needs Debian's python3-torch. Prints the median seconds of an epoch of 784-24-784 (relu, sigmoid,
Adam lr 1e-3 eps 1e-7, binary cross-entropy, batch 256), shuffling and gathering included.
"""
import statistics
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
folder, epochs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
raw = np.fromfile(folder + "/train-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 784)
images = torch.tensor(raw, dtype=torch.float32) / 255
encoder, decoder = torch.nn.Linear(784, 24), torch.nn.Linear(24, 784)
for layer in (encoder, decoder):
    torch.nn.init.xavier_uniform_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-3, eps=1e-7)
seconds = []
for epoch in range(epochs):
    start, total = time.process_time(), 0.0
    for rows in torch.randperm(len(images)).split(256):
        batch = images[rows]
        loss = F.binary_cross_entropy_with_logits(decoder(F.relu(encoder(batch))), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(rows)
    seconds.append(time.process_time() - start)
    print(f"epoch {epoch + 1}: loss {total / len(images):.4f}, {seconds[-1]:.3f} s of CPU time")
print(f"median {statistics.median(seconds):.3f} s, best {min(seconds):.4f} s, "
      f"{10 * 784 * 24 * len(images) / statistics.median(seconds) / 1e9:.1f} GFLOP/s")
