"""Which number is the headline, and what the error is."""

import numpy as np
import pytest

from benchmark import reference_codes
from benchmark.code_metrics import Reading
from benchmark.dimension_estimate import DIMENSION_ERROR, DIMENSION_ESTIMATE, headline
from benchmark.metrics.dimension.kl_spectrum import kl_spectrum
from benchmark.metrics.dimension.mle import mle
from benchmark.metrics.dimension.pca_dims import pca_dims
from toysound.errors import ToySoundError

NONE = Reading(None, "no latent varies")


def readings(
    kl_spectrum: Reading = NONE, mle: Reading = NONE, pca_dims_99: Reading = NONE
) -> dict[str, Reading]:
    return {"kl_spectrum": kl_spectrum, "mle": mle, "pca_dims_99": pca_dims_99}


def test_the_first_that_has_a_number_is_read() -> None:
    rate, neighbours, linear = Reading(4.0), Reading(5.5), Reading(6.0)
    for found, expected in (
        (readings(rate, neighbours, linear), 4),
        (readings(NONE, neighbours, linear), 5.5),
        (readings(NONE, NONE, linear), 6),
    ):
        assert headline(found, 5)["dimension_estimate"].value == expected
        assert headline(found, 5)["dimension_error"].value == abs(expected - 5)


def test_an_encoder_that_uses_no_latent_has_found_none() -> None:
    found = headline(readings(Reading(0.0), Reading(3.0)), 5)
    assert found["dimension_estimate"].value == 0
    assert found["dimension_error"].value == 5


@pytest.mark.parametrize(
    ("interval", "distance"), [((3.5, 4.5), (0.5, 1.5)), ((3.0, 5.5), (0.0, 2.0))]
)
def test_interval_and_quarters_move_with_the_number(
    interval: tuple[float, float], distance: tuple[float, float]
) -> None:
    reading = Reading(4.0, interval=interval, seed_spread=0.1, replicates=(3.0, 5.0, 6.0))
    found = headline(readings(reading), 5)
    assert found["dimension_estimate"] == reading
    assert found["dimension_error"] == Reading(
        1.0, interval=distance, seed_spread=0.1, replicates=(2.0, 0.0, 1.0)
    )


def test_no_number_and_no_truth_have_a_reason() -> None:
    nothing = headline(readings(), 5)
    assert nothing["dimension_estimate"] == nothing["dimension_error"] == NONE
    unlabelled = headline(readings(Reading(4.0)), 0)
    assert unlabelled["dimension_estimate"].value == 4
    assert "nobody knows" in (unlabelled["dimension_error"].reason or "")


def of_codes(kind: str, stochastic: bool) -> float | None:
    """Return the error on reference codes of a grid of five factors."""
    sizes = (4, 5, 3, 6, 5)
    classes = np.stack(np.unravel_index(np.arange(1800), sizes), axis=1).astype(np.int64)
    mean, log_variance = (
        array.astype(np.float64) for array in reference_codes.make(kind, classes, sizes)
    )
    live = mean[:, mean.std(axis=0) > 0]
    found = readings(pca_dims_99=Reading(pca_dims(codes=live)["pca_dims_99"]))
    if stochastic:
        rate = kl_spectrum(codes=mean, log_variance=log_variance)
        found["kl_spectrum"] = Reading(rate["kl_spectrum"])
    try:
        found["mle"] = Reading(mle(codes=live)["mle"])
    except ToySoundError as error:
        found["mle"] = Reading(None, str(error))
    return headline(found, 5)["dimension_error"].value


@pytest.mark.parametrize("stochastic", [True, False])
@pytest.mark.parametrize(("kind", "error"), [("perfect", 0), ("rotated", 0)])
def test_codes_that_know_the_factors_err_by_nothing(
    kind: str, error: float, stochastic: bool
) -> None:
    assert of_codes(kind, stochastic) == error


def test_codes_of_noise_err_by_the_latents_too_many() -> None:
    assert of_codes("noise", stochastic=True) == 5
    assert of_codes("noise", stochastic=False) == pytest.approx(4, abs=0.5)


def test_columns_are_named_after_their_keys() -> None:
    assert DIMENSION_ESTIMATE.column == "dimension_estimate"
    assert DIMENSION_ERROR.column == "dimension_error"
    assert DIMENSION_ERROR.higher_is_better is False
