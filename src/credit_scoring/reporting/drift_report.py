"""One HTML file of a watch: our verdicts, and distributions drawn by Evidently. The only importer of evidently."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

import numpy as np
import polars as pl

from credit_scoring.domain.errors import EngineError, MissingExtraError
from credit_scoring.monitoring.checks import FEATURE_PSI
from credit_scoring.monitoring.drift import Drift, Moves
from credit_scoring.monitoring.watch import WatchReport
from credit_scoring.reporting.drift_summary import summary

try:
    os.environ.setdefault("DO_NOT_TRACK", "1")
    with warnings.catch_warnings(action="ignore"):
        import pandas as pd
        from evidently import DataDefinition, Dataset, Report
        from evidently.legacy.calculations.stattests.registry import StatTest, register_stattest
        from evidently.legacy.core import ColumnType
        from evidently.presets import DataDriftPreset
except ImportError as error:  # pragma: no cover - exercised where the extra is not installed
    raise MissingExtraError("report", "the drift report as HTML") from error

MOST_COLUMNS, MOST_BYTES = 40, 10_000_000
_PSI = "psi_of_training"
# Nothing is loaded from anywhere, whatever a later Evidently may try.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; font-src data:; img-src data: blob:"
)


def drift_report(
    report: WatchReport,
    current: pl.DataFrame,
    reference: pl.DataFrame,
    *,
    meanings: Mapping[str, str],
    made_at: str,
    most_bytes: int = MOST_BYTES,
    on_columns: Callable[[int], None] = lambda _: None,
) -> str:
    """Return the page, less than `most_bytes` long in UTF-8: half as many columns are drawn until it is.

    Evidently draws; it does not judge: its scores and verdicts are those of the report, so that the two cannot
    contradict each other.

    Parameters
    ----------
    current, reference
        Samples with the columns of `shown_columns`; what is not in both is not drawn.
    on_columns
        Is told how many columns are about to be drawn.

    Raises
    ------
    EngineError
        If Evidently's page is not of the form that is known, or no page is short enough.
    """
    columns = drawn_columns(report.drift, current, reference)
    while columns:
        on_columns(len(columns))
        ours = summary(report, meanings=meanings, made_at=made_at)
        said = _drawn_of(len(columns), current.height, reference.height)
        page = _joined(_evidently(report.drift, current, reference, columns), ours + said)
        if len(page.encode()) < most_bytes:
            return page
        columns = columns[: len(columns) // 2]
    raise EngineError(f"no drift report of less than {most_bytes:,} bytes can be made of these columns")


def drawn_columns(drift: Drift, current: pl.DataFrame, reference: pl.DataFrame, most: int = MOST_COLUMNS) -> list[str]:
    """Return what to draw: PD and decision, then by turns what weighs most in the model and what moved."""
    known = {name for name in reference.columns if name in current.columns and _is_known(name, current, reference)}
    features = [one for one in drift.watched if one.kind == "feature" and one.name in known]
    weighed = sorted(features, key=lambda one: -one.importance)
    moved = [one for one in weighed if _has_moved(one)]
    half = most // 2
    ordered = [one.name for one in (*weighed[:half], *moved, *weighed)]
    return list(dict.fromkeys(name for name in ("p_default", "decision", *ordered) if name in known))[:most]


def _is_known(name: str, current: pl.DataFrame, reference: pl.DataFrame) -> bool:
    """Return whether there is anything to draw on both sides."""
    return all(_finite(frame[name]).null_count() < frame.height for frame in (current, reference))


def _has_moved(one: Moves) -> bool:
    return bool({"notice", "alarm"} & set(one.verdicts.values()))


def _drawn_of(columns: int, current: int, reference: int) -> str:
    return (
        "<h2>Distributions, drawn by Evidently</h2>"
        f"<p>Evidently draws {columns} columns, those that weigh most in the model and those that moved, of samples: "
        f"{current:,} current and {reference:,} reference applications. The tables above decide: the scores here (PSI "
        "by the bins of training, of all applications) and the verdicts are theirs, whatever a sample looks "
        "like. What is missing is not drawn.</p>"
    )


def _evidently(drift: Drift, current: pl.DataFrame, reference: pl.DataFrame, columns: list[str]) -> str:
    """Return Evidently's page of these columns."""
    numbers = [name for name in columns if reference.schema[name].is_numeric()]
    named = {_safe(name): _moves(drift, name) for name in columns}

    def judged(_: object, now: Any, __: object, ___: object) -> tuple[float, bool]:
        moves = named[str(now.name)]
        return moves.psi, _has_moved(moves)

    kinds = [ColumnType.Numerical, ColumnType.Categorical]
    register_stattest(StatTest(name=_PSI, display_name="PSI", allowed_feature_types=kinds), judged)
    definition = DataDefinition(
        numerical_columns=[_safe(name) for name in numbers],
        categorical_columns=[_safe(name) for name in columns if name not in numbers],
    )
    preset = DataDriftPreset(
        columns=list(named),
        num_method=_PSI,
        cat_method=_PSI,
        num_threshold=FEATURE_PSI.notice,
        cat_threshold=FEATURE_PSI.notice,
        drift_share=0.5 / len(named),  # one that moved is drift
    )
    with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"):
        now, then = (
            Dataset.from_pandas(_pandas(frame, columns), data_definition=definition) for frame in (current, reference)
        )
        return str(Report([preset]).run(now, then).get_html_str(as_iframe=False))


def _moves(drift: Drift, column: str) -> Moves:
    kinds = {"p_default": "p_default", "decision": "decision"}
    wanted = kinds.get(column, "feature")
    return next(one for one in drift.watched if one.kind == wanted and one.name == column)


def _pandas(frame: pl.DataFrame, columns: list[str]) -> Any:
    """Return the columns as pandas knows them, without pyarrow."""
    return pd.DataFrame({_safe(name): _values(_finite(frame[name])) for name in columns})


def _values(column: pl.Series) -> Any:
    if column.dtype.is_numeric():
        return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return np.array([None if value is None else _safe(str(value)) for value in column], dtype=object)


def _finite(column: pl.Series) -> pl.Series:
    """Return the column with what is no number missing."""
    if not column.dtype.is_float():
        return column
    return pl.select(pl.when(column.is_finite()).then(column).alias(column.name)).to_series()


def _safe(text: str) -> str:
    """Return a text from a file such that no page takes it for markup: Evidently writes it into a script as it is."""
    return text.replace("<", "‹").replace(">", "›")


def _joined(page: str, ours: str) -> str:
    """Return Evidently's page with ours before it."""
    before, head, rest = page.partition("<head>")
    top, body, drawn = rest.partition("<body>")
    drawings, end, after = drawn.rpartition("</body>")
    if not (head and body and end):
        raise EngineError("this version of Evidently writes pages of another form: install evidently 0.7.23")
    style = files(__package__).joinpath("drift.css").read_text(encoding="utf-8")
    own_head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>Drift report</title>"
    )
    # Our style comes last: Evidently's also styles the page as a whole.
    return (
        f"{before}{head}{own_head}{top.replace('</head>', '')}<style>{style}</style></head>"
        f'{body}<main><div class="watch">{ours}</div>{drawings}</main>{end}{after}'.lstrip()
    )
