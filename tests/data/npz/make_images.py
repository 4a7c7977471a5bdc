# SPDX-License-Identifier: MIT
"""Makes images.npz and its arrays beside this file: the state_dict of a PyTorch autoencoder of
images, inputs in NHWC, and the outputs and codes that PyTorch computes in double precision.
Needs NumPy and PyTorch (made with 1.13).
usage: make_images.py
"""
import os

import numpy as np
import torch
from torch import nn

here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(3)


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(2, 4, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(4, 4, 3, padding=1, groups=4), nn.BatchNorm2d(4), nn.ReLU(),
            nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16, 5))
        self.decoder = nn.Sequential(
            nn.Linear(5, 36), nn.ReLU(), nn.Unflatten(1, (4, 3, 3)),
            nn.ConvTranspose2d(4, 3, 3, stride=2, padding=1, output_padding=1), nn.ReLU(),
            nn.ConvTranspose2d(3, 2, 5, padding=3), nn.Sigmoid())

    def forward(self, x):
        return self.decoder(self.encoder(x))


model = Autoencoder()
norm = model.encoder[3]
for values in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
    nn.init.uniform_(values, 0.5, 1.5)
weights = {name: values.numpy() for name, values in model.state_dict().items()}
np.savez(os.path.join(here, "images.npz"), **weights)

model.double().eval()
x = torch.rand(4, 2, 8, 8).float()
with torch.no_grad():
    code = model.encoder(x.double())
    y = model.decoder(code)


def save(name, values):
    np.save(os.path.join(here, name), values.numpy().astype(np.float32))


save("images_input.npy", x.permute(0, 2, 3, 1))
save("images_code.npy", code)
save("images_output.npy", y.permute(0, 2, 3, 1))
