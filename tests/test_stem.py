"""Stems: fixed linear ends that keep distances."""

import numpy as np
import pytest
import torch

from baselines import representations
from baselines.coefficients import TrainingSounds
from baselines.principal import principal_components
from baselines.representations.normalisation import Normaliser
from baselines.stem import STEMS, NormalisedStem, PrincipalStem, Stem, identity_of
from toysound.dataset import Dataset, load

DIMS, SIZE = 12, 5


def some_data(count: int = 40) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    mixing = torch.randn(DIMS, DIMS, generator=generator)
    return 3 * torch.randn(count, DIMS, generator=generator) @ mixing - 20


def principal_stem(smallest_scale: float = 0.1) -> Stem:
    return PrincipalStem(principal_components(some_data(), SIZE), smallest_scale)


def normalised_stem() -> Stem:
    return NormalisedStem(Normaliser.fit([some_data()]))


EVERY = pytest.mark.parametrize(
    "stem", [principal_stem(), normalised_stem(), identity_of(DIMS)], ids=list(STEMS)
)


@EVERY
def test_coordinates_and_what_is_outside_keep_the_energy(stem: Stem) -> None:
    data = some_data()
    coordinates, outside = stem.project(data)
    assert coordinates.shape == (len(data), stem.size)
    total = (data - stem.mean).square().sum(dim=1)
    torch.testing.assert_close(coordinates.square().sum(dim=1) + outside, total, rtol=1e-4, atol=0)


@EVERY
def test_what_was_lifted_is_projected_back(stem: Stem) -> None:
    coordinates = torch.randn(7, stem.size, generator=torch.Generator().manual_seed(1))
    again, outside = stem.project(stem.expand(coordinates))
    torch.testing.assert_close(again, coordinates, rtol=1e-3, atol=1e-3)
    assert outside.max() < 1e-3


@EVERY
def test_lifting_is_linear_and_keeps_leading_dimensions(stem: Stem) -> None:
    coordinates = torch.randn(3, 2, stem.size, generator=torch.Generator().manual_seed(2))
    lifted = stem.lift(coordinates)
    assert lifted.shape == (3, 2, DIMS)
    torch.testing.assert_close(stem.lift(2 * coordinates[0]), 2 * lifted[0])


@EVERY
def test_it_has_nothing_to_learn_and_all_of_it_is_kept(stem: Stem) -> None:
    assert not list(stem.parameters())
    kind = STEMS["principal" if isinstance(stem, PrincipalStem) else "normalised"]
    again = kind.empty({f"head.{name}": t for name, t in stem.state_dict().items()}, "head.")
    again.load_state_dict(stem.state_dict())
    torch.testing.assert_close(again.project(some_data())[0], stem.project(some_data())[0])


def test_the_deviation_is_that_of_the_data() -> None:
    data = some_data()
    exact = (data - data.mean(dim=0)).square().mean().sqrt().item()
    assert normalised_stem().deviation == pytest.approx(exact, rel=1e-4)
    whole = PrincipalStem(principal_components(some_data(), DIMS), 1e-6)
    assert whole.deviation == pytest.approx(exact, rel=1e-3)


def test_no_scale_is_below_its_fraction_of_the_largest() -> None:
    stem = principal_stem(0.9)
    assert stem.scale.min() == pytest.approx(0.9 * stem.scale.max().item())


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load("mono/pitch")


@pytest.mark.parametrize("name", ["principal", "normalised"])
def test_it_is_fitted_on_the_training_sounds_only(dataset: Dataset, name: str) -> None:
    view = representations.get("log_mel", dataset.sample_rate, dataset.num_samples)
    options = {"components": 8} if name == "principal" else {}
    stem = STEMS[name].fit(TrainingSounds(dataset, view), **options)
    seen = view.forward(dataset.audio(dataset.split("train"))).reshape(-1, stem.num_coefficients)
    np.testing.assert_allclose(stem.mean, seen.mean(axis=0), atol=1e-3)


def test_a_band_may_share_its_mean_and_spread(dataset: Dataset) -> None:
    view = representations.get("log_mel", dataset.sample_rate, dataset.num_samples)
    stem = STEMS["normalised"].fit(TrainingSounds(dataset, view), per="band")
    bands = stem.scale.reshape(view.shape)
    assert (bands == bands[:, :1]).all()
    assert len(bands[:, 0].unique()) > 1


def test_the_identity_changes_nothing(dataset: Dataset) -> None:
    view = representations.get("raw", dataset.sample_rate, dataset.num_samples)
    stem = STEMS["identity"].fit(TrainingSounds(dataset, view))
    audio = torch.from_numpy(dataset.audio(np.arange(3)))
    coordinates, outside = stem.project(audio)
    assert torch.equal(coordinates, audio)
    assert torch.equal(stem.expand(coordinates), audio)
    assert not outside.any()
