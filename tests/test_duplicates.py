"""The hash of all samples, and cells that sound the same."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from toysound import ToySoundError
from toysound.publish.blocks import blocks_of
from toysound.publish.duplicates import Hasher


def different_sounds(count: int) -> NDArray[np.int16]:
    samples = np.random.default_rng(0).integers(-9, 9, (count, 50)).astype(np.int16)
    samples[:, 0] = np.arange(count)
    return samples


def feed(samples: NDArray[np.int16], block_size: int) -> Hasher:
    hasher = Hasher("some")
    for block in blocks_of(len(samples), block_size):
        hasher.update(block, samples[block.start : block.stop])
    return hasher


@pytest.mark.parametrize("block_size", [1, 3, 7, 20, 99])
def test_the_hash_does_not_depend_on_the_blocks(block_size: int) -> None:
    samples = different_sounds(20)
    assert feed(samples, block_size).hexdigest() == hashlib.sha256(samples).hexdigest()


@settings(max_examples=50, deadline=None)
@given(first=st.integers(0, 29), second=st.integers(0, 29), block_size=st.integers(1, 31))
def test_two_equal_sounds_are_named_wherever_they_are(
    first: int, second: int, block_size: int
) -> None:
    samples = different_sounds(30)
    if first == second:
        feed(samples, block_size)
        return
    samples[second] = samples[first]
    one, other = sorted((first, second))
    with pytest.raises(
        ToySoundError, match=f"cells {one} and {other} of 'some' have the same samples"
    ):
        feed(samples, block_size)


def test_samples_of_any_memory_layout() -> None:
    samples = different_sounds(6)
    assert feed(np.asfortranarray(samples), 4).hexdigest() == feed(samples, 4).hexdigest()


def test_sixteen_bytes_are_kept_of_a_sound() -> None:
    hasher = feed(different_sounds(1000), 100)
    kept = [value for value in vars(hasher).values() if isinstance(value, np.ndarray)]
    assert sum(array.nbytes for array in kept) == 16 * 1000
