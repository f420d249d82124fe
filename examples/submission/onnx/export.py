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
    for module, path, width, answers in (
        (encoder, "encoder.onnx", dataset.num_samples, ["mean", "log_variance"]),
        (decoder, "decoder.onnx", 10, ["audio"]),
    ):
        torch.onnx.export(
            module.eval(),
            (torch.zeros(2, width),),
            path,
            output_names=answers,
            dynamic_shapes=(batch,),
            dynamo=True,
            external_data=False,  # one file: a score does not follow references to others
        )
    learnt = sum(tensor.numel() for tensor in decoder.state_dict().values())
    model = {
        "name": "onnx-pca",
        "sample_rate": dataset.sample_rate,
        "num_parameters": learnt,
        "representation_name": "raw",
    }
    Path("model.json").write_text(json.dumps(model))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "tones")
