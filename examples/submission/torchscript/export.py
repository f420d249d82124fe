"""Fit a PCA and save it as TorchScript: python export.py [DATASET]."""

import sys

import torch
from torch import Tensor, nn

import toysound


class PCA(nn.Module):
    sample_rate: int
    latent_dim: int

    def __init__(self, sample_rate: int, mean: Tensor, axes: Tensor) -> None:
        super().__init__()
        self.sample_rate, self.latent_dim = sample_rate, len(axes)
        self.register_buffer("mean", mean)
        self.register_buffer("axes", axes)

    @torch.jit.export
    def encode(self, audio: Tensor) -> Tensor:
        return (audio - self.mean) @ self.axes.T

    @torch.jit.export
    def decode(self, latent: Tensor) -> Tensor:
        return (latent @ self.axes + self.mean).clamp(-1, 1)


def main(name: str) -> None:
    dataset = toysound.load(name)
    train = dataset.split("train")
    audio = torch.from_numpy(dataset.audio(train[:: len(train) // 500 + 1]))
    mean = audio.mean(dim=0)
    axes = torch.linalg.svd(audio - mean, full_matrices=False)[2][:10]
    torch.jit.script(PCA(dataset.sample_rate, mean, axes)).save("pca.pt")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "tones")
