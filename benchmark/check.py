"""Does a model keep the protocol? Every piece is tried on a few sounds and explained in words.

The finding of each piece is one of

* ``ok`` -- it is there and does what it should;
* ``note`` -- the model can be scored, and there is something to know: an optional piece that is
  absent and what it would add, output that has to be repaired, output that depends on the batch;
* ``problem`` -- the model cannot be scored until this is changed.
"""

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from benchmark.guard import GuardedModel
from benchmark.loading import open_dataset, open_model
from benchmark.metrics.reconstruction.coefficients import root_mean_square_db
from benchmark.protocol import OPTIONAL, Floats, missing_pieces, odd_pieces, offers, read_text
from benchmark.stability import Difference, measure_stability
from toysound.dataset import Dataset
from toysound.errors import ToySoundError, UsageError

Kind = Literal["ok", "note", "problem"]

#: Sounds on which a model is tried, and the batch sizes in which it is given them.
_SOUNDS = 32
_BATCHES = (32, 7, 1)


@dataclass(frozen=True)
class Finding:
    """What was found of one piece of a model.

    Attributes
    ----------
    kind : ``ok``, ``note`` or ``problem``
    about : the piece
    text : one sentence
    """

    kind: Kind
    about: str
    text: str


@dataclass(frozen=True)
class Report:
    """Everything that was found of a model.

    Attributes
    ----------
    model : its name
    dataset : the dataset it was tried on
    findings : in the order in which they were made
    """

    model: str
    dataset: str
    findings: tuple[Finding, ...]

    @property
    def can_be_scored(self) -> bool:
        """Whether there is no problem."""
        return all(finding.kind != "problem" for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain JSON data."""
        return {
            "model": self.model,
            "dataset": self.dataset,
            "can_be_scored": self.can_be_scored,
            "findings": [asdict(finding) for finding in self.findings],
        }

    def to_text(self) -> str:
        """Return the report for a person to read."""
        lines = [f"{self.model} on {self.dataset}"]
        width = max((len(f.about) for f in self.findings), default=0)
        lines += [f"  {f.kind:8} {f.about:{width}} {f.text}" for f in self.findings]
        problems = sum(f.kind == "problem" for f in self.findings)
        verdict = f"{problems} problem(s): it cannot be scored yet" if problems else "can be scored"
        return "\n".join([*lines, verdict])


def check(
    model: Any,
    dataset: Dataset | str | os.PathLike[str],
    *,
    trust: bool = False,
    isolate: bool = False,
) -> Report:
    """Try every piece of a model and say what is missing or misbehaves.

    Parameters
    ----------
    model : an object, its name on the command line, or a loaded model
    dataset : whose sounds it is tried on: a dataset, its name, or its folder
    trust, isolate : as in :func:`benchmark.scoring.score`

    Raises
    ------
    UsageError
        If the name of the model or dataset names nothing; whatever else is wrong is a finding.
    """
    sounds = open_dataset(dataset)
    try:
        loaded = open_model(model, sounds, trust=trust, isolate=isolate)
    except UsageError:
        raise
    except ToySoundError as error:
        return Report(str(model), sounds.name, (Finding("problem", "loading", str(error)),))
    findings = [Finding("ok", "loading", f"{loaded.source} as {loaded.format}")]
    findings += [Finding("note", "loading", note) for note in loaded.notes]
    missing = missing_pieces(loaded.model)
    if missing:
        findings += [Finding("problem", "protocol", text) for text in missing]
    else:
        guarded = GuardedModel(loaded.model, loaded.name, sounds.num_samples)
        findings += _behaviour(guarded, sounds)
    report = Report(loaded.name, sounds.name, tuple(findings))
    if not report.can_be_scored:
        return report
    odd = [Finding("note", name, text) for name, text in odd_pieces(loaded.model).items()]
    return replace(report, findings=(*findings, *odd, *_absent(loaded.model)))


def _behaviour(model: GuardedModel, dataset: Dataset) -> list[Finding]:
    """Try the pieces of a complete model."""
    audio = _some_sounds(dataset)
    findings = [_sample_rate(model, dataset)]
    means: list[Floats] = []
    findings.append(_attempt(model, "encode", lambda: _encode(model, audio, means)))
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((len(audio), model.latent_dim)).astype(np.float32)
    latent = means[0] if means else noise
    findings.append(_attempt(model, "decode", lambda: _decode(model, latent)))
    if all(finding.kind == "ok" for finding in findings[1:]):
        findings += [
            Finding("ok" if d.stable else "note", "stability", _stability_text(d))
            for d in measure_stability(model, audio)
        ]
        findings += _optional_behaviour(model, audio, latent)
    return findings + [Finding("note", "output", note) for note in model.notes]


def _some_sounds(dataset: Dataset) -> Floats:
    """Return a few sounds spread over the grid."""
    count = min(_SOUNDS, len(dataset))
    return dataset.audio(np.linspace(0, len(dataset) - 1, count).round().astype(np.int64))


def _sample_rate(model: GuardedModel, dataset: Dataset) -> Finding:
    if model.sample_rate == dataset.sample_rate:
        return Finding("ok", "sample_rate", f"{model.sample_rate} Hz, as the dataset")
    return Finding(
        "problem",
        "sample_rate",
        f"the model works at {model.sample_rate} Hz and '{dataset.name}' is at "
        f"{dataset.sample_rate} Hz; resample inside the model or set sample_rate",
    )


def _encode(model: GuardedModel, audio: Floats, means: list[Floats]) -> str:
    """Encode in batches of several sizes; put the means of the first into ``means``."""
    kinds = set()
    for size in _BATCHES:
        mean, log_variance = model.encode(audio[:size])
        kinds.add(log_variance is None)
        if not means:
            means.append(mean)
    if len(kinds) > 1:
        raise ToySoundError("returned a log_variance for some batches and None for others")
    mean = means[0]
    still = int((mean.max(axis=0) == mean.min(axis=0)).sum())
    posterior = "no log_variance (deterministic)" if True in kinds else "a log_variance"
    constant = f"; {still} of {mean.shape[1]} dimensions do not move" if still else ""
    return f"{model.latent_dim} dimensions, {posterior}{constant}"


def _decode(model: GuardedModel, latent: Floats) -> str:
    for size in _BATCHES:
        sound = model.decode(latent[:size])
    silent = "; it is silence" if not np.any(sound) else ""
    return f"{model.num_samples} samples a sound{silent}"


def _stability_text(difference: Difference) -> str:
    warned = "" if difference.stable else "; its score will carry a warning"
    return f"{difference}{warned}"


def _optional_behaviour(model: GuardedModel, audio: Floats, latent: Floats) -> list[Finding]:
    """Try the optional pieces that a model has."""
    findings = []
    if model.offers("round_trip"):
        findings.append(_attempt(model, "round_trip", lambda: _round_trip(model, audio)))
    if model.offers("coefficients", "decode_coefficients"):
        findings.append(
            _attempt(model, "coefficients", lambda: _coefficients(model, audio, latent))
        )
    if model.offers("log_likelihood"):
        findings.append(_attempt(model, "log_likelihood", lambda: _likelihood(model, audio)))
    if model.offers("decoder_log_prob"):
        findings.append(
            _attempt(model, "decoder_log_prob", lambda: _log_prob(model, audio, latent))
        )
    if model.offers("prior_sample"):
        findings.append(_attempt(model, "prior_sample", lambda: _prior_sample(model)))
    return findings


def _round_trip(model: GuardedModel, audio: Floats) -> str:
    kept = model.round_trip(audio)
    lost = float(np.abs(kept - audio).max())
    return f"works; it changes samples by up to {lost:.2g}"


def _coefficients(model: GuardedModel, audio: Floats, latent: Floats) -> str:
    view = model.coefficients(audio)
    error = root_mean_square_db(view, model.decode_coefficients(latent))
    return f"shape {view.shape[1:]}, {float(np.sqrt(np.mean(error**2))):.2f} dB on these sounds"


def _likelihood(model: GuardedModel, audio: Floats) -> str:
    nats = model.nats("log_likelihood", audio)
    return f"{nats.mean():,.1f} nats a sound, {_space(model)}"


def _log_prob(model: GuardedModel, audio: Floats, latent: Floats) -> str:
    nats = model.nats("decoder_log_prob", audio, latent[: len(audio)])
    return f"{nats.mean():,.1f} nats a sound, {_space(model)}"


def _space(model: GuardedModel) -> str:
    space = read_text(model.model, "likelihood_space")
    if space is None:
        return "in a space that it does not name; add likelihood_space, such as 'waveform'"
    return f"in the space '{space}'"


def _prior_sample(model: GuardedModel) -> str:
    sounds = model.prior_sample(4, 0)
    again = model.prior_sample(4, 0)
    same = "the same twice" if np.array_equal(sounds, again) else "not the same twice with one seed"
    return f"{sounds.shape[1]} samples a sound, {same}"


def _attempt(model: GuardedModel, about: str, trial: Callable[[], str]) -> Finding:
    """Return what a trial says, or the problem it ran into."""
    try:
        return Finding("ok", about, trial())
    except ToySoundError as error:
        return Finding("problem", about, _without_prefix(str(error), model.name, about))


def _without_prefix(sentence: str, name: str, about: str) -> str:
    """Return an error of a model without what the line of a report says already."""
    return sentence.removeprefix(f"model '{name}': ").removeprefix(f"{about} ")


def _absent(model: Any) -> list[Finding]:
    """Return a note for each optional piece that is absent, with what it would add."""
    return [
        Finding("note", piece.names[0], f"optional, absent; {piece.form} adds {piece.gain}")
        for piece in OPTIONAL
        if piece.suggested and not offers(model, *piece.names)
    ]
