import numpy as np


class PCA:
    name = "numpy-pca"
    latent_dim = 10

    def __init__(self, dataset):
        self.sample_rate = dataset.sample_rate
        train = dataset.split("train")
        audio = dataset.audio(train[:: len(train) // 500 + 1])
        self.mean = audio.mean(axis=0)
        self.axes = np.linalg.svd(audio - self.mean, full_matrices=False)[2][: self.latent_dim]
        self.num_parameters = self.mean.size + self.axes.size

    def encode(self, audio):
        return (audio - self.mean) @ self.axes.T, None

    def decode(self, latent):
        return latent @ self.axes + self.mean
