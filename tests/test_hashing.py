"""Counter-based draws: their reference values, their evenness, their independence of order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from toysound.hashing import hash64, uniform


def test_splitmix64_of_its_reference() -> None:
    """The first outputs for seed 0 of the reference implementation (Vigna, splitmix64.c)."""

    def mix(z: int) -> int:
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) % 2**64
        return z ^ (z >> 31)

    assert mix(0x9E3779B97F4A7C15) == 0xE220A8397B1DCDAF
    start = (int(hash64("a", 0)), int(hash64("a", 1)))
    assert start[0] != start[1]


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=20), st.text(max_size=5))
def test_each_number_has_its_own_hash_whatever_the_company(numbers: list[int], salt: str) -> None:
    together = hash64(salt, numbers)
    assert [int(hash64(salt, n)) for n in numbers] == together.tolist()
    assert ((uniform(salt, numbers) >= 0) & (uniform(salt, numbers) < 1)).all()


def test_draws_are_even_and_salts_independent() -> None:
    numbers = np.arange(100_000)
    first, second = uniform("a", numbers), uniform("b", numbers)
    counts = np.histogram(first, bins=20, range=(0, 1))[0]
    assert np.abs(counts - 5000).max() < 5 * np.sqrt(5000)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.02
    assert abs(np.corrcoef(first[1:], first[:-1])[0, 1]) < 0.02
