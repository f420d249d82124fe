"""The benchmark: score any model of sound on a dataset of which every cause is known.

>>> import benchmark
>>> result = benchmark.score(my_model, "tones")
>>> result.metrics["reconstruction"]["log_spectral_distance"].value

A model is anything with the pieces of :class:`benchmark.protocol.Model`. ``score`` gives its
:class:`benchmark.result.Result`; ``load_model`` finds a model by its name on the command line;
``load_result`` reads a result from a file.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.loading import load_model
    from benchmark.result import Result, load_result
    from benchmark.scoring import score

__all__ = ["Result", "load_model", "load_result", "score"]

_LAZY = {
    "Result": "benchmark.result",
    "load_model": "benchmark.loading",
    "load_result": "benchmark.result",
    "score": "benchmark.scoring",
}


def __getattr__(name: str) -> Any:
    """Import at first use: the metrics bring scientific packages that take a second to load."""
    import importlib

    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'benchmark' has no attribute '{name}'")
