"""The tables of a simulated year, in the form that training reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import polars as pl

from credit_scoring.tables.schema import APPLICATION_ID, OUTCOME


class Kept:
    """A folder of the eight tables: application_train holds who has an outcome so far, application_test all others."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tables: dict[str, list[pl.DataFrame]] = {}

    def add(self, tables: Mapping[str, pl.DataFrame]) -> None:
        """Take the tables of another month."""
        for name, rows in tables.items():
            self._tables.setdefault(name, []).append(rows)

    def write(self, known: Collection[int]) -> None:
        """Write all months; `known` are the applicants whose outcome the lender knows. Each file appears whole."""
        self._folder.mkdir(parents=True, exist_ok=True)
        tables = {name: pl.concat(rows, how="vertical_relaxed") for name, rows in self._tables.items()}
        applications = tables.pop("application")
        labelled = pl.col(APPLICATION_ID).is_in(list(known))
        tables["application_train"] = applications.filter(labelled)
        tables["application_test"] = applications.filter(~labelled).drop(OUTCOME)
        for name, rows in tables.items():
            path = self._folder / f"{name}.parquet"
            if rows.is_empty():
                path.unlink(missing_ok=True)
                continue
            partial = self._folder / f".{name}.partial"
            rows.write_parquet(partial)
            partial.replace(path)
