"""What the two DIP-VAEs share: the distance of a covariance matrix from the identity."""

import torch


def covariance(codes: torch.Tensor) -> torch.Tensor:
    """Return the covariance of codes (B, D) over the batch, divided by B, shape (D, D)."""
    centred = codes - codes.mean(dim=0)
    return centred.T @ centred / len(codes)


def off_identity(matrix: torch.Tensor, off_diagonal: float, diagonal: float) -> torch.Tensor:
    """Return off_diagonal * sum_(i != j) C_ij^2 + diagonal * sum_i (C_ii - 1)^2, a scalar."""
    own = matrix.diagonal()
    others = matrix - torch.diag(own)
    return off_diagonal * others.square().sum() + diagonal * (own - 1).square().sum()
