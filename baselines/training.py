"""The training loop: plain, seeded, and able to go on where it was stopped.

Each epoch draws its order and its noise from a generator seeded by (seed, epoch), so the state of a
training is the weights, the optimiser's moments, the number of epochs done and the best weights so
far: nothing else. Going on from a :class:`State` gives bit for bit what an undisturbed training
gives, on the same machine.

The validation objective uses the final weight of the divergence from the first epoch on, and the
same noise in every epoch, so that epochs can be compared: the weights of the best one are the
result, and training stops when none was better for ``patience`` epochs.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch

from baselines.decoder import Decoder
from baselines.divergences.kl import kl_per_dimension
from baselines.recipes.schema import TrainingTable
from baselines.schedule import Pressure, half_cosine, rise
from baselines.vae import NOWHERE, Step, Terms
from toysound.errors import ToySoundError
from toysound.progress import bar

#: Decay of the moments of a critic, as in Kim and Mnih 2018.
_CRITIC_BETAS = (0.5, 0.9)

#: What a dimension says at least, to count as being in use.
SILENT_NATS = 0.1

#: Numbers that are compared at a time when sounds are evaluated: 64 MiB of float32.
_EVALUATED_AT_ONCE = 2**24

#: Sounds that are evaluated at a time, at most: some divergences compare every two of them.
_SOUNDS_AT_ONCE = 2048


class Diverged(ToySoundError):
    """A training whose objective or weights are no finite numbers any more.

    Attributes
    ----------
    what : the number, as the head of a sentence
    learning_rate : that of the recipe
    """

    def __init__(
        self,
        what: str,
        learning_rate: float,
        kept: str = "a checkpoint taken before is kept",
        table: str = "training",
    ) -> None:
        super().__init__(
            f"{what}; {kept}; train into another folder with smaller steps, such as "
            f"--set {table}.learning_rate={learning_rate / 3:.1g}"
        )
        self.what, self.learning_rate = what, learning_rate


@dataclass(frozen=True)
class Epoch:
    """What is recorded of an epoch; nats per sound.

    Attributes
    ----------
    epoch : from 1
    weight : of the divergence at its end
    train_objective : mean over its steps, with the weight of each step
    log_likelihood, divergence : means over the validation sounds
    objective : ``log_likelihood - final weight * divergence``, higher is better
    unexplained : share of the variance of the validation coefficients that the decoder's answer to
        a sample of the posterior leaves out; comparable between views, as nats are not
    kl : Kullback-Leibler divergence of each dimension from the prior, whatever divergence is
        trained; empty where codes are points
    """

    epoch: int
    weight: float
    train_objective: float
    log_likelihood: float
    divergence: float
    objective: float
    unexplained: float
    kl: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "kl", tuple(self.kl))  # a list, when it was read from a file

    @property
    def active(self) -> int:
        """How many dimensions say more than 0.1 nat."""
        return sum(nats > SILENT_NATS for nats in self.kl)

    @classmethod
    def columns(cls) -> list[str]:
        """Return the names of what is a single number."""
        return [column.name for column in fields(cls) if column.name != "kl"]


class Sounds(Protocol):
    """Sounds to train on, however the model sees them."""

    @property
    def num_sounds(self) -> int:
        """How many sounds these are."""
        ...

    def rows(self, which: torch.Tensor) -> Any:
        """Return some of the sounds."""
        ...


class Trainable(Protocol):
    """A module with an objective.

    Attributes
    ----------
    latent_dim : D
    samples : K, of each posterior
    decoder : whose answers are compared with the sounds
    critic : network that its divergence is found by, which is trained beside it; None for most
    critic_rate : learning rate of the critic
    """

    latent_dim: int
    samples: int
    decoder: Decoder
    critic: torch.nn.Module | None
    critic_rate: float

    @property
    def networks(self) -> tuple[torch.nn.Module, ...]:
        """What costs time, and may be computed in another precision."""
        ...

    def terms(self, features: Any, noise: torch.Tensor, step: Step = NOWHERE) -> Terms:
        """Return the objective's terms for each sound, given standard normal noise (B, K, D)."""
        ...

    def unexplained(self, features: Any, answer: torch.Tensor) -> tuple[float, float]:
        """Return the energy of what an answer leaves out, and of the sounds about their mean."""
        ...

    def parameters(self) -> Iterator[torch.nn.Parameter]:
        """Return what is learnt."""
        ...

    def named_parameters(self) -> Iterator[tuple[str, torch.nn.Parameter]]:
        """Return what is learnt, by name."""
        ...

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Return every number, by name."""
        ...

    def load_state_dict(self, tensors: dict[str, torch.Tensor], strict: bool = True) -> Any:
        """Take up numbers."""
        ...


@dataclass
class State:
    """Everything a training needs to go on.

    Attributes
    ----------
    model : with the weights of now
    optimizer : with the moments of now
    best : the weights of the best epoch
    history : of the epochs done
    """

    model: Trainable
    optimizer: torch.optim.Optimizer
    best: dict[str, torch.Tensor] = field(default_factory=dict)
    history: list[Epoch] = field(default_factory=list)

    @property
    def best_epoch(self) -> int:
        """The epoch with the highest validation objective, the first of equals; 0 for none."""
        if not self.history:
            return 0
        return max(self.history, key=lambda row: (row.objective, -row.epoch)).epoch

    def tensors(self) -> dict[str, torch.Tensor]:
        """Return all tensors of the state under one flat list of names."""
        tensors = {f"model.{name}": t for name, t in self.model.state_dict().items()}
        tensors |= {f"best.{name}": t for name, t in self.best.items()}
        for number, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{number}.{name}": t for name, t in moments.items()}
        return tensors

    def rows(self) -> list[dict[str, Any]]:
        """Return the history as plain data."""
        return [asdict(row) for row in self.history]

    def restore(self, tensors: dict[str, torch.Tensor], rows: list[dict[str, Any]]) -> None:
        """Take up what :meth:`tensors` and :meth:`rows` gave.

        Raises
        ------
        KeyError, RuntimeError, TypeError
            If they belong to another model.
        """
        moments: dict[int, dict[str, torch.Tensor]] = {}
        for name, tensor in _under(tensors, "optimizer").items():
            number, _, key = name.partition(".")
            moments.setdefault(int(number), {})[key] = tensor
        groups = self.optimizer.state_dict()["param_groups"]
        self.model.load_state_dict(_under(tensors, "model"))
        self.optimizer.load_state_dict({"state": moments, "param_groups": groups})
        self.best = _under(tensors, "best")
        self.history = [Epoch(**row) for row in rows]


def _under(tensors: dict[str, torch.Tensor], head: str) -> dict[str, torch.Tensor]:
    """Return the tensors whose names start with ``head.``, without it."""
    return {
        name.removeprefix(f"{head}."): tensor
        for name, tensor in tensors.items()
        if name.startswith(f"{head}.")
    }


def start(model: Trainable, table: TrainingTable) -> State:
    """Return the state before the first step; weight decay is for the model's matrices only."""
    parameters = _own_parameters(model)
    groups: list[dict[str, Any]] = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": table.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if model.critic is not None:
        critic = {"params": list(model.critic.parameters()), "weight_decay": 0.0}
        groups.append(critic | {"lr": model.critic_rate, "betas": _CRITIC_BETAS})
    optimizer = torch.optim.AdamW(groups, lr=table.learning_rate, fused=True)
    for group in optimizer.param_groups:
        group["initial_lr"] = group["lr"]
    return State(model, optimizer)


def _own_parameters(model: Trainable) -> list[torch.nn.Parameter]:
    """Return what is learnt of a model, without its critic."""
    critic = set() if model.critic is None else set(model.critic.parameters())
    return [p for p in model.parameters() if p.requires_grad and p not in critic]


def fit(
    state: State,
    table: TrainingTable,
    pressure: Pressure,
    train: Sounds,
    validation: Sounds,
    *,
    seed: int,
    keep: Callable[[State], None],
    show: bool = False,
) -> None:
    """Train until the last epoch or until patience is over; ``state.model`` ends as the best.

    Parameters
    ----------
    state : where to begin; changed in place
    table : how
    pressure : the weight of the divergence
    train, validation : the sounds
    seed : of order and noise
    keep : called with the state after every epoch
    show : draw a progress bar where standard error is a terminal

    Raises
    ------
    Diverged
        If the objective or a weight is not a finite number; the sentence names the step. What was
        kept before is finite.
    """
    epochs, patience = table.epochs, table.patience
    done = len(state.history)
    with bar("training", epochs, "epochs", show, start=done) as drawn:
        for epoch in range(done + 1, epochs + 1):
            if epoch - state.best_epoch > patience and state.history:
                break
            row = _epoch(state, table, pressure, train, validation, seed, epoch)
            state.history.append(row)
            if state.best_epoch == epoch:
                state.best = _weights(state.model)
            keep(state)
            drawn.set_postfix(_figures(row), refresh=False)
            drawn.update()
    state.model.load_state_dict(state.best, strict=False)


def _figures(row: Epoch) -> dict[str, str]:
    """Return what a progress bar says of an epoch."""
    active = {"active": f"{row.active}/{len(row.kl)}"} if row.kl else {}
    return {"elbo": f"{row.objective:.0f}", **active}


class Evaluation(NamedTuple):
    """Means over sounds, nats; the share of their variance that is not explained.

    Attributes
    ----------
    log_likelihood, divergence, unexplained, kl : as in :class:`Epoch`
    """

    log_likelihood: float
    divergence: float
    unexplained: float
    kl: tuple[float, ...]


def evaluate(model: Trainable, sounds: Sounds, seed: int) -> Evaluation:
    """Return means over sounds, with noise by the seed."""
    generator = _generator(seed, 0)
    size = sounds.num_sounds, model.samples, model.latent_dim
    noise = torch.randn(size, generator=generator).to(_device(model))
    log_likelihood = divergence = left = total = 0.0
    kl = torch.zeros(0, dtype=torch.float64)
    with torch.no_grad():
        for rows in torch.arange(len(noise)).tensor_split(_blocks(len(noise), model)):
            seen = sounds.rows(rows)
            terms = model.terms(seen, noise[rows])
            log_likelihood += float(terms.log_likelihood.double().sum())
            divergence += float(terms.divergence.double().mean()) * len(rows)
            energies = model.unexplained(seen, terms.answer)
            left, total = left + energies[0], total + energies[1]
            if terms.posterior is not None:
                nats = kl_per_dimension(*terms.posterior).double().sum(dim=0).cpu()
                kl = nats if len(kl) == 0 else kl + nats
    share = left / total if total > 0 else 0.0
    means = log_likelihood / len(noise), divergence / len(noise)
    return Evaluation(*means, share, tuple((kl / len(noise)).tolist()))


def _epoch(
    state: State,
    table: TrainingTable,
    pressure: Pressure,
    train: Sounds,
    validation: Sounds,
    seed: int,
    epoch: int,
) -> Epoch:
    """Do one pass over the training sounds and evaluate."""
    model = state.model
    generator = _generator(seed, epoch)
    parameters, device = _own_parameters(model), _device(model)
    batches = _batches(train.num_sounds, table.batch_size, generator)
    objectives = []
    for number, rows in enumerate(batches):
        progress = (epoch - 1 + number / len(batches)) / table.epochs
        weight = pressure.at(progress)
        noise = torch.randn(len(rows), model.samples, model.latent_dim, generator=generator)
        noise = noise.to(device)
        step = (epoch - 1) * len(batches) + number + 1
        terms = model.terms(train.rows(rows), noise, Step(step, progress, train.num_sounds))
        objective = terms.log_likelihood.mean() - weight * terms.divergence.mean()
        objectives.append(_finite("objective", float(objective.detach()), step, table))
        loss = -objective / model.decoder.num_coefficients
        if model.critic is not None:
            loss = loss + terms.critic_loss
        _step(state, loss, parameters, table, progress)
    means = evaluate(model, validation, seed)
    bound = means.log_likelihood - pressure.weight * means.divergence
    _finite("objective", bound, step, table)
    _finite("largest weight", _largest(parameters), step, table)
    return Epoch(
        epoch=epoch,
        weight=weight,
        train_objective=float(np.mean(objectives)),
        log_likelihood=means.log_likelihood,
        divergence=means.divergence,
        objective=bound,
        unexplained=means.unexplained,
        kl=means.kl,
    )


def _step(
    state: State,
    loss: torch.Tensor,
    clipped: list[torch.nn.Parameter],
    table: TrainingTable,
    progress: float,
) -> None:
    """Take one step down the gradient, whose norm over some parameters is limited."""
    rate = rise(progress, table.learning_rate_warm_up) * half_cosine(progress)
    for group in state.optimizer.param_groups:
        group["lr"] = group["initial_lr"] * rate
    state.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    _clip(clipped, table.gradient_clip)
    state.optimizer.step()


def _clip(parameters: list[torch.nn.Parameter], largest: float) -> None:
    """Limit the norm of a gradient; most are small enough to be left alone, which saves a pass."""
    norm = torch.nn.utils.get_total_norm(p.grad for p in parameters if p.grad is not None)
    if not float(norm) + 1e-6 < largest:
        torch.nn.utils.clip_grads_with_norm_(parameters, largest, norm)


def _finite(name: str, value: float, step: int, table: TrainingTable) -> float:
    if not math.isfinite(value):
        raise Diverged(f"the {name} became {value} at step {step}", table.learning_rate)
    return value


def _largest(parameters: list[torch.nn.Parameter]) -> float:
    """Return the largest absolute number; NaN if there is one."""
    return float(torch.stack([p.detach().abs().max() for p in parameters]).max())


def _batches(count: int, size: int, generator: torch.Generator) -> list[torch.Tensor]:
    """Return all rows in random order, in batches that differ in size by at most one."""
    number = math.ceil(count / size)
    return list(torch.randperm(count, generator=generator).tensor_split(number))


def _generator(seed: int, epoch: int) -> torch.Generator:
    """Return the generator of one epoch; epoch 0 is the evaluation."""
    mixed = int(np.random.default_rng([seed, epoch]).integers(2**63))
    return torch.Generator().manual_seed(mixed)


def _blocks(count: int, model: Trainable) -> int:
    """Return into how many blocks of nearly equal size sounds are split to be evaluated.

    None is of a single sound where there are two: divergences of a batch need them.
    """
    at_once = max(min(_EVALUATED_AT_ONCE // model.decoder.compared, _SOUNDS_AT_ONCE), 2)
    return max(min(math.ceil(count / at_once), count // 2), 1)


def _device(model: Trainable) -> torch.device:
    return next(model.parameters()).device


def _weights(model: Trainable) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in model.named_parameters()}
