"""Active units: latents whose mean moves with the sound.

A VAE switches off latents it does not need: their posterior becomes the prior and their mean stays
where it is. Burda et al. (2016) count a latent as active if the variance of its posterior mean over
the data exceeds 0.01. The truth on a ToySound dataset is its number of factors.

Known failure: a latent can pass the threshold while carrying next to no information; compare the KL
spectrum.

Reference: Y. Burda, R. Grosse, R. Salakhutdinov, "Importance weighted autoencoders", ICLR 2016.
"""

from benchmark.metrics.information import Floats, Integers
from benchmark.metrics.registry import Output, metric


def active_units(
    *, codes: Floats, factors: Integers | None = None, seed: int = 0, threshold: float = 0.01
) -> dict[str, float]:
    """Return the number of latents whose mean has a variance above ``threshold``.

    Parameters
    ----------
    codes : shape (n, d), posterior means
    factors, seed : not used
    threshold : in the square of the latent's unit

    Returns
    -------
    dict
        ``active_units``, from 0 to d.
    """
    return {"active_units": float((codes.var(axis=0) > threshold).sum())}


ACTIVE_UNITS = metric(
    {
        "positive_scale": "the threshold of 0.01 is in the latent's own unit",
        "duplicate": "a copy is one more active latent",
    },
    name="active_units",
    family="dimension",
    function=active_units,
    outputs=(
        Output(
            "active_units",
            "active_units",
            "active units",
            "Latents whose posterior mean has a variance above 0.01 over the data. The "
            "truth is the number of factors.",
            None,
        ),
    ),
    reference="Burda et al., ICLR 2016",
    needs_factors=False,
)
