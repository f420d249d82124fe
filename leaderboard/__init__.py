"""The leaderboard: results become tables, a page and a comparison one can trust.

One result is one scored (model, dataset, seed). The leaderboard reads many of them, puts the seeds
of a model into one row with an interval, and shows each number between the floor (what a model that
knows nothing gets) and the ceiling (the best that can be reached on that dataset). It never adds
unlike numbers up into a rank.

The rooms: ``rows`` (results -> boards of rows), ``columns`` (what each number means, from the
metrics' own registries), ``tables`` (boards -> DataFrame, text, JSON), ``page`` (boards -> one
self-contained HTML file), ``cli``.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas

    from benchmark.result import Result


def table(
    results: "str | Path | Iterable[Result] | None" = None, dataset: str | None = None
) -> "pandas.DataFrame":
    """Return the leaderboard as a table: one row per dataset and model, seeds put together.

    Parameters
    ----------
    results : folder of result files (any depth), or results already loaded; None reads the results
        that come with the package
    dataset : keep only this dataset, such as ``"tones"`` or ``"mono/pitch"``

    Returns
    -------
    DataFrame with the columns ``dataset``, ``version``, ``audio_sha256``, ``model``, ``kind``
    (``model``, ``reference``, ``ceiling`` or ``floor``), ``seeds`` (how many), ``assurance``, and,
    if some model names it, ``representation``, the view of sound that it works in; then one column
    per metric, the mean over seeds in the metric's unit, NaN where there is no value; then
    ``<metric>_low`` and ``<metric>_high`` where an interval (95 %) exists. ``attrs["units"]``,
    ``attrs["labels"]`` and ``attrs["higher_is_better"]`` map each metric column to its unit, short
    label and direction. Ceiling and floor rows hold, where models differ in them, the best one.

    Raises
    ------
    ToySoundError
        If the folder does not exist, or a file in it is not a valid result; the message names it.
    UsageError
        If there is no result for the dataset.
    """
    from leaderboard.rows import boards_of, load_folder, select
    from leaderboard.tables import to_frame

    if results is None or isinstance(results, str | Path):
        entries = load_folder(results)
    else:
        entries = [(None, result) for result in results]
    return to_frame(select(boards_of(entries), dataset))
