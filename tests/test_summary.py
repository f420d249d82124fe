"""A result as text."""

from test_result import a_result

from benchmark.result import Measurement
from benchmark.summary import summarise_result


def test_a_number_stands_with_its_frame_and_direction() -> None:
    text = summarise_result(a_result())
    assert text.startswith("pca on tones (5,760 sounds), seed 0, 20 s\n")
    (line,) = [line for line in text.splitlines() if line.startswith("  LSD")]
    assert line.split() == ["LSD", "↓", "4.20", "4.00", "..", "4.40", "11.8", "-", "dB"]


def test_a_family_without_numbers_says_why_once() -> None:
    same = {f"m{i}": Measurement(value=None, reason="it is only a label") for i in range(9)}
    text = summarise_result(a_result(metrics={"dimension": same}))
    assert text.count("it is only a label") == 1


def test_a_missing_number_among_others_gives_its_reason() -> None:
    some = {
        "participation_ratio": Measurement(value=4.5, floor=9.0, ceiling=5.0),
        "kl_spectrum": Measurement(value=None, reason="no log_variance"),
    }
    lines = summarise_result(a_result(metrics={"dimension": some})).splitlines()
    assert sum("no log_variance" in line for line in lines) == 1
    assert sum("4.50" in line for line in lines) == 1


def test_counts_are_whole_and_large_numbers_have_commas() -> None:
    some = {"parameters": Measurement(value=1234567.0), "encode_ms": Measurement(value=0.0123)}
    text = summarise_result(a_result(metrics={"cost": some}))
    assert "1,234,567" in text
    assert "0.012" in text


def test_no_line_ends_in_blanks() -> None:
    assert all(line == line.rstrip() for line in summarise_result(a_result()).splitlines())


def test_the_composition_split_stands_beside() -> None:
    some = {"mig": Measurement(value=0.5, composition=0.25, unit="")}
    text = summarise_result(a_result(metrics={"disentanglement": some}))
    assert "held out 0.250" in text
