"""A small VAE, as one would write it for training; it is named as it is."""

from pathlib import Path

import torch
from torch import Tensor, nn

WEIGHTS = Path(__file__).with_name("weights.pt")


class VAE(nn.Module):
    name = "torch-vae"
    sample_rate = 16000
    latent_dim = 10

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(8000, 256), nn.ReLU(), nn.Linear(256, 20))
        self.decoder = nn.Sequential(nn.Linear(10, 256), nn.ReLU(), nn.Linear(256, 8000), nn.Tanh())

    def encode(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.encoder(audio).chunk(2, dim=1)
        return mean, log_variance

    def decode(self, latent: Tensor) -> Tensor:
        return self.decoder(latent)


def trained() -> VAE:
    model = VAE()
    model.load_state_dict(torch.load(WEIGHTS, weights_only=True))
    return model
