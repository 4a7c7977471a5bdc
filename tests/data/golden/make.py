# SPDX-License-Identifier: MIT
"""Makes the goldens of this folder: PyTorch in float64, stored as float32 .npy.

usage: python3 make.py TRAIN_IMAGES_IDX3     (MNIST's, not gzipped; in an empty copy of this folder)
Needs numpy and torch.
"""
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
images = np.frombuffer(open(sys.argv[1], "rb").read(), np.uint8, offset=16).reshape(-1, 784)
rng = np.random.default_rng(20261123)


def save(name, x):
    os.makedirs(os.path.dirname(name), exist_ok=True)
    x = x.detach().numpy() if isinstance(x, torch.Tensor) else x
    np.save(name + ".npy", np.ascontiguousarray(x.astype(np.float32)))


def tensor(x):
    return torch.tensor(x.astype(np.float32).astype(np.float64), requires_grad=True)


def glorot(n_out, n_in):
    limit = np.sqrt(6 / (n_in + n_out))
    return tensor(rng.uniform(-limit, limit, (n_out, n_in)))


# The tutorial's model: mean binary cross-entropy, ten steps of Adam on 32 images each.
names = ["encoder_weight", "encoder_bias", "decoder_weight", "decoder_bias"]
p = [glorot(24, 784), tensor(np.zeros(24)), glorot(784, 24), tensor(np.zeros(784))]
for name, x in zip(names, p):
    save("dense_adam/init_" + name, x)
optimizer = torch.optim.Adam(p, lr=1e-3, betas=(0.9, 0.999), eps=1e-7)
losses = []
for step in range(10):
    x = torch.tensor(images[step * 32 : (step + 1) * 32] / 255.0)
    code = F.relu(x @ p[0].T + p[1])
    logit = code @ p[2].T + p[3]
    loss = F.binary_cross_entropy_with_logits(logit, x)
    optimizer.zero_grad()
    loss.backward()
    if step == 0:
        save("dense_adam/step1_code", code)
        save("dense_adam/step1_output", torch.sigmoid(logit))
        for name, x in zip(names, p):
            save("dense_adam/step1_grad_" + name, x.grad)
    optimizer.step()
    losses.append(loss.item())
save("dense_adam/losses", np.array(losses))
for name, x in zip(names, p):
    save("dense_adam/step10_" + name, x)

# A deep chain with every activation: mean squared error against the input, which is constant there.
sizes = [16, 12, 9, 5, 9, 12, 16]
activations = [
    F.relu,
    lambda v: F.leaky_relu(v, 0.01),
    torch.tanh,
    lambda v: v,
    torch.sigmoid,
    lambda v: v,
]
x = tensor(rng.normal(0, 1, (7, 16)))
save("deep/input", x)
h, layers = x, []
for k, activation in enumerate(activations):
    weight, bias = glorot(sizes[k + 1], sizes[k]), tensor(rng.normal(0, 0.1, sizes[k + 1]))
    layers.append((weight, bias))
    save(f"deep/weight{k}", weight)
    save(f"deep/bias{k}", bias)
    h = activation(h @ weight.T + bias)
save("deep/output", h)
loss = F.mse_loss(h, x.detach())
loss.backward()
save("deep/loss_mse", np.array([loss.item()]))
save("deep/grad_input_through_network", x.grad)
for k, (weight, bias) in enumerate(layers):
    save(f"deep/grad_weight{k}", weight.grad)
    save(f"deep/grad_bias{k}", bias.grad)
