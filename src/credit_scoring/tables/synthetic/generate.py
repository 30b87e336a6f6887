"""The whole data set, chunk by chunk of clients."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.domain.errors import DataError
from credit_scoring.tables.folder import appearing
from credit_scoring.tables.synthetic.aggregates import Aggregates, load
from credit_scoring.tables.synthetic.application import applications as applications_of
from credit_scoring.tables.synthetic.application import columns
from credit_scoring.tables.synthetic.drift import Drift
from credit_scoring.tables.synthetic.files import Format, Tables
from credit_scoring.tables.synthetic.history import History
from credit_scoring.tables.synthetic.normal import Floats, correlated
from credit_scoring.tables.synthetic.tables import Frame

FULL_TRAIN, FULL_TEST = 307_511, 48_744
CHUNK = 10_000
FIRST_ID = 100_001


def synthesize(
    out: Path,
    *,
    applications: int,
    seed: int,
    test_applications: int | None = None,
    file_format: Format = "csv",
    drift: Drift = Drift(),  # noqa: B008
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Return the rows written to each table of a new folder of synthetic Home Credit tables.

    The files have Kaggle's names and columns; no client, contract or credit in them is real. Rows are drawn
    from aggregates of the real ones, 10,000 clients at a time, so memory does not grow with
    size. The same arguments give the same bytes. History tables come in no order of clients.

    Parameters
    ----------
    out
        Folder to make. It appears when all is written, or not at all.
    applications
        Rows of application_train.
    seed
        Start of all random numbers.
    test_applications
        Rows of application_test; by default in the real proportion, at least 1.
    on_progress
        Called with the clients done and their total after each chunk.

    Raises
    ------
    DataError
        If ``out`` exists and is not an empty folder, or an argument is out of range.
    """
    test = max(1, round(applications * FULL_TEST / FULL_TRAIN)) if test_applications is None else test_applications
    _check(applications, seed, test, file_format)
    total = applications + test
    aggregates = load()
    with appearing(out) as folder:
        tables = Tables(folder, file_format)
        history = History(aggregates)
        for number, start in enumerate(range(0, total, CHUNK)):
            rng = np.random.default_rng([seed, number])
            stop = min(start + CHUNK, total)
            is_test = _test_clients(start, stop, total, test, rng)
            _chunk(tables, aggregates, history, np.arange(start, stop) + FIRST_ID, is_test, drift, rng)
            if on_progress:
                on_progress(stop, total)
        tables.close()
    return tables.rows


def _check(applications: int, seed: int, test: int, file_format: str) -> None:
    if applications < 1 or test < 1:
        message = f"applications is {applications} and test_applications {test}; each must be at least 1"
        raise DataError(message)
    if seed < 0:
        message = f"seed is {seed}; it must be 0 or more"
        raise DataError(message)
    if file_format not in ("csv", "parquet"):
        message = f"file_format is {file_format!r}; it is 'csv' or 'parquet'"
        raise DataError(message)


def _test_clients(start: int, stop: int, total: int, test: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return which clients of a chunk belong to application_test: their even share, at random places."""
    share = stop * test // total - start * test // total
    chosen = np.zeros(stop - start, bool)
    chosen[rng.permutation(stop - start)[:share]] = True
    return chosen


def _chunk(
    tables: Tables,
    aggregates: Aggregates,
    history: History,
    ids: NDArray[np.int64],
    is_test: NDArray[np.bool_],
    drift: Drift,
    rng: np.random.Generator,
) -> None:
    month = rng.integers(0, drift.months, len(ids))
    reach = np.where(is_test, drift.test_shift, drift.monthly * month / (drift.months - 1))
    shifted = (rng.random(len(ids)) < reach).astype(np.int64)
    z, frame, data = drawn(aggregates, ids, shifted, rng)
    tables.append("application_train", data.filter(~is_test))
    tables.append("application_test", data.filter(is_test).drop("TARGET"))
    if drift.monthly:
        dates = pl.DataFrame({"SK_ID_CURR": ids, "MONTH": month}).filter(~is_test)
        tables.append("application_month", dates)
    for name, rows in history.tables(ids, z, frame, rng):
        tables.append(name, rows.select(aggregates.columns[name]))


def drawn(
    aggregates: Aggregates, ids: NDArray[np.int64], shifted: NDArray[np.int64], rng: np.random.Generator
) -> tuple[Floats, Frame, pl.DataFrame]:
    """Return clients' scores, the quantities that these stand for, and their applications in Kaggle's columns."""
    z = correlated(len(ids), aggregates.root, rng)
    frame = applications_of(aggregates, z, shifted, rng)
    data = columns(aggregates, frame, rng).with_columns(SK_ID_CURR=pl.Series(ids))
    return z, frame, data.select(aggregates.columns["application"])
