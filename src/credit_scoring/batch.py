"""Many applications at once: tables or a single-table file in, a file of decisions out, whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.decision import Reason
from credit_scoring.domain.errors import DataError
from credit_scoring.domain.text import LANGUAGES
from credit_scoring.features.shards import matrices
from credit_scoring.scoring import score, uncomputed_features
from credit_scoring.tables.matrix import conformed, read_matrix, with_id
from credit_scoring.tables.read import Tables

ROWS_AT_A_TIME = 20_000
ENDINGS = (".parquet", ".csv")
OnRows = Callable[[int], None]


@dataclass(frozen=True)
class BatchSummary:
    """How many applications were scored, and what was decided.

    ``coverage`` is the lowest of any part; ``unseen`` counts, by feature, the category values that training never
    saw, which were taken as missing.
    """

    applications: int
    decisions: dict[str, int]
    mean_p_default: float
    coverage: float
    unseen: dict[str, int]


def score_tables(
    bundle: Bundle, tables: Tables, out: Path, *, explained: bool = False, on_rows: OnRows = lambda _: None
) -> BatchSummary:
    """Score the applications of `tables` into `out` (Parquet or CSV), sorted by id within each shard.

    Raises
    ------
    DataError
        If the bundle is of another portfolio, or `out` has another ending.
    """
    _require_writable(out)
    if bundle.manifest.portfolio != "home_credit":
        raise DataError("this model was trained on a single-table file: score it with --matrix FILE")
    applications = tables.scored()
    uncomputed = uncomputed_features(bundle, tables.columns_of(applications))
    tally = _Tally()
    with matrices(tables.of(applications)) as parts:
        return _write(_scored(bundle, parts, uncomputed, tally, explained=explained, on_rows=on_rows), tally, out)


def score_matrix(
    bundle: Bundle, path: Path, out: Path, *, explained: bool = False, on_rows: OnRows = lambda _: None
) -> BatchSummary:
    """Score a single-table file with a model that was trained on one.

    Raises
    ------
    DataError
        If the bundle is of another portfolio, a column is missing or of another type.
    """
    _require_writable(out)
    if bundle.manifest.portfolio != "matrix":
        raise DataError("this model was trained on the eight tables: give their folder, not --matrix")
    frame, _ = with_id(read_matrix(path), bundle.manifest.id_column)
    kinds = {card.name: card.kind for card in bundle.manifest.features}
    tally = _Tally()
    parts = _scored(bundle, [conformed(frame, kinds)], [], tally, explained=explained, on_rows=on_rows)
    return _write(parts, tally, out)


@dataclass
class _Tally:
    """What is added up while parts are scored."""

    coverage: float = 1.0
    unseen: Counter[str] = field(default_factory=Counter)


def _scored(
    bundle: Bundle,
    parts: Iterable[pl.DataFrame],
    uncomputed: list[str],
    tally: _Tally,
    *,
    explained: bool,
    on_rows: OnRows,
) -> Iterator[pl.DataFrame]:
    for matrix in parts:
        for rows in matrix.iter_slices(ROWS_AT_A_TIME):
            scored = score(bundle, rows, uncomputed=uncomputed, explained=explained)
            on_rows(rows.height)
            tally.coverage = min(tally.coverage, scored.coverage)
            tally.unseen.update(bundle.model.encoder.unseen(rows))
            told = _told(scored.reasons) if scored.reasons is not None else []
            yield scored.decisions.with_columns(*told)


def _told(reasons: list[list[Reason]]) -> list[pl.Series]:
    return [
        pl.Series(
            f"reasons_{language}",
            [[reason.told(language) for reason in row] for row in reasons],
            dtype=pl.List(pl.String),
        )
        for language in LANGUAGES
    ]


def _require_writable(out: Path) -> None:
    """Refuse a place that cannot be written before the work is done, not after."""
    if out.suffix not in ENDINGS:
        raise DataError(f"{out} must end in {' or '.join(ENDINGS)}")
    if out.is_dir():
        raise DataError(f"{out} is a folder; name a file in it")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error.strerror}") from error


def _write(parts: Iterator[pl.DataFrame], tally: _Tally, out: Path) -> BatchSummary:
    everything = pl.concat(parts)
    if everything.is_empty():
        raise DataError("there are no applications to score")
    draft = out.with_name(f".{out.name}.part")
    try:
        if out.suffix == ".parquet":
            everything.write_parquet(draft)
        else:
            lists = [name for name, kind in everything.schema.items() if kind == pl.List(pl.String)]
            everything.with_columns(pl.col(lists).list.join(" | ")).write_csv(draft)
        draft.replace(out)
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)
    counts = dict(everything["decision"].value_counts(sort=True).iter_rows())
    mean = float(everything["p_default"].to_numpy().mean())
    return BatchSummary(everything.height, counts, mean, tally.coverage, dict(tally.unseen))
