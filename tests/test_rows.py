"""The columns of a published dataset: which cells are measured, and what the columns are called."""

import json

import numpy as np
import pytest

from toysound.catalog import CATALOG, get_spec
from toysound.measure import DESCRIPTORS, describe
from toysound.publish.parquet import schema
from toysound.publish.rows import (
    MEASURED,
    MEASURED_SAMPLE,
    MEASURED_WHOLE,
    all_measured,
    column_descriptions,
    column_names,
    columns,
    is_measured,
    measurements,
)
from toysound.rendering import render_samples, sustained_part, to_float

SPRITES, SMALL = get_spec("sprites"), get_spec("sprites/small")


def test_small_datasets_are_measured_whole() -> None:
    for spec in CATALOG.values():
        assert all_measured(spec) == (spec.space.size <= MEASURED_WHOLE)
    assert is_measured(SMALL, np.arange(SMALL.space.size)).all()


def test_ten_thousand_sounds_of_a_large_dataset_are_measured() -> None:
    cells = np.arange(SPRITES.space.size)
    measured = is_measured(SPRITES, cells)
    assert measured.sum() == MEASURED_SAMPLE
    some = np.array([700_000, 3, 8, 737_279])
    np.testing.assert_array_equal(is_measured(SPRITES, some), measured[some])
    classes = SPRITES.space.classes_of(np.flatnonzero(measured))
    for column, size in enumerate(SPRITES.space.sizes):
        counts = np.bincount(classes[:, column], minlength=size)
        assert counts.max() / counts.min() < 1.06


def test_what_is_not_measured_is_nan() -> None:
    cells = np.arange(200)
    measured = is_measured(SPRITES, cells)
    assert 0 < measured.sum() < 20
    rows = measurements(SPRITES, cells, render_samples(SPRITES, cells))
    assert tuple(rows) == MEASURED
    for values in rows.values():
        assert np.isnan(values[~measured]).all()
    np.testing.assert_allclose(rows["measured_level_db"][measured], -18, atol=0.1)


def test_rows_are_the_descriptors_of_each_sound() -> None:
    cells = np.array([5, 3000, 7000, 12])
    samples = render_samples(SMALL, cells)
    rows = columns(SMALL, cells, samples)
    assert list(rows) == column_names(SMALL)
    expected = describe(to_float(samples), SMALL.sample_rate, sustained_part(SMALL, cells))
    for name, values in expected.items():
        np.testing.assert_allclose(rows[name], values, rtol=1e-5, err_msg=name)
    np.testing.assert_array_equal(rows["index"], cells)


@pytest.mark.parametrize("name", CATALOG)
def test_every_column_is_described(name: str) -> None:
    spec = get_spec(name)
    texts = column_descriptions(spec)
    assert list(texts) == column_names(spec)
    assert all(texts.values())
    for factor in spec.space.factors:
        assert all(label in texts[f"{factor.name}_class"] for label in factor.labels)
        assert factor.unit in texts[f"{factor.name}_value"]
    sampled = texts["measured_f0_hz"].endswith("measured for 10,000 sounds, else null")
    assert sampled != all_measured(spec)
    assert set(DESCRIPTORS) <= set(texts)


@pytest.mark.parametrize("name", CATALOG)
def test_the_schema_names_the_labels_of_categories(name: str) -> None:
    spec = get_spec(name)
    arrow = schema(spec)
    assert arrow.names == ["audio", *column_names(spec)]
    features = json.loads(arrow.metadata[b"huggingface"])["info"]["features"]
    for factor in spec.space.factors:
        feature = features[f"{factor.name}_class"]
        if factor.labels:
            assert feature == {"names": list(factor.labels), "_type": "ClassLabel"}
        else:
            assert feature == {"dtype": "int64", "_type": "Value"}
