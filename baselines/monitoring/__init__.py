"""Watching a training: while it runs, and what is said and drawn of it afterwards.

:mod:`~baselines.monitoring.health`
    collapse and explosion are noticed and said in one sentence
:mod:`~baselines.monitoring.scalars`
    the history as TensorBoard shows it
:mod:`~baselines.monitoring.samples`
    sounds and their pictures after each epoch
:mod:`~baselines.monitoring.bounds`
    ln p(x) from below and above: how wrong the posterior is
:mod:`~baselines.monitoring.figures`
    the curves and the KL divergence of each dimension, when all is done

Every watcher is a function of the :class:`~baselines.training.State` after an epoch, called before
the checkpoint of that epoch is written. It changes nothing, draws from no generator but its own,
and what it writes depends on the state alone: a training that is watched gives the bytes of one
that is not, and one that was stopped leaves neither gaps nor doubles.
"""

from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True)
class Monitoring:
    """What is written of a training beside its results.

    Attributes
    ----------
    tensorboard : scalars of each epoch for TensorBoard
    samples : number of validation sounds, and of draws of the prior, that are written as wav
    samples_every : epochs from one time to the next; the first epoch is always heard
    plots : figures at the end
    bounds : ELBO, IWAE and CUBO of some validation sounds after each epoch
    """

    tensorboard: bool = False
    samples: int = 0
    samples_every: int = 1
    plots: bool = False
    bounds: bool = False

    @property
    def watches(self) -> bool:
        """Whether anything is."""
        return self.during or self.plots

    @property
    def during(self) -> bool:
        """Whether anything is that takes a training under way."""
        return bool(self.tensorboard or self.samples or self.bounds)

    def require(self) -> None:
        """Find the packages that it takes, before any time is spent.

        Raises
        ------
        ModuleNotFoundError
            If one of these, which are not needed for a training alone, is missing.
        """
        if self.tensorboard:
            import_module("tensorboard")
        if self.samples or self.plots:
            import_module("matplotlib")


#: Nothing but warnings.
QUIET = Monitoring()
