"""Train a VAE with pythae for a minute: python train.py [DATASET [EPOCHS]]."""

import json
import sys
from pathlib import Path

import torch
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from torch import Tensor, nn

import toysound


class Encoder(BaseEncoder):
    def __init__(self, num_samples: int, latent_dim: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(num_samples, 256), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(256, latent_dim), nn.Linear(256, latent_dim)

    def forward(self, audio: Tensor) -> ModelOutput:
        hidden = self.layers(audio)
        return ModelOutput(embedding=self.mean(hidden), log_covariance=self.log_variance(hidden))


class Decoder(BaseDecoder):
    """pythae's own ends in a sigmoid, which is for images: sounds lie in [-1, 1]."""

    def __init__(self, num_samples: int, latent_dim: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(latent_dim, 256), nn.ReLU(), nn.Linear(256, num_samples), nn.Tanh()
        )

    def forward(self, latent: Tensor) -> ModelOutput:
        return ModelOutput(reconstruction=self.layers(latent))


def main(name: str, epochs: int) -> None:
    dataset = toysound.load(name)
    length, size = dataset.num_samples, 10
    torch.manual_seed(0)
    model = VAE(
        VAEConfig(input_dim=(length,), latent_dim=size),
        encoder=Encoder(length, size),
        decoder=Decoder(length, size),
    )
    train, validation = (
        [{"data": torch.from_numpy(sound)} for sound in dataset.audio(dataset.split(split))]
        for split in ("train", "validation")
    )
    config = BaseTrainerConfig(
        output_dir="runs", num_epochs=epochs, learning_rate=1e-3, no_cuda=True
    )
    BaseTrainer(model, train, validation, training_config=config).train()
    model.save("trained")
    about = {"name": "pythae-vae", "sample_rate": dataset.sample_rate}
    Path("trained/model.json").write_text(json.dumps(about))


if __name__ == "__main__":
    main(
        sys.argv[1] if len(sys.argv) > 1 else "tones",
        int(sys.argv[2]) if len(sys.argv) > 2 else 20,
    )
