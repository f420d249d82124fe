"""The numbers of the embedding: do they come from the catalog, and whiten it?"""

import json

import numpy as np
import pytest

from benchmark.metrics.reconstruction import fit_embedding
from benchmark.metrics.reconstruction.embedding import (
    DESCRIPTORS,
    DIMENSIONS,
    SAMPLE_RATE,
    embed,
)


def test_fitted_numbers_whiten_what_they_were_fitted_to() -> None:
    rng = np.random.default_rng(0)
    mixed = rng.standard_normal((500, 200)) @ rng.standard_normal((200, DESCRIPTORS))
    fitted = fit_embedding.fit(mixed * np.arange(1, DESCRIPTORS + 1) + 7)
    rows = (mixed * np.arange(1, DESCRIPTORS + 1) + 7 - fitted.mean) @ fitted.directions
    assert rows.shape == (500, DIMENSIONS)
    assert np.cov(rows, rowvar=False, bias=True) == pytest.approx(np.eye(DIMENSIONS), abs=1e-9)
    assert rows.mean(axis=0) == pytest.approx(np.zeros(DIMENSIONS), abs=1e-9)


def test_a_descriptor_that_never_moves_says_nothing() -> None:
    rows = np.random.default_rng(1).standard_normal((300, DESCRIPTORS))
    rows[:, 5] = -80.0
    fitted = fit_embedding.fit(rows)
    assert not fitted.directions[5].any()
    assert np.isfinite(fitted.directions).all()


def test_noise_is_added_within_its_range_and_the_same_each_time() -> None:
    sounds = np.full((200, 1000), 0.1, dtype=np.float32)
    noisy = fit_embedding.with_noise(sounds, np.random.default_rng(0))
    level_db = 20 * np.log10((noisy - sounds).std(axis=1) / 0.1)
    low, high = fit_embedding.NOISE_DB
    assert low - 1 < level_db.min() < low + 5
    assert high - 5 < level_db.max() < high + 1
    assert np.array_equal(noisy, fit_embedding.with_noise(sounds, np.random.default_rng(0)))


def test_the_sounds_of_the_catalog_have_unit_variance_in_the_shipped_embedding() -> None:
    rng, parts = np.random.default_rng(0), []
    for audio in fit_embedding.catalog_sounds():
        some = audio[::4]
        parts += [embed(some, SAMPLE_RATE)]
        parts += [embed(fit_embedding.with_noise(some, rng), SAMPLE_RATE)]
    rows = np.concatenate(parts)
    assert len(rows) > 2000
    assert np.abs(rows.mean(axis=0)).max() < 0.2
    assert rows.std(axis=0) == pytest.approx(np.ones(DIMENSIONS), abs=0.25)


def test_the_shipped_numbers_are_what_the_command_makes() -> None:
    made, shipped = fit_embedding.make(), json.loads(fit_embedding.PATH.read_text())
    assert made.keys() == shipped.keys()
    assert made["sounds"] == shipped["sounds"]
    assert made["mean"] == pytest.approx(shipped["mean"], abs=0.01)
    # Components of nearly equal variance may turn into each other from one machine to the next;
    # what they say together of two descriptors stays.
    theirs, ours = (np.array(numbers["directions"]) for numbers in (shipped, made))
    assert ours @ ours.T == pytest.approx(theirs @ theirs.T, rel=0.01, abs=0.01)
