"""Is a training well? Collapse and explosion, and the dimensions that are in use.

collapse
    Every dimension of the posterior is the prior: the KL divergence of each is below 0.1 nat, so
    the code says nothing of the sound and the decoder plays the same for all. It comes of a weight
    that is too high, or too early, while the decoder cannot use the code yet. What is known at the
    end of the warm-up, when the weight is what it will be, seldom changes later.
explosion
    What the decoder answers is far outside of the sounds: it leaves more than ten times the
    variance that there is. It comes of steps that are too large, and goes before an objective that
    is no number. The best epoch before it is what is kept.

Two counts of dimensions that are used, which disagree where there are many of them:

active units
    dimensions whose mean varies over the sounds by more than 0.01 (Burda et al.); it does not
    count what the posterior's own width blurs.
dimensions over 0.1 nat
    those with a mean KL divergence above that.

Known failure: with KL divergence the only thing looked at, nothing is said of a model whose code is
a point, or given.

References
----------
Y. Burda, R. Grosse and R. Salakhutdinov, "Importance weighted autoencoders", ICLR 2016.
J. Lucas, G. Tucker, R. Grosse and M. Norouzi, "Don't blame the ELBO! A linear VAE perspective on
posterior collapse", NeurIPS 2019.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from baselines.schedule import Pressure
from baselines.training import SILENT_NATS, Epoch, State

#: Variance of a mean above which its dimension is active.
ACTIVE_VARIANCE = 0.01

#: Multiple of the variance of the sounds that an answer leaves out when it has exploded.
_EXPLODED = 10.0


def collapsed(kl: Sequence[float]) -> bool:
    """Return whether no dimension says anything.

    Parameters
    ----------
    kl : nats of each dimension; none is no collapse, for there is no code to judge
    """
    return len(kl) > 0 and max(kl) < SILENT_NATS


def active_units(means: torch.Tensor) -> int:
    """Return how many dimensions have a mean that varies from sound to sound.

    Parameters
    ----------
    means : of the posteriors, shape (N, D), N at least 1
    """
    return int((means.double().var(dim=0, correction=0) > ACTIVE_VARIANCE).sum())


def end_of_warm_up(pressure: Pressure, epochs: int) -> int:
    """Return the epoch at whose end the weight has risen for the first time; 0 without warm-up."""
    cycles = pressure.cycles if pressure.shape == "cyclical" else 1
    return math.ceil(pressure.warm_up * epochs / cycles)


def warning(history: Sequence[Epoch], pressure: Pressure, epochs: int) -> str | None:
    """Return what is wrong since the last epoch as a sentence, or None.

    Each thing is said of one epoch only, whether or not the training was stopped in between.

    Parameters
    ----------
    history : of the epochs done, at least one
    pressure : the weight of the divergence
    epochs : of the whole training
    """
    row = history[-1]
    if row.epoch == end_of_warm_up(pressure, epochs) and collapsed(row.kl):
        return (
            f"the code has collapsed at the end of the warm-up, after epoch {row.epoch} of "
            f"{epochs}: {_all_silent(row.kl)}; a longer warm-up or a smaller divergence.weight "
            "may help"
        )
    if row.unexplained > _EXPLODED and not any(e.unexplained > _EXPLODED for e in history[:-1]):
        return (
            f"the training has exploded in epoch {row.epoch}: the decoder leaves "
            f"{row.unexplained:.3g} times the variance of the validation sounds; a smaller "
            "training.learning_rate may help"
        )
    return None


def final_warning(kl: Sequence[float]) -> str | None:
    """Return that the model which is kept has collapsed, as a sentence, or None.

    Parameters
    ----------
    kl : nats of each dimension in the best epoch
    """
    if not collapsed(kl):
        return None
    return (
        f"the code of the trained model has collapsed: {_all_silent(kl)}; a smaller "
        "divergence.weight, a longer warm-up or a smaller scale of the likelihood may help"
    )


def _all_silent(kl: Sequence[float]) -> str:
    return (
        f"all {len(kl)} dimensions are below {SILENT_NATS} nat (the largest has {max(kl):.2g}), so "
        "that all sounds are played alike"
    )


@dataclass(frozen=True)
class Health:
    """A watcher that says what is wrong.

    Attributes
    ----------
    pressure, epochs : of the training
    say : where a sentence goes
    """

    pressure: Pressure
    epochs: int
    say: Callable[[str], None]

    def __call__(self, state: State) -> None:
        """Look at the last epoch."""
        sentence = warning(state.history, self.pressure, self.epochs)
        if sentence is not None:
            self.say(sentence)
