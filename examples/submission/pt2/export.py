"""Fit a probabilistic PCA and export it: python export.py [DATASET]."""

import json
import sys
from pathlib import Path

import torch
from torch import Tensor, nn

import toysound


class Encoder(nn.Module):
    def __init__(self, mean: Tensor, axes: Tensor, variance: Tensor, noise: Tensor) -> None:
        super().__init__()
        self.register_buffer("centre", mean)
        self.register_buffer("axes", axes / variance.sqrt()[:, None])
        self.register_buffer("spread", (noise / (variance + noise)).log())

    def forward(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        latent = (audio - self.centre) @ self.axes.T
        return latent, self.spread.expand_as(latent)


class Decoder(nn.Module):
    def __init__(self, mean: Tensor, axes: Tensor, variance: Tensor) -> None:
        super().__init__()
        self.register_buffer("centre", mean)
        self.register_buffer("axes", axes * variance.sqrt()[:, None])

    def forward(self, latent: Tensor) -> Tensor:
        return (latent @ self.axes + self.centre).clamp(-1, 1)


def fit(dataset: toysound.Dataset, latent_dim: int) -> tuple[Encoder, Decoder]:
    """Return a probabilistic PCA of the training sounds (Tipping and Bishop, 1999)."""
    train = dataset.split("train")
    audio = torch.from_numpy(dataset.audio(train[:: len(train) // 500 + 1]))
    mean = audio.mean(dim=0)
    _, scale, axes = torch.linalg.svd(audio - mean, full_matrices=False)
    variance = scale.square() / len(audio)
    parts = mean, axes[:latent_dim], variance[:latent_dim]
    return Encoder(*parts, variance[latent_dim:].mean()), Decoder(*parts)


def main(name: str) -> None:
    dataset = toysound.load(name)
    encoder, decoder = fit(dataset, 10)
    batch = {0: torch.export.Dim("batch")}
    for module, path, width in (
        (encoder, "encoder.pt2", dataset.num_samples),
        (decoder, "decoder.pt2", 10),
    ):
        program = torch.export.export(
            module.eval(), (torch.zeros(2, width),), dynamic_shapes=(batch,)
        )
        torch.export.save(program, path)
    model = {"name": "pt2-pca", "sample_rate": dataset.sample_rate, "latent_dim": 10}
    Path("model.json").write_text(json.dumps(model))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "tones")
