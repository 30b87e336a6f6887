"""The files of a version: feature values and index, as they come and in bounded memory."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from credit_scoring.adapters.feature_store.search import ROW, SCORES, SEARCHABLE
from credit_scoring.adapters.feature_store.values import ROWS_AT_A_TIME, ValuesWriter
from credit_scoring.adapters.feature_store.version import INDEX, VALUES, Version, sha256
from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.errors import DataError
from credit_scoring.features.assemble import catalogue
from credit_scoring.scoring.score import score, uncomputed_features, without_untold
from credit_scoring.tables.schema import APPLICATION_ID

OnRows = Callable[[int], None]


class Scorer:
    """Gives PD, decision and coverage of feature matrices; ``coverage`` is that of the latest.

    Raises
    ------
    DataError
        If the bundle is of another portfolio.
    """

    def __init__(self, bundle: Bundle, columns: Collection[str]) -> None:
        if bundle.manifest.portfolio != "home_credit":
            raise DataError("this model was trained on a single-table file; applicants need one of the eight tables")
        self.coverage = 1.0
        self.features = bundle.model.encoder.features
        self._bundle = bundle
        self._columns, self._uncomputed = columns, uncomputed_features(bundle, columns)

    def scores(self, matrix: pl.DataFrame) -> pl.DataFrame:
        """Return the columns in `SCORES` of each row of `matrix`."""
        told = without_untold(self._bundle, matrix, self._columns)
        scored = score(self._bundle, told, uncomputed=self._uncomputed)
        self.coverage = scored.coverage
        return scored.decisions.select("p_default", "decision", coverage=pl.lit(scored.coverage, pl.Float64))


@dataclass(frozen=True)
class Written:
    """The index as written, the categories by feature, the SHA-256 of each file."""

    index: pl.DataFrame
    levels: dict[str, tuple[str, ...]]
    files: dict[str, str]


def write_applicants(draft: Path, parts: Iterable[pl.DataFrame], scorer: Scorer, *, on_rows: OnRows) -> Written:
    """Write the feature matrices `parts` to the folder `draft`.

    Raises
    ------
    DataError
        If there is no applicant, or one occurs twice.
    """
    found: list[pl.DataFrame] = []
    with (draft / VALUES).open("wb") as file:
        writer = ValuesWriter(file, {name: feature.kind for name, feature in catalogue().items()})
        for part in parts:
            for matrix in part.iter_slices(ROWS_AT_A_TIME):
                writer.add(matrix)
                found.append(matrix.select(APPLICATION_ID, *SEARCHABLE).hstack(scorer.scores(matrix)))
                on_rows(writer.rows)
        seal = writer.finish()
    index = _index(found)
    index.write_parquet(draft / INDEX)
    levels = {name: tuple(known) for name, known in writer.levels.items()}
    return Written(index, levels, {INDEX: sha256(draft / INDEX), VALUES: seal})


def write_scores(draft: Path, version: Version, scorer: Scorer, *, on_rows: OnRows) -> dict[str, str]:
    """Write the applicants of `version` with new scores to the folder `draft` and return the SHA-256 of each file.

    The feature values are not written again: both versions share them.
    """
    scores, done = [], 0
    for matrix in version.values.parts(scorer.features):
        scores.append(scorer.scores(matrix.with_row_index(APPLICATION_ID)))
        done += matrix.height
        on_rows(done)
    by_id = pl.concat(scores)[version.index.rows]
    pl.read_parquet(version.folder / INDEX).drop(SCORES).hstack(by_id).write_parquet(draft / INDEX)
    _link(version.folder / VALUES, draft / VALUES)
    return {INDEX: sha256(draft / INDEX), VALUES: version.info.files[VALUES]}


def _index(found: list[pl.DataFrame]) -> pl.DataFrame:
    if not found:
        raise DataError("there are no applications to load")
    index = pl.concat(found).with_row_index(ROW).sort(APPLICATION_ID)
    twice = index.filter(pl.col(APPLICATION_ID).is_duplicated())[APPLICATION_ID]
    if twice.len():
        raise DataError(
            f"{twice.n_unique()} applicants occur more than once, the first is {twice[0]}: keep one row each"
        )
    return index


def _link(source: Path, target: Path) -> None:
    """Let `target` be the same file as `source`; where the file system knows no links, a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
