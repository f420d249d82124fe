"""Every column of a result, gathered from where it is defined."""

from collections import Counter

from benchmark.columns import COLUMNS, find
from benchmark.metrics import METRICS


def test_names_are_unique_and_every_column_is_explained() -> None:
    names = Counter((column.family, column.output.column) for column in COLUMNS)
    assert max(names.values()) == 1
    for column in COLUMNS:
        assert column.output.label
        assert column.output.description.endswith(".")


def test_a_number_finds_its_column() -> None:
    found = find("disentanglement", "mig")
    assert found is not None
    assert found.output is METRICS["mig"].outputs[0]
    assert found.reference == "Chen et al., NeurIPS 2018"
    assert find("reconstruction", "mig") is None
    assert find("disentanglement", "nobody's") is None


def test_one_number_for_each_latent_is_of_a_series() -> None:
    third, total = find("dimension", "kl_3"), find("dimension", "kl_total")
    assert third is not None
    assert third.series
    assert third.output is METRICS["kl_spectrum"].series
    assert total is not None
    assert not total.series
