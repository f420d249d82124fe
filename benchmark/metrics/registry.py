"""What the harness knows of each metric: one table, not many branches.

A metric is a pure function of arrays together with all that is needed to read its numbers. Adding
one is writing its module and one entry at its end, and naming it in
:data:`benchmark.metrics.METRICS`.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

#: The transformations of codes under which a metric may be declared invariant.
Invariance = Literal["permutation", "constant", "positive_scale", "shift", "sign", "duplicate"]

Family = Literal["disentanglement", "dimension"]

#: Why a number is not defined, in a result.
ONE_FACTOR = "it compares factors with each other, and this dataset has one"
ONE_LATENT = "it compares latents with each other, and only one is in use"
NO_CIRCLE = "no factor of this dataset is circular"

_ALL: frozenset[Invariance] = frozenset(get_args(Invariance))


@dataclass(frozen=True)
class Output:
    """One number that a metric returns.

    Attributes
    ----------
    key : its key in the dict that ``compute`` returns
    column : its name in a result and on the leaderboard, unique over all metrics
    label : short name for a table's head
    description : one or two sentences: what it says, its range, how to read it
    higher_is_better : direction, None for a number that is neither good nor bad
    unit : ``""`` for a bare number
    undefined : why it is NaN or absent where it is, in a result
    """

    key: str
    column: str
    label: str
    description: str
    higher_is_better: bool | None
    unit: str = ""
    undefined: str = "it is not defined for these codes"


@dataclass(frozen=True)
class Metric:
    """A metric and what is known of it.

    Attributes
    ----------
    name : its name in ``compute``
    family : the family of the result it belongs to
    function : pure, keyword-only ``factors=, codes=, seed=`` plus its own options; returns named
        numbers
    outputs : the numbers it returns that a result shows
    series : what its further numbers are, such as one for each latent; their keys, which are also
        their columns, begin with the key of this entry
    reference : the paper it comes from
    estimator : the estimator that decides its numbers, such as the kind of classifier; empty for a
        plain formula
    needs_factors : False if ``factors=None`` is allowed
    needs_repeats : True if every factor needs several sounds of a level, as a classifier does
    needs_log_variance : True if it reads ``log_variance=``
    random : True if ``seed`` decides anything, so that the number has a spread over seeds
    across_models : True if ``codes`` are those of several models of one recipe, shape (models, n,
        d), as for a metric of agreement between training seeds; ``log_variance`` likewise
    invariances : transformations of the codes that do not change it (beyond rounding)
    lacks : for each other transformation, the reason why it does change it
    """

    name: str
    family: Family
    function: Callable[..., dict[str, float]]
    outputs: tuple[Output, ...]
    reference: str
    estimator: str = ""
    needs_factors: bool = True
    needs_repeats: bool = False
    needs_log_variance: bool = False
    random: bool = False
    across_models: bool = False
    series: Output | None = None
    invariances: frozenset[Invariance] = frozenset()
    lacks: Mapping[Invariance, str] = field(default_factory=dict)

    @property
    def reads_kinds(self) -> bool:
        """Whether it has an option ``kinds``: the kind of each factor."""
        return "kinds" in inspect.signature(self.function).parameters

    def in_series(self, key: str) -> bool:
        """Return whether a key is that of a further number."""
        shown = {output.key for output in self.outputs}
        return self.series is not None and key.startswith(self.series.key) and key not in shown


def metric(lacks: Mapping[Invariance, str], **entry: Any) -> Metric:
    """Return an entry whose invariances are all that it gives no reason to lack.

    Parameters
    ----------
    lacks : a transformation that changes the metric, to the reason why
    entry : the other attributes of :class:`Metric`
    """
    return Metric(invariances=_ALL - frozenset(lacks), lacks=lacks, **entry)
