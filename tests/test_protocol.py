"""The protocol: what is required, what is optional, what counts as there."""

from typing import Any

import numpy as np
import pytest
from model_zoo import BadLatentDim, Complete, Good, NoDecode, NoSampleRate

from benchmark.protocol import OPTIONAL, as_count, missing_pieces, offers


def test_a_complete_model_misses_nothing() -> None:
    assert missing_pieces(Good()) == []
    assert missing_pieces(Complete()) == []


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (NoSampleRate(), ["no attribute 'sample_rate'", "16000"]),
        (NoDecode(), ["no method 'decode'", "decode(self, latent) -> audio"]),
        (BadLatentDim(), ["latent_dim is 4.5", "positive integer"]),
    ],
)
def test_each_missing_piece_is_a_sentence(model: object, words: list[str]) -> None:
    (sentence,) = missing_pieces(model)
    assert all(word in sentence for word in words)


def test_an_empty_object_misses_all_four() -> None:
    assert len(missing_pieces(object())) == 4


def test_a_method_that_is_no_method_is_named() -> None:
    class Model(Good):
        encode = 3  # type: ignore[assignment]

    (sentence,) = missing_pieces(Model())
    assert "encode is 3" in sentence


def test_a_property_that_raises_counts_as_missing() -> None:
    class Model(Good):
        @property
        def latent_dim(self) -> int:  # type: ignore[override]
            raise RuntimeError("not built yet")

    (sentence,) = missing_pieces(Model())
    assert "no attribute 'latent_dim'" in sentence


@pytest.mark.parametrize(
    ("value", "count"),
    [(3, 3), (np.int64(3), 3), (0, None), (-1, None), (True, None), (2.0, None), ("3", None)],
)
def test_counts_are_positive_integers_of_any_type(value: Any, count: int | None) -> None:
    assert as_count(value) == count


def test_every_optional_piece_is_found_on_a_model_that_has_it() -> None:
    for piece in OPTIONAL:
        assert not offers(Good(), *piece.names)
        if piece.suggested:
            assert offers(Complete(), *piece.names)
