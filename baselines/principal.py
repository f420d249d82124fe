"""Leading principal components of many coefficients, by subspace iteration.

A spectrogram has more coefficients than a dataset has sounds, so the covariance is never formed:
random combinations of the sounds span a subspace that repeated multiplication with the data turns
towards the leading components (a randomized singular value decomposition).

How often is decided by the data: the iteration stops when another round no longer lowers the
residual, because the right number depends on how slowly the components decay. On the spectrograms
of ``tones``, 256 components leave 0.53 dB after the first projection, 0.34 after one round and 0.33
when converged; 10 components leave 3.98, then 3.84.

References
----------
N. Halko, P. G. Martinsson and J. A. Tropp, "Finding structure with randomness: probabilistic
algorithms for constructing approximate matrix decompositions", SIAM Review 53(2), 2011.
"""

from dataclasses import dataclass

import torch

#: Directions beyond those asked for; the last ones of a subspace are its worst.
_OVERSAMPLING = 32

#: The iteration stops when the residual energy falls by less than this fraction in a round.
_TOLERANCE = 2e-2

_MAX_ROUNDS = 50


@dataclass(frozen=True, eq=False)
class Principal:
    """Leading principal components of data with P coefficients.

    Attributes
    ----------
    mean : shape (P,)
    basis : orthonormal rows, shape (k, P), by falling variance; the largest entry of each is
        positive, so that signs are defined
    deviation : standard deviation of the data along each, shape (k,)
    residual_deviation : root mean square over all P coefficients of what the k leave out
    """

    mean: torch.Tensor
    basis: torch.Tensor
    deviation: torch.Tensor
    residual_deviation: float


def principal_components(data: torch.Tensor, count: int, seed: int = 0) -> Principal:
    """Return the leading principal components of the rows of ``data``, which is centred in place.

    Parameters
    ----------
    data : float, shape (n, P); its mean is subtracted from it, to save a copy
    count : how many; at most n and P are returned
    seed : of the random directions to start from

    Raises
    ------
    ValueError
        If there are no rows, or ``count`` is not positive.
    """
    if data.ndim != 2 or len(data) == 0 or count < 1:
        raise ValueError(f"need rows and at least one component, got {data.shape} and {count}")
    rows, size = data.shape
    count = min(count, rows, size)
    mean = data.mean(dim=0, dtype=torch.float64).to(data.dtype)
    data -= mean
    total = float(sum(row.double().square().sum() for row in data))
    width = min(count + _OVERSAMPLING, rows, size)
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn(width, rows, generator=generator, dtype=data.dtype)
    basis = _orthonormal((start @ data).T)
    scores = data @ basis
    residual = total - _captured(scores, count)
    for _ in range(_MAX_ROUNDS):
        basis = _orthonormal((_orthonormal(scores).T @ data).T)
        scores = data @ basis
        previous, residual = residual, total - _captured(scores, count)
        if residual > (1 - _TOLERANCE) * previous:
            break
    return _finish(mean, basis, scores, count, total)


def _orthonormal(columns: torch.Tensor) -> torch.Tensor:
    basis: torch.Tensor = torch.linalg.qr(columns)[0]
    return basis


def _captured(scores: torch.Tensor, count: int) -> float:
    """Return the energy along the ``count`` best directions of a subspace."""
    energies = torch.linalg.eigvalsh((scores.T @ scores).double())
    return float(energies[-count:].sum())


def _finish(
    mean: torch.Tensor, basis: torch.Tensor, scores: torch.Tensor, count: int, total: float
) -> Principal:
    """Turn the basis of a subspace into its principal components."""
    _, singular, rotation = torch.linalg.svd(scores, full_matrices=False)
    components = (basis @ rotation.T).T[:count]
    largest = components.gather(1, components.abs().argmax(dim=1, keepdim=True))
    components = (components * torch.where(largest < 0, -1.0, 1.0)).contiguous()
    kept = singular[:count]
    rest = max(total - float(kept.double().square().sum()), 0.0)
    return Principal(
        mean=mean,
        basis=components,
        deviation=kept / len(scores) ** 0.5,
        residual_deviation=(rest / (len(scores) * len(mean))) ** 0.5,
    )
