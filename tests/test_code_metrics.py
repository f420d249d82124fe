"""All metrics of codes at once: numbers, reasons, and how far each may be trusted."""

import numpy as np

from benchmark.code_metrics import all_missing, read_codes
from benchmark.heard import Codes
from benchmark.metrics import METRICS, compute

RNG = np.random.default_rng(0)
CLASSES = np.stack([RNG.integers(size, size=600) for size in (3, 4, 5)], axis=1)
MEAN = (CLASSES + 0.3 * RNG.standard_normal((600, 3))).astype(np.float32)
KINDS = ("ordinal", "circular", "continuous")
CODES = Codes(CLASSES, MEAN, np.full_like(MEAN, -2.0), KINDS)


def test_numbers_are_those_of_compute() -> None:
    found = read_codes(CODES, seed=1)
    assert found["mig"].value == compute("mig", factors=CLASSES, codes=MEAN)["mig"]
    dci = compute("dci", factors=CLASSES, codes=MEAN, seed=1)
    assert found["dci_disentanglement"].value == dci["disentanglement"]
    assert found["dci_disentanglement"].interval is None


def test_every_column_of_every_metric_is_there() -> None:
    columns = {o.column for m in METRICS.values() if not m.across_models for o in m.outputs}
    assert columns <= set(read_codes(CODES))
    assert set(all_missing("why")) == columns
    assert {reading.reason for reading in all_missing("why").values()} == {"why"}


def _noisy_grid(sizes: tuple[int, ...]) -> Codes:
    """Every cell of a grid once, its levels with noise as codes."""
    classes = np.stack(np.unravel_index(np.arange(np.prod(sizes)), sizes), axis=1)
    rng = np.random.default_rng(1)
    rows = rng.permutation(len(classes))
    mean = classes[rows] + 0.3 * rng.standard_normal(classes.shape)
    return Codes(classes[rows], mean.astype(np.float32), None, KINDS)


def test_intervals_lie_around_the_numbers_and_shrink_with_more_sounds() -> None:
    few = read_codes(_noisy_grid((6, 7, 8)), uncertainty=True)
    many = read_codes(_noisy_grid((12, 14, 16)), uncertainty=True)
    for column in ("mig", "dci_informativeness", "infoe"):
        widths = []
        for found in (few[column], many[column]):
            assert found.value is not None
            assert found.interval is not None
            assert found.interval[0] < found.value < found.interval[1]
            widths.append(found.interval[1] - found.interval[0])
        assert widths[1] < widths[0]


def test_sounds_of_one_cell_are_left_out_together() -> None:
    """60 cells are too few to leave any out, however many sounds each has."""
    assert len(np.unique(CLASSES, axis=0)) == 60
    assert read_codes(CODES, uncertainty=True)["mig"].interval is None


def test_a_metric_that_draws_has_a_spread_and_a_formula_has_none() -> None:
    found = read_codes(CODES, uncertainty=True)
    assert found["mig"].seed_spread is None
    spread = found["dci_disentanglement_permuted"].seed_spread
    assert spread is not None
    assert 0 < spread < 0.1


def test_a_metric_that_cannot_be_computed_says_why_and_the_others_go_on() -> None:
    without = Codes(CLASSES, MEAN, None, KINDS)
    found = read_codes(without, uncertainty=True)
    assert found["kl_total"].value is None
    assert "deterministic" in str(found["kl_total"].reason)
    assert found["mig"].value is not None


def test_without_labels_only_dimensions_are_found() -> None:
    found = read_codes(Codes(CLASSES[:, :0], MEAN, None), uncertainty=True)
    assert "needs factors" in str(found["mig"].reason)
    assert found["active_units"].value == 3.0


def test_one_factor_says_that_there_is_nothing_to_compare() -> None:
    found = read_codes(Codes(CLASSES[:, :1], MEAN, None, KINDS[:1]))
    columns = {column for column, reading in found.items() if "has one" in str(reading.reason)}
    assert columns == {
        "mig_sup",
        "mig_sup_factor_entropy",
        "dcimig",
        "dci_disentanglement",
        "dci_disentanglement_permuted",
        "beta_vae",
        "factor_vae",
        "modularity",
        "infom",
    }
    assert found["sap_svm"].value is not None


def test_one_latent_says_that_there_is_nothing_to_compare() -> None:
    found = read_codes(Codes(CLASSES[:, :1], MEAN[:, :1], None, KINDS[:1]))
    columns = {column for column, reading in found.items() if "only one is" in str(reading.reason)}
    assert columns == {"dci_completeness", "dci_completeness_permuted", "infoc"}


def test_one_sound_for_each_level_says_that_none_is_left_to_test_on() -> None:
    """As on ``mono/*``: a single factor, every level of it once."""
    classes = np.arange(64)[:, None]
    mean = (classes + 0.3 * RNG.standard_normal((64, 3))).astype(np.float32)
    found = read_codes(Codes(classes, mean, None, ("ordinal",)))
    assert "about one sound for each level" in str(found["sap_svm"].reason)
    assert "at least two sounds of a level" in str(found["explicitness"].reason)
    assert found["sap_r2"].value is not None


def test_circular_columns_are_there_only_for_circular_factors() -> None:
    straight = Codes(CLASSES, MEAN, None, ("ordinal", "ordinal", "continuous"))
    circular = [c for c in read_codes(CODES) if c.endswith("_circular")]
    for column in circular:
        assert read_codes(straight)[column].reason == "no factor of this dataset is circular"
        assert read_codes(CODES)[column].value is not None
