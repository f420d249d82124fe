"""Codes turned after training, so that each dimension says one thing.

The objective of a variational auto-encoder with a standard normal prior is the same for a code and
for the code rotated, as long as the decoder can follow: which axes a training ends with is decided
by the shape of the posteriors and by chance. Where the causes of the sounds are independent and not
normally distributed, as on a full grid of factors, *independent component analysis* finds them from
the codes alone: a linear map after which the dimensions are as far from normal as possible. No
label is used. But it does use that the factors of a grid are independent and uniform, which is more
than the objective knows: rows with a rotation are a class of their own.

    codes = W (mean - c),   mean = W^-1 codes + c

W and c are fitted on the means of the training sounds (FastICA with the contrast ``cube``, which
suits uniform factors; whitened, so that codes have mean 0 and variance 1). Dimensions whose mean
hardly varies say nothing and stay as they are. The covariance of a posterior is turned, too, and of
it the diagonal is kept: what the rotated posterior does not say is that dimensions go together.

The density of a sound does not change.

References
----------
A. Hyvarinen and E. Oja, "Independent component analysis: algorithms and applications", Neural
Networks 13, 2000.
M. Rolinek, D. Zietlow and G. Martius, "Variational autoencoders pursue PCA directions (by
accident)", CVPR 2019: why the axes of an auto-encoder are what they are.
"""

import warnings
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from baselines.model import LatentModel

_ROUNDS, _TOLERANCE = 5000, 1e-6


class Rotation(NamedTuple):
    """A linear map of codes.

    Attributes
    ----------
    matrix : W, invertible, shape (D, D)
    centre : c, shape (D,)
    """

    matrix: torch.Tensor
    centre: torch.Tensor


def independent_components(
    means: NDArray[np.float32], least_variance: float, seed: int = 0
) -> Rotation:
    """Return the map to independent components of codes.

    Parameters
    ----------
    means : of the training sounds, shape (n, D)
    least_variance : dimensions that vary less are left as they are; all of them, where fewer than
        two vary more
    seed : of the start of the search
    """
    from sklearn.decomposition import FastICA
    from sklearn.exceptions import ConvergenceWarning

    dims = means.shape[1]
    matrix, centre = np.eye(dims), np.zeros(dims)
    varying = np.flatnonzero(means.var(axis=0, dtype=np.float64) > least_variance)
    if len(varying) > 1:
        search = FastICA(
            whiten="unit-variance", fun="cube", random_state=seed, max_iter=_ROUNDS, tol=_TOLERANCE
        )
        with warnings.catch_warnings():  # the last round is a rotation, too
            warnings.simplefilter("ignore", ConvergenceWarning)
            search.fit(means[:, varying].astype(np.float64))
        components = search.components_
        largest = np.abs(components).argmax(axis=1)
        signs = np.sign(components[np.arange(len(components)), largest])
        matrix[np.ix_(varying, varying)] = components * signs[:, None]
        centre[varying] = search.mean_
    return Rotation(torch.from_numpy(matrix).float(), torch.from_numpy(centre).float())


class Rotated(nn.Module):
    """A model whose codes are mapped linearly.

    Parameters
    ----------
    model : trained
    rotation : of its codes

    Attributes
    ----------
    latent_dim, num_coefficients, has_density : those of the model
    """

    matrix: torch.Tensor
    inverse: torch.Tensor
    centre: torch.Tensor

    def __init__(self, model: LatentModel, rotation: Rotation) -> None:
        super().__init__()
        self.model = model
        self.latent_dim = model.latent_dim
        self.num_coefficients = model.num_coefficients
        self.has_density = model.has_density
        self.register_buffer("matrix", rotation.matrix)
        self.register_buffer("inverse", torch.linalg.inv(rotation.matrix.double()).float())
        self.register_buffer("centre", rotation.centre)

    def encode(self, coefficients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return mean and log-variance (or None), each (B, D), of coefficients (B, P)."""
        mean, log_variance = self.model.encode(coefficients)
        if log_variance is not None:
            log_variance = torch.log(log_variance.exp() @ self.matrix.square().T)
        return (mean - self.centre) @ self.matrix.T, log_variance

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the coefficients (B, P) of codes (B, D)."""
        return self.model.decode(latent @ self.inverse.T + self.centre)

    def log_likelihood(self, coefficients: torch.Tensor) -> torch.Tensor:
        """Return ln p(coefficients) of the model, nats, shape (B,)."""
        return self.model.log_likelihood(coefficients)
