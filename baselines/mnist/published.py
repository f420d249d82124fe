"""Numbers of the literature on MNIST: cited, not reproduced.

None of them is of the network or of the length of training of this package, so none is a target
here; they say where the same objective ends after days. Kingma and Welling's own figure 2 shows
curves and no table, and no number of it is given here.

All are negative log-likelihoods in nats, lower is better, bounded by importance weighting.
"""

from dataclasses import dataclass

#: Binarisations by which numbers are told apart; numbers of different ones are not comparable.
DYNAMIC, FIXED = "drawn anew in every epoch", "one fixed draw"

_BURDA = (
    "50 latents, 2 x 200 tanh units, Adam, batches of 20, 3280 epochs with a falling step, "
    "bound of 5000 samples"
)
_BURDA_2 = "two stochastic layers, otherwise the same"
_BURDA_SOURCE = "Burda et al. 2016, table 1"


@dataclass(frozen=True)
class Cited:
    """A published number.

    Attributes
    ----------
    model : in the words of its authors
    nll : nats
    binarisation : of the digits
    protocol : how it was trained and measured
    source : where it stands
    """

    model: str
    nll: float
    binarisation: str
    protocol: str
    source: str


CITED: tuple[Cited, ...] = (
    Cited("VAE, 1 layer, k=1", 86.76, DYNAMIC, _BURDA, _BURDA_SOURCE),
    Cited("VAE, 1 layer, k=5", 86.47, DYNAMIC, _BURDA, _BURDA_SOURCE),
    Cited("VAE, 1 layer, k=50", 86.35, DYNAMIC, _BURDA, _BURDA_SOURCE),
    Cited("IWAE, 1 layer, k=5", 85.54, DYNAMIC, _BURDA, _BURDA_SOURCE),
    Cited("IWAE, 1 layer, k=50", 84.78, DYNAMIC, _BURDA, _BURDA_SOURCE),
    Cited("VAE, 2 layers, k=1", 85.33, DYNAMIC, _BURDA_2, _BURDA_SOURCE),
    Cited("VAE, 2 layers, k=50", 84.78, DYNAMIC, _BURDA_2, _BURDA_SOURCE),
    Cited("IWAE, 2 layers, k=5", 83.89, DYNAMIC, _BURDA_2, _BURDA_SOURCE),
    Cited("IWAE, 2 layers, k=50", 82.90, DYNAMIC, _BURDA_2, _BURDA_SOURCE),
    Cited(
        "ladder VAE, the best one",
        81.74,
        DYNAMIC,
        "latents 64-32-16-..., batch normalisation, KL weight 0 to 1 over 200 of 2000 epochs, "
        "batches of 256, step 2e-4",
        "Sonderby et al. 2016, as an index of results gives it; protocol from its code",
    ),
)
