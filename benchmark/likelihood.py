"""The likelihood of sounds nobody has trained on: how well does a model know what it has not heard?

Problem
-------
A generative model of sound is a density p(x) = integral of p(x|z) p(z) dz, and the mean of -ln p(x)
over test sounds is what it would cost, in nats, to send them to somebody who has the model. It is
the one number that punishes every fault at once: a blurred sound, a missing one, and a confident
wrong one most.

Where the number comes from
---------------------------
* The model says it: ``log_likelihood(audio (B, T)) -> nats (B,)``, exact or by its own importance
  sampling (an attribute ``log_likelihood_samples`` says with how many samples).
* Or the model offers the density of its decoder, ``decoder_log_prob(audio (B, T), latent (B, D)) ->
  nats (B,)``, and the importance-weighted bound of Burda et al. is computed here from 64 samples of
  its posterior q(z|x), a diagonal Gaussian of the encoder's mean and log-variance, under a standard
  normal prior::

      ln p(x) >= E ln (1/K) sum over k of w_k,    w_k = p(x|z_k) p(z_k) / q(z_k|x)

  The bound is exact for any K where q is the true posterior, and rises towards ln p(x) with K where
  it is not. With one sample it is the evidence lower bound (ELBO), whose estimate here is the mean
  of all ln w_k.

Conventions
-----------
nats : natural logarithm of a density (or of a probability) of one whole sound
bits per sample : nats / (T ln 2): the same for each of the T audio samples, whatever the space
space : what x is. A model names it in the attribute ``likelihood_space``, say ``"waveform"``
    (samples with full scale 1) or ``"log-magnitude STFT 1024/256 dB"``

What may be compared
--------------------
A density has the unit of one over a volume, so two models may be compared only if they speak of the
same x, in the same unit: a spectrogram model has other coordinates than a waveform model, and the
number of one says nothing beside that of the other. :func:`comparable` is true for spaces of the
same name, and for maps of the waveform that keep volumes, such as an orthonormal MDCT. A space
without a name is comparable with nothing. Multiplying x by c shifts the nats by T ln c.

Why 16 bits matter
------------------
The sounds are integers, in steps of D = 2^-15 of full scale. A *density* of the waveform may put a
narrow peak on every step, and so be as high as it likes without knowing more of sound; digital
silence is an infinite density waiting for a variance of 0. Two cures are common. One adds noise,
even over one step, to the sounds: the mean of ln p then stays below ln of the probability of the
integers over D^T (Theis et al.). The other states that *probability*, the density integrated over
each step, in a space that should be called ``"16-bit samples"``. Where a density is smooth over a
step the probability is p(x) D^T: 15 bits per sample more. A waveform density of fewer than -15 bits
per sample therefore claims to know the samples better than they are stored. The two spaces are not
comparable, since nothing tells how smooth a density is.

Which sounds
------------
256 of those given, a fixed draw that is the same for every model, whichever way the likelihood is
computed: 64 samples of 256 posteriors are 16,384 sounds to decode.

References
----------
Y. Burda, R. Grosse, R. Salakhutdinov, "Importance weighted autoencoders", ICLR 2016.
L. Theis, A. van den Oord, M. Bethge, "A note on the evaluation of generative models", ICLR 2016.
"""

import math
from dataclasses import dataclass

import numpy as np
import scipy.special
from numpy.typing import NDArray

from benchmark import bootstrap
from benchmark.code_metrics import Reading
from benchmark.guard import GuardedModel
from benchmark.metrics.registry import Output
from benchmark.protocol import Floats, as_count, read_piece, read_text, to_float32

#: Samples from the posterior of each sound.
SAMPLES = 64

#: Sounds that are scored.
MAX_SOUNDS = 256

#: Sounds that a model is given at a time.
_BATCH = 64

#: Spaces that are the waveform turned: their volumes are equal, so their densities are.
_OF_THE_WAVEFORM = frozenset({"waveform", "orthonormal mdct"})

Nats = NDArray[np.float64]

NLL_NATS = Output(
    "nll_nats",
    "nll_nats",
    "NLL",
    "Mean of -ln p(x) over test sounds: exact, or an upper bound by importance sampling. Lower is "
    "better, below 0 is possible. Compare it only with models of the same space.",
    False,
    "nat",
)

BITS_PER_SAMPLE = Output(
    "bits_per_sample",
    "bits_per_sample",
    "bits per sample",
    "The same per audio sample, in bits. Lower is better, below 0 is possible. Compare it only "
    "with models of the same space.",
    False,
    "bit",
)

ELBO_NATS = Output(
    "elbo_nats",
    "elbo_nats",
    "ELBO",
    "Evidence lower bound on ln p(x), mean over test sounds. Higher is better; by how much it is "
    "below -NLL is what the posterior of the encoder costs.",
    True,
    "nat",
)

COLUMNS: tuple[Output, ...] = (NLL_NATS, BITS_PER_SAMPLE, ELBO_NATS)


@dataclass(frozen=True, eq=False)
class Likelihood:
    """What a model says of the probability of sounds.

    Attributes
    ----------
    readings : each column of :data:`COLUMNS` to a number with its interval, or to a reason
    space : what the density is of, None if the model does not name it
    samples : from the posterior of each sound behind ``nll_nats``; None if it is exact, the model
        does not say, or there is none
    rows : int64, shape (m,), ascending, which of the sounds were scored
    sounds : column to one number for each of them, shape (m,), to compare two models pair by pair;
        a column without numbers is left out
    """

    readings: dict[str, Reading]
    space: str | None
    samples: int | None
    rows: NDArray[np.int64]
    sounds: dict[str, Nats]


def measure_likelihood(
    model: GuardedModel,
    audio: Floats,
    *,
    seed: int = 0,
    clusters: NDArray[np.int64] | None = None,
    samples: int = SAMPLES,
) -> Likelihood:
    """Return the likelihood of sounds under a model.

    Parameters
    ----------
    model : the model
    audio : float32, shape (n, T), test sounds
    seed : of the samples from the posterior
    clusters : shape (n,), which sounds are of one cell, for the intervals; None: each is alone
    samples : from the posterior of each sound, at least 1

    Raises
    ------
    ToySoundError
        If the model fails or answers with something else than the protocol asks for.
    ValueError
        If ``audio`` has no two axes or ``samples`` is below 1.
    """
    if audio.ndim != 2 or samples < 1:
        raise ValueError(f"audio (n, T) and samples >= 1 are needed, got {audio.shape}, {samples}")
    drawn = np.random.default_rng(0).permutation(len(audio))[:MAX_SOUNDS]
    rows = np.sort(drawn).astype(np.int64)
    sounds, reasons, used = _all_sounds(model, audio[rows], samples, seed)
    groups = None if clusters is None else clusters[rows]
    readings = {
        name: _reading(sounds[name], groups) if name in sounds else Reading(None, reasons[name])
        for name in (output.column for output in COLUMNS)
    }
    return Likelihood(readings, _space(model), used, rows, sounds)


def _all_sounds(
    model: GuardedModel, audio: Floats, samples: int, seed: int
) -> tuple[dict[str, Nats], dict[str, str], int | None]:
    """Return the columns that can be computed, the reasons of the others, and the samples used."""
    nll, bits, elbo = (output.column for output in COLUMNS)
    own, weighted = model.offers("log_likelihood"), model.offers("decoder_log_prob")
    if not len(audio):
        return {}, dict.fromkeys((nll, bits, elbo), "the dataset has no test sounds"), None
    lacking = "" if own else "neither log_likelihood nor "
    reason = f"the model offers {lacking or 'no '}decoder_log_prob"
    sounds: dict[str, Nats] = {}
    used: int | None = None
    if weighted:
        log_weights = _log_weights(model, audio, samples, seed)
        if log_weights is None:
            reason = "importance sampling needs the log_variance of a posterior; encode gives None"
        else:
            sounds[elbo] = log_weights.mean(axis=1)
            sounds[nll], used = -importance_weighted(log_weights), samples
    if own:
        sounds[nll] = -_own(model, audio)
        used = as_count(read_piece(model.model, "log_likelihood_samples"))
    if nll in sounds:
        sounds[bits] = sounds[nll] / (audio.shape[1] * math.log(2))
    return sounds, {name: reason for name in (nll, bits, elbo) if name not in sounds}, used


def importance_weighted(log_weights: Nats) -> Nats:
    """Return the importance-weighted bound on ln p(x), shape (n,).

    Parameters
    ----------
    log_weights : shape (n, K), ln of p(x|z) p(z) / q(z|x) for K samples of q
    """
    total = scipy.special.logsumexp(log_weights, axis=1)
    return np.asarray(total - math.log(log_weights.shape[1]))


def comparable(first: str | None, second: str | None) -> bool:
    """Return whether likelihoods in two spaces may be compared.

    Parameters
    ----------
    first, second : names of spaces as models give them; None for a space without a name, which is
        comparable with nothing, not even itself. Case and blanks do not matter.
    """
    if not first or not second:
        return False
    one, other = (" ".join(name.casefold().split()) for name in (first, second))
    return one == other or {one, other} <= _OF_THE_WAVEFORM


def _log_weights(model: GuardedModel, audio: Floats, samples: int, seed: int) -> Nats | None:
    """Return ln of the importance weights, shape (n, samples); None for a deterministic encoder.

    One sample of a whole batch is decoded at a time, so memory does not grow with their number. A
    sample is rounded to float32 before its densities are taken: the model decodes that very point.
    """
    rng = np.random.default_rng(seed)
    log_weights = np.empty((len(audio), samples))
    for start in range(0, len(audio), _BATCH):
        some = audio[start : start + _BATCH]
        mean, log_variance = model.encode(some)
        if log_variance is None:
            return None
        centre = mean.astype(np.float64)
        with np.errstate(over="ignore"):  # a posterior so wide has no finite weight, and is told
            spread = np.exp(log_variance.astype(np.float64) / 2)
        for place in range(samples):
            noise = rng.standard_normal(centre.shape)
            latent = to_float32(centre + spread * noise)
            exact = latent.astype(np.float64)
            prior = _log_normal(exact, 0.0, 1.0)
            posterior = _log_normal(exact, centre, spread)
            likelihood = model.nats("decoder_log_prob", some, latent)
            log_weights[start : start + len(some), place] = likelihood + prior - posterior
    return log_weights


def _log_normal(points: Nats, mean: Nats | float, spread: Nats | float) -> Nats:
    """Return ln of the density of a diagonal Gaussian, summed over the last axis."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        standard = (points - mean) / spread
        terms = np.square(standard) + 2 * np.log(spread) + math.log(2 * math.pi)
        return np.asarray(-0.5 * terms.sum(axis=-1))


def _own(model: GuardedModel, audio: Floats) -> Nats:
    """Return what the model says of ln p(x), shape (n,)."""
    return np.concatenate(
        [
            model.nats("log_likelihood", audio[start : start + _BATCH])
            for start in range(0, len(audio), _BATCH)
        ]
    )


def _reading(values: Nats, clusters: NDArray[np.int64] | None) -> Reading:
    """Return the mean over sounds; one that is not finite is no sound to leave out."""
    infinite = int((~np.isfinite(values)).sum())
    if infinite:
        return Reading(None, f"it is not finite for {infinite} of {len(values)} sounds")
    return Reading(
        float(values.mean()), interval=bootstrap.interval(values, "mean", clusters=clusters)
    )


def _space(model: GuardedModel) -> str | None:
    return read_text(model.model, "likelihood_space")
