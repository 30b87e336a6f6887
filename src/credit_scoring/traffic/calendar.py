"""Who applies when: made-up applications, spread over the days of simulated months."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import polars as pl

from credit_scoring.domain.errors import DataError
from credit_scoring.tables.schema import APPLICATION_ID, OUTCOME
from credit_scoring.tables.synthetic import Arrivals
from credit_scoring.traffic.changes import Change, arriving, lean, mix

CREDIT_ID = "SK_ID_BUREAU"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a simulated year is made of.

    ``applications`` arrive each month; each of ``changes`` holds from its month on; the outcome of an approved
    application is known ``labels_after`` its decision.

    Raises
    ------
    DataError
        If there is no month or no application, or the start lies on a day that some months have not.
    """

    months: int = 12
    applications: int = 500
    changes: tuple[Change, ...] = ()
    labels_after: timedelta = timedelta(days=90)
    seed: int = 0
    start: date = date(2026, 1, 1)

    def __post_init__(self) -> None:
        if self.months < 1 or self.applications < 1:
            raise DataError(f"{self.months} months of {self.applications} applications: each must be at least 1")
        if self.start.day > 28:
            raise DataError(f"start is {self.start}: begin on a day that every month has")
        if late := [one.month for one in self.changes if one.month > self.months]:
            raise DataError(f"a drift begins in month {late[0]}, but there are {self.months} months")

    def begins(self, month: int) -> datetime:
        """Return the first moment of a month; months count from 1."""
        years, months = divmod(self.start.month - 1 + month - 1, 12)
        return datetime(self.start.year + years, months + 1, self.start.day, tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class Application:
    """One application: its body as ``/applications/score`` takes it, and whether it would default."""

    id: int
    at: datetime
    body: Mapping[str, Any]
    defaulted: bool


@dataclass(frozen=True, eq=False)
class Drawn:
    """A month as it was drawn: ``tables`` in Kaggle's columns, ``application`` with all outcomes."""

    number: int
    begins: datetime
    ends: datetime
    applications: tuple[Application, ...]
    tables: Mapping[str, pl.DataFrame]


def drawn_months(plan: Plan) -> Iterator[Drawn]:
    """Yield the months of a plan; the same plan gives the same, and a drift changes no month before its own."""
    arrivals = Arrivals(plan.seed)
    for number in range(1, plan.months + 1):
        present = [change for change in plan.changes if change.month <= number]
        tables = arrivals.draw(plan.applications, mix=mix(present), lean=lean(present))
        rng = np.random.default_rng([plan.seed, number, 1])  # not the one that clients are drawn by
        begins, ends = plan.begins(number), plan.begins(number + 1)
        days = np.sort(rng.integers(0, (ends - begins).days, plan.applications))
        tables["application"] = arriving(tables["application"], present, rng)
        noon = [datetime.combine((begins + timedelta(days=day)).date(), time(12), UTC) for day in days.tolist()]
        yield Drawn(number, begins, ends, tuple(_applications(tables, noon)), tables)


def _applications(tables: Mapping[str, pl.DataFrame], moments: list[datetime]) -> Iterator[Application]:
    owners = tables["bureau"].select(CREDIT_ID, APPLICATION_ID)
    histories = {name: rows for name, rows in tables.items() if name != "application"}
    histories["bureau_balance"] = histories["bureau_balance"].join(owners, on=CREDIT_ID, maintain_order="left")
    parts = {name: _by_client(rows) for name, rows in histories.items()}
    for at, row in zip(moments, tables["application"].iter_rows(named=True), strict=True):
        client = row[APPLICATION_ID]
        own = {name: value for name, value in row.items() if name != OUTCOME}
        body = {"application": own} | {name: part.get(client, []) for name, part in parts.items()}
        yield Application(client, at, body, bool(row[OUTCOME]))


def _by_client(rows: pl.DataFrame) -> dict[int, list[dict[str, Any]]]:
    rows = rows.with_columns(pl.selectors.float().fill_nan(None))
    parts = rows.partition_by(APPLICATION_ID, as_dict=True, include_key=False)
    return {int(client): part.to_dicts() for (client,), part in parts.items()}
