"""The protocol: what is required, what is optional, what counts as there."""

from typing import Any

import numpy as np
import pytest
from model_zoo import BadLatentDim, Complete, Good, NoDecode, NoSampleRate, Odd

from benchmark.protocol import (
    OPTIONAL,
    as_count,
    missing_pieces,
    odd_pieces,
    offers,
    read_count,
    read_text,
    to_float32,
)


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


def test_each_odd_attribute_is_a_sentence() -> None:
    assert odd_pieces(Odd()) == {
        "name": "name is 3; it must be a text that is not empty, and is ignored",
        "citation": "citation is ('nobody', 2026); it must be a text that is not empty, and is "
        "ignored",
        "representation_name": "representation_name is ''; it must be a text that is not empty, "
        "and is ignored",
        "supervision": "supervision is ('labels', 'pairs'); it must be a text that is not empty, "
        "and is ignored",
        "num_parameters": "num_parameters is 'many'; it must be a whole number from 0 on, and is "
        "ignored",
        "opaque_latent": "opaque_latent is True; it must be a text that is not empty, and is "
        "ignored",
    }


def test_attributes_that_are_right_or_absent_are_not_odd() -> None:
    class Model(Complete):
        name = None  # type: ignore[assignment]
        num_parameters = np.int64(0)  # type: ignore[assignment]

    for model in (Good(), Complete(), Model()):
        assert odd_pieces(model) == {}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (lambda: 3, "is a method;"),
        (1.5, "is 1.5;"),
        (-1, "is -1;"),
        (True, "is True;"),
        (np.arange(1000), "...;"),
    ],
)
def test_an_odd_number_is_told_in_few_words(value: Any, words: str) -> None:
    class Model(Good):
        num_parameters = staticmethod(value) if callable(value) else value

    (sentence,) = odd_pieces(Model()).values()
    assert words in sentence
    assert len(sentence) < 150
    assert "\n" not in sentence


def test_a_value_that_cannot_be_shown_is_named_by_its_kind() -> None:
    class Shy:
        def __repr__(self) -> str:
            raise RuntimeError("not now")

    class Model(Good):
        citation = Shy()

    assert "citation is a Shy;" in odd_pieces(Model())["citation"]


@pytest.mark.parametrize(
    ("value", "count"),
    [(3, 3), (np.int64(3), 3), (0, 0), (-1, None), (False, None), (2.0, None), ("3", None)],
)
def test_a_number_of_parameters_may_be_zero(value: Any, count: int | None) -> None:
    class Model(Good):
        num_parameters = value

    assert read_count(Model(), "num_parameters") == count


def test_a_text_is_read_as_one_line() -> None:
    class Model(Good):
        name = " my\n model "

    assert read_text(Model(), "name") == "my model"
    assert read_text(Model(), "citation") is None


def test_what_is_beyond_float32_becomes_its_largest() -> None:
    largest = float(np.finfo(np.float32).max)
    found = to_float32(np.array([0.1, 1e200, -np.inf]))
    assert found.dtype == np.float32
    assert found.tolist() == [np.float32(0.1), largest, -largest]
