"""What a training came to, in words."""

from dataclasses import replace
from pathlib import Path

from baselines.folder import Summary
from baselines.report import text

SUMMARY = Summary(
    recipe="vae",
    dataset="tones",
    seed=3,
    epochs=10,
    best_epoch=8,
    cpu_seconds=12.3,
    validation_nats=-1234.5,
    nats_are="ELBO",
    validation_rmse=0.456,
    rmse_unit="dB",
    num_parameters=12345,
    kl=[0.1, 2.0, 1.0],
    active_units=2,
)
MODEL = Path("vae/model.safetensors")


def test_a_training() -> None:
    assert text(SUMMARY, "data/tones", MODEL).splitlines() == [
        "trained vae on tones, seed 3",
        "  10 epochs (best: 8), 12 CPU seconds, 12,345 parameters",
        "  validation ELBO -1234 nats, RMSE 0.46 dB",
        "  2 active units, KL of each dimension (nats): 2.00 1.00 0.10",
        "wrote vae/model.safetensors",
        "try: toysound score vae/model.safetensors --dataset data/tones --out result.json",
    ]


def test_one_that_was_finished_before_and_one_that_was_turned() -> None:
    before = text(SUMMARY, "tones", MODEL, before=True).splitlines()
    assert before[0] == "vae on tones, seed 3 was finished before; --force trains it anew"
    assert before[-2] == "found vae/model.safetensors"
    turned = text(SUMMARY, "tones", MODEL, turned=Path("plain")).splitlines()
    assert turned[0] == "turned to vae on tones, seed 3, from 'plain'"
    assert turned[-2] == "wrote vae/model.safetensors"


def test_a_model_in_closed_form_and_one_with_relevances() -> None:
    plain = replace(SUMMARY, epochs=0, kl=[], active_units=None)
    lines = text(plain, "tones", MODEL).splitlines()
    assert lines[1] == "  12 CPU seconds, 12,345 parameters"
    assert not any("units" in line for line in lines)
    relevant = text(replace(SUMMARY, relevance=[0.25, 1.0]), "tones", MODEL)
    assert "  1.2 relevant dimensions: 1.00 0.25\n" in relevant


def test_many_dimensions_fit_the_screen() -> None:
    many = text(replace(SUMMARY, kl=[0.5] * 41), "tones", MODEL)
    assert many.count("0.50") == 40
    assert "0.50 and 1 more\n" in many
