"""Applicants found by id, PD, decision and some raw columns, in an index that lies in memory."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.domain.decision import Decision
from credit_scoring.domain.errors import DataError, UnknownApplicantError
from credit_scoring.tables.schema import APPLICATION_ID

ROW = "row"
# What an officer knows of an applicant before looking.
SEARCHABLE = (
    "NAME_CONTRACT_TYPE",
    "AMT_CREDIT",
    "AMT_ANNUITY",
    "AMT_GOODS_PRICE",
    "AMT_INCOME_TOTAL",
    "CODE_GENDER",
    "DAYS_BIRTH",
    "DAYS_EMPLOYED",
    "CNT_CHILDREN",
    "NAME_FAMILY_STATUS",
    "NAME_INCOME_TYPE",
    "NAME_EDUCATION_TYPE",
    "NAME_HOUSING_TYPE",
    "OCCUPATION_TYPE",
    "ORGANIZATION_TYPE",
    "REGION_RATING_CLIENT",
)
SCORES = ("p_default", "decision", "coverage")
_HIGHEST_ID = 2**63 - 1
_LONGEST_ID = len(str(_HIGHEST_ID))

Rows = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class ApplicantQuery:
    """What to look for; everything given must hold. Bounds are inclusive, ``None`` is unbounded.

    ``starts_with`` are first digits of the id. ``between`` and ``equal`` take the key, ``p_default``, ``decision``,
    ``coverage`` and the columns in `SEARCHABLE`; what is missing satisfies no condition, and comes last in any order.
    Applicants that are equal in ``sort`` come by id, in the same direction.
    """

    starts_with: str | None = None
    p_default: tuple[float | None, float | None] = (None, None)
    decision: Decision | None = None
    between: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    equal: Mapping[str, str | float] = field(default_factory=dict)
    sort: str = APPLICATION_ID
    descending: bool = False
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the applicants found, in the order asked, and how many there are in all.

    ``rows`` has the key, the columns in `SEARCHABLE`, ``p_default``, ``decision`` and ``coverage``; ``scored_by`` is
    the digest of the bundle behind them.
    """

    rows: pl.DataFrame
    total: int
    scored_by: str


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The PDs and decisions of all applicants, in the order of their ids, by the bundle whose digest is ``scored_by``.

    ``p_default`` has shape (n_applicants,) and is read only.
    """

    p_default: NDArray[np.float64]
    decision: pl.Series
    scored_by: str


class Index:
    """One row an applicant, sorted by id, in memory; ``row`` says where the values lie. Safe to share by threads."""

    def __init__(self, frame: pl.DataFrame, scored_by: str) -> None:
        self.ids: NDArray[np.int64] = frame[APPLICATION_ID].to_numpy()
        self.rows: Rows = frame[ROW].to_numpy()
        self._in_order = bool(np.array_equal(self.rows, np.arange(self.rows.size)))
        self._scored_by = scored_by
        # An enumeration takes a byte a value, and its numbers are in the order of its words.
        self._words = {c.name: sorted(c.drop_nulls().unique()) for c in frame if c.dtype == pl.String}
        self._shown = frame.drop(ROW).cast({name: pl.Enum(words) for name, words in self._words.items()})
        self._orders: dict[str, tuple[Rows, Rows]] = {}

    def rows_of(self, applicants: Sequence[int]) -> Rows:
        """Return where the values of `applicants` lie, in their order.

        Raises
        ------
        UnknownApplicantError
            Naming those that are not there.
        """
        if beyond := [applicant for applicant in applicants if abs(applicant) > _HIGHEST_ID]:
            raise self._unknown(beyond)
        wanted = np.array(applicants, dtype=np.int64)
        places = np.minimum(np.searchsorted(self.ids, wanted), self.ids.size - 1)
        known = self.ids[places] == wanted
        if not known.all():
            raise self._unknown(wanted[~known].tolist())
        return self.rows[places]

    def _unknown(self, applicants: list[int]) -> UnknownApplicantError:
        nearest = self.ids[np.abs(self.ids.astype(np.float64) - float(applicants[0])).argmin()]
        return UnknownApplicantError(applicants, int(self.ids[0]), int(self.ids[-1]), nearest=int(nearest))

    def by_id(self, column: pl.Series) -> pl.Series:
        """Return a column of values, which is in the order of rows, in the order of ids."""
        return column if self._in_order else column.gather(self.rows)

    def scores(self) -> Scores:
        """Return the PDs and decisions of all applicants."""
        return Scores(self._shown["p_default"].to_numpy(), self._shown["decision"], self._scored_by)

    def alike(self, like: Mapping[str, str | float | None]) -> NDArray[np.bool_]:
        """Return, in the order of ids, who has the same category or a number within a fifth, in every column of `like`.

        Like a missing value is a missing one.

        Raises
        ------
        DataError
            If a column is not in `SEARCHABLE`, or does not fit its value.
        """
        conditions = [self._alike(name, value) for name, value in like.items()]
        return self._shown.select(pl.all_horizontal(conditions).fill_null(value=False)).to_series().to_numpy()

    def _alike(self, name: str, value: str | float | None) -> pl.Expr:
        if name not in SEARCHABLE:
            raise _unsearchable(name, SEARCHABLE)
        if value is None:
            return pl.col(name).is_null()
        if isinstance(value, str) or self._is_category(name):
            return self._equal(name, value)
        reach = abs(value) / 5
        return self._between(name, value - reach, value + reach)

    def search(self, query: ApplicantQuery) -> Page:
        """Return the applicants that `query` finds.

        Raises
        ------
        DataError
            If a column cannot be searched or does not fit its condition, or a bound, ``starts_with``, ``limit`` or
            ``offset`` makes no sense.
        """
        if query.limit < 0 or query.offset < 0:
            raise DataError(f"limit and offset must not be negative: {query.limit}, {query.offset}")
        conditions = self._conditions(query)
        known, missing = self._order(query.sort)
        order = np.concatenate([known[::-1] if query.descending else known, missing])
        if conditions:
            fits = self._shown.select(pl.all_horizontal(conditions).fill_null(value=False)).to_series()
            order = order[fits.to_numpy()[order]]
        if query.starts_with is not None:
            order = order[self._starting(query.starts_with)[order]]
        chosen = order[query.offset : query.offset + query.limit]
        rows = self._shown[chosen].cast(dict.fromkeys(self._words, pl.String))
        return Page(rows, order.size, self._scored_by)

    def _conditions(self, query: ApplicantQuery) -> list[pl.Expr]:
        between = [*query.between.items(), ("p_default", query.p_default)]
        equal = [*query.equal.items()] + ([("decision", query.decision)] if query.decision is not None else [])
        conditions = [self._between(name, *bounds) for name, bounds in between if bounds != (None, None)]
        return conditions + [self._equal(name, value) for name, value in equal]

    def _between(self, name: str, lower: float | None, upper: float | None) -> pl.Expr:
        if self._is_category(name):
            raise DataError(f"{name} is a category and has no range; ask for one of its values")
        column = pl.col(name)
        bounds = [column >= lower] if lower is not None else []
        bounds += [column <= upper] if upper is not None else []
        return pl.all_horizontal(column.is_not_null(), *bounds)

    def _equal(self, name: str, value: str | float) -> pl.Expr:
        if self._is_category(name) != isinstance(value, str):
            kind = "a category" if self._is_category(name) else "a number"
            raise DataError(f"{name} is {kind}; it cannot be {value!r}")
        # An enumeration refuses to be compared with a word that is not in it.
        foreign = name in self._words and value not in self._words[name]
        return (pl.col(name).cast(pl.String) if foreign else pl.col(name)) == value

    def _is_category(self, name: str) -> bool:
        if name not in self._shown.columns:
            raise _unsearchable(name, self._shown.columns)
        return name in self._words

    def _starting(self, digits: str) -> NDArray[np.bool_]:
        """Return whose id begins with `digits`: whose id lies in one of a few ranges."""
        if not (digits.isascii() and digits.isdecimal()) or len(digits) > _LONGEST_ID:
            raise DataError(f"an id begins with digits, at most {_LONGEST_ID} of them, not {digits!r}")
        first, fits = int(digits), np.zeros(self.ids.size, dtype=np.bool_)
        if str(first) != digits:
            return fits
        for more in range(_LONGEST_ID - len(digits) + 1) if first else [0]:
            lower, upper = first * 10**more, (first + 1) * 10**more - 1
            if lower <= _HIGHEST_ID:
                start = np.searchsorted(self.ids, lower)
                fits[start : np.searchsorted(self.ids, min(upper, _HIGHEST_ID), side="right")] = True
        return fits

    def _order(self, name: str) -> tuple[Rows, Rows]:
        """Return the rows sorted by `name`, then id, and those where it is missing; made once."""
        self._is_category(name)
        if name not in self._orders:
            column = self._shown[name].to_physical()
            known, missing = (np.flatnonzero(has).astype(np.uint32) for has in (column.is_not_null(), column.is_null()))
            self._orders[name] = known[np.argsort(column.drop_nulls().to_numpy(), kind="stable")], missing
        return self._orders[name]


def _unsearchable(name: str, columns: Sequence[str]) -> DataError:
    close = difflib.get_close_matches(name, columns, n=1)
    hint = f"; did you mean {close[0]}?" if close else f"; these can: {', '.join(columns)}"
    return DataError(f"{name} cannot be searched{hint}")
