"""A representation as it is typed: the name, its options, and every way to get them wrong."""

import pytest

from baselines import representations
from baselines.chosen_view import VARIANTS, ChosenView, choose, default_choices, parse
from toysound.errors import UsageError


@pytest.mark.parametrize("text", [*representations.names(), *VARIANTS])
def test_the_text_of_a_choice_names_it_again(text: str) -> None:
    choice = parse(text)
    assert choice.text == text
    assert parse(choice.text) == choice


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("log_mel", {}),
        ("log_mel:bands=64,iterations=0", {"bands": 64, "iterations": 0}),
        ("log_mel: bands = 64 ", {"bands": 64}),
        ("cochlear:width_erb=0.3,floor_db=-40", {"width_erb": 0.3, "floor_db": -40}),
        ("modulation_spectrum:phase=False", {"phase": False}),
        ("nsgt:scale=mel,frames=auto", {"scale": "mel", "frames": "auto"}),
    ],
)
def test_options_have_the_type_they_look_like(text: str, options: dict[str, object]) -> None:
    found = parse(text).options
    assert found == options
    assert [type(value) for value in found.values()] == [type(v) for v in options.values()]


def test_options_can_stand_beside_the_name() -> None:
    assert parse("log_mel:bands=64", ["iterations=4"]) == choose(
        "log_mel", ["bands=64", "iterations=4"]
    )


def test_it_opens_the_view() -> None:
    view = parse("log_mel:bands=40").open(16000, 8000)
    assert (view.name, view.shape, view.sample_rate) == ("log_mel", (40, 32), 16000)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("log_mell", "representation 'log_mell' is unknown; did you mean 'log_mel'?"),
        ("", "representation '' is unknown"),
        ("log_mel:", "'' is not of the form option=value"),
        ("log_mel:bands", "'bands' is not of the form option=value, such as"),
        ("log_mel:bands=", "'bands=' is not of the form"),
        ("log_mel:=64", "'=64' is not of the form"),
        (
            "log_mel:bandz=64",
            "representation 'log_mel': option 'bandz' is unknown; its options are bands, "
            "iterations, updates",
        ),
        ("raw:bands=64", "representation 'raw': option 'bands' is unknown; it has none"),
        ("log_mel:bands=many", "option 'bands' is wrong: input should be a valid integer"),
        ("log_mel:bands=-1", "option 'bands' is wrong: input should be greater than 0, got -1"),
        ("log_mel:bands=1.5", "option 'bands' is wrong"),
        ("log_mel:bands=true", "option 'bands' is wrong"),
        ("cochlear:width_erb=nan", "option 'width_erb' is wrong: input should be a finite number"),
        ("nsgt:scale=bark", "option 'scale' is wrong: input should be 'cqt', 'mel' or 'erb'"),
        ("log_mel:bands=64,bands=32", "option 'bands' of representation 'log_mel' is given twice"),
        ("log_mel:sample_rate=8000", "option 'sample_rate' is unknown"),
        ("log_mel:name=raw", "'name' is no option"),
    ],
)
def test_what_cannot_be_meant_is_said_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert sentence in str(caught.value)


def test_the_defaults_are_every_view_and_every_variant_once() -> None:
    texts = [choice.text for choice in default_choices()]
    assert sorted(texts) == sorted([*representations.names(), *VARIANTS])
    for choice in default_choices():
        choice.open(16000, 8000)


def test_names_of_files_are_plain_and_all_different() -> None:
    stems = [choice.file_stem for choice in default_choices()]
    assert len(set(stems)) == len(stems)
    assert set("".join(stems)) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-.")
    assert ChosenView("log_mel", {"bands": 64}).file_stem == "log_mel-bands-64"
