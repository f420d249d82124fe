"""Numbers of the literature on MNIST: cited, not reproduced.

None of them is of the network or of the length of training of this package, so none is a target
here; they say where the same objective ends after days. Kingma and Welling's own figure 2 shows
curves and no table, and no number of it is given here.

All are negative log-likelihoods of digits that are binarised anew in every epoch, nats, lower is
better, bounded by importance weighting.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cited:
    """A published number.

    Attributes
    ----------
    model : in the words of its authors
    nll : nats
    source : where it stands
    protocol : how it was trained and measured
    """

    model: str
    nll: float
    source: str
    protocol: str


_BURDA = "Burda et al. 2016, table 1"
_ONE_LAYER = (
    "50 latents, 2 x 200 tanh units, Adam, batches of 20, 3280 epochs with a falling step, bound "
    "of 5000 samples"
)
_TWO_LAYERS = "two stochastic layers, otherwise the same"

CITED: tuple[Cited, ...] = (
    Cited("VAE, 1 layer, k=1", 86.76, _BURDA, _ONE_LAYER),
    Cited("VAE, 1 layer, k=5", 86.47, _BURDA, _ONE_LAYER),
    Cited("VAE, 1 layer, k=50", 86.35, _BURDA, _ONE_LAYER),
    Cited("IWAE, 1 layer, k=5", 85.54, _BURDA, _ONE_LAYER),
    Cited("IWAE, 1 layer, k=50", 84.78, _BURDA, _ONE_LAYER),
    Cited("VAE, 2 layers, k=1", 85.33, _BURDA, _TWO_LAYERS),
    Cited("VAE, 2 layers, k=50", 84.78, _BURDA, _TWO_LAYERS),
    Cited("IWAE, 2 layers, k=5", 83.89, _BURDA, _TWO_LAYERS),
    Cited("IWAE, 2 layers, k=50", 82.90, _BURDA, _TWO_LAYERS),
    Cited(
        "ladder VAE, the best one",
        81.74,
        "Sønderby et al. 2016, as indexes of results give it",
        "several stochastic layers, batch normalisation, KL weight 0 to 1 over 200 of 2000 epochs, "
        "batches of 256, step 2e-4 (protocol from its code)",
    ),
)
