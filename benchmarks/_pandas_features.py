"""The history features written the usual way in pandas, to compare time and values with.

What to compute is read from the catalogue's names (``FAMILY__MEASURE__STATISTIC__SUBSET``); how is below: one
``read_csv`` a table, a boolean mask a subset, one ``groupby("SK_ID_CURR").agg({…})`` of the masked rows, and a
merge. Measures are not rounded as ours are, unless `exact` asks for it so that values can be compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from credit_scoring.features.aggregate import AMOUNT_STEP, RATIO_LIMIT, RATIO_STEP
from credit_scoring.features.assemble import families
from credit_scoring.features.spec import Family, Feature
from credit_scoring.tables.schema import APPLICATION_ID, schema

Rows = Any  # a pandas DataFrame; pandas ships no types here
Column = Callable[[Rows], Any]
_AGG = {"MEAN": "mean", "MAX": "max", "MIN": "min", "NUNIQUE": "nunique"}


def _ratio(top: str, bottom: str) -> Column:
    return lambda rows: rows[top] / rows[bottom]


def _less(left: str, right: str) -> Column:
    return lambda rows: rows[left] - rows[right]


def _is(column: str, value: object) -> Column:
    return lambda rows: rows[column] == value


def _flag(made: Column, of: str, limit: float) -> Column:
    """Return 1.0 where the value is above the limit, missing where it is missing."""
    return lambda rows: (made(rows) > limit).astype(float).where(rows[of.split()].notna().all(axis=1))


_delay = _less("DAYS_ENTRY_PAYMENT", "DAYS_INSTALMENT")
_short = _less("AMT_INSTALMENT", "AMT_PAYMENT")
_DAYS, _AMOUNTS = "DAYS_ENTRY_PAYMENT DAYS_INSTALMENT", "AMT_INSTALMENT AMT_PAYMENT"

MEASURES: Mapping[str, Mapping[str, Column]] = {
    "BUREAU": {
        "DEBT_SHARE": _ratio("AMT_CREDIT_SUM_DEBT", "AMT_CREDIT_SUM"),
        "AMT_REPAID": _less("AMT_CREDIT_SUM", "AMT_CREDIT_SUM_DEBT"),
        "DAYS_PLANNED": _less("DAYS_CREDIT_ENDDATE", "DAYS_CREDIT"),
        "DAYS_ENDED_EARLY": _less("DAYS_CREDIT_ENDDATE", "DAYS_ENDDATE_FACT"),
    },
    "BUREAU_BALANCE": {},
    "PREVIOUS": {
        "AMT_CREDIT_TO_AMT_APPLICATION": _ratio("AMT_CREDIT", "AMT_APPLICATION"),
        "INTEREST_RATE": lambda r: (
            24.0 * (r["CNT_PAYMENT"] * r["AMT_ANNUITY"] - r["AMT_CREDIT"]) / (r["AMT_CREDIT"] * (r["CNT_PAYMENT"] + 1))
        ),
        "AMT_CREDIT_TO_AMT_ANNUITY": _ratio("AMT_CREDIT", "AMT_ANNUITY"),
        "DAYS_LAST_DUE_MOVED": _less("DAYS_LAST_DUE_1ST_VERSION", "DAYS_LAST_DUE"),
        "IS_REFUSED": lambda r: (
            (r["NAME_CONTRACT_STATUS"] == "Refused").astype(float).where(r["NAME_CONTRACT_STATUS"].notna())
        ),
        "DAYS_REFUSED": lambda r: r["DAYS_DECISION"],
    },
    "INSTALLMENTS": {
        "DAYS_LATE": lambda r: _delay(r).clip(lower=0),
        "DAYS_EARLY": lambda r: (-_delay(r)).clip(lower=0),
        "DAYS_MARGIN": lambda r: -_delay(r),
        "AMT_SHORT": lambda r: _short(r).clip(lower=0),
        "IS_LATE": _flag(_delay, _DAYS, 0),
        "IS_LATE_7D": _flag(_delay, _DAYS, 7),
        "IS_SHORT": _flag(_short, _AMOUNTS, 0),
    },
    "POS": {
        "SHARE_REMAINING": _ratio("CNT_INSTALMENT_FUTURE", "CNT_INSTALMENT"),
        "IS_LATE": _flag(lambda r: r["SK_DPD"], "SK_DPD", 0),
    },
    "CARD": {
        "LIMIT_USED": _ratio("AMT_BALANCE", "AMT_CREDIT_LIMIT_ACTUAL"),
        "PAID_TO_MINIMUM": _ratio("AMT_PAYMENT_CURRENT", "AMT_INST_MIN_REGULARITY"),
        "IS_LATE": _flag(lambda r: r["SK_DPD"], "SK_DPD", 0),
    },
}
_STATUS, _KIND = "NAME_CONTRACT_STATUS", "NAME_CONTRACT_TYPE"
SUBSETS: Mapping[str, Mapping[str, Column]] = {
    "BUREAU": {
        "ACTIVE": _is("CREDIT_ACTIVE", "Active"),
        "CLOSED": _is("CREDIT_ACTIVE", "Closed"),
        "ACTIVE_365D": lambda r: (r["CREDIT_ACTIVE"] == "Active") & (r["DAYS_CREDIT"] >= -365),
        "CARD": _is("CREDIT_TYPE", "Credit card"),
        "CONSUMER": _is("CREDIT_TYPE", "Consumer credit"),
        "CAR": _is("CREDIT_TYPE", "Car loan"),
        "MORTGAGE": _is("CREDIT_TYPE", "Mortgage"),
        "MICROLOAN": _is("CREDIT_TYPE", "Microloan"),
    },
    "PREVIOUS": {
        "APPROVED": _is(_STATUS, "Approved"),
        "REFUSED": _is(_STATUS, "Refused"),
        "CANCELED": _is(_STATUS, "Canceled"),
        "UNUSED": _is(_STATUS, "Unused offer"),
        "CASH": _is(_KIND, "Cash loans"),
        "CONSUMER": _is(_KIND, "Consumer loans"),
        "REVOLVING": _is(_KIND, "Revolving loans"),
        "RUNNING": _is("FLAG_STILL_ACTIVE", 1.0),
        "REFUSED_365D": lambda r: (r[_STATUS] == "Refused") & (r["DAYS_DECISION"] >= -365),
        "APPROVED_730D": lambda r: (r[_STATUS] == "Approved") & (r["DAYS_DECISION"] >= -730),
        "REASON_HC": _is("CODE_REJECT_REASON", "HC"),
        "REASON_SCO": _is("CODE_REJECT_REASON", "SCO"),
        "REASON_LIMIT": _is("CODE_REJECT_REASON", "LIMIT"),
        "HIGH_YIELD": _is("NAME_YIELD_GROUP", "high"),
        "NEW_CLIENT": _is("NAME_CLIENT_TYPE", "New"),
        "WALK_IN": _is("NAME_PRODUCT_TYPE", "walk-in"),
    },
    "POS": {"ACTIVE": _is(_STATUS, "Active"), "COMPLETED": _is(_STATUS, "Completed")},
}
_DATES = {"BUREAU": "DAYS_CREDIT", "PREVIOUS": "DAYS_DECISION", "INSTALLMENTS": "DAYS_INSTALMENT"}


def history_features(folder: Path, *, exact: bool = False) -> Rows:
    """Return every history feature of ``application_train``'s clients, in their order."""
    applications = pd.read_csv(folder / "application_train.csv")
    result = applications[[APPLICATION_ID]].set_index(APPLICATION_ID)
    for family in families():
        rows = _months(folder) if family.name == "BUREAU_BALANCE" else _cleaned(folder, family.tables[0])
        result = result.merge(_family(family, rows, exact), how="left", left_index=True, right_index=True)
        counts = [feature.name for feature in family.features if feature.is_count]
        result[counts] = result[counts].fillna(0.0)
    return result


def _cleaned(folder: Path, table: str) -> Rows:
    rows = pd.read_csv(folder / f"{table}.csv")
    for column in schema()[table].columns.values():
        if not column.sentinels:
            continue
        value, hit = rows[column.name], False
        for sentinel in column.sentinels:
            if sentinel.startswith(">="):
                hit = hit | (value >= float(sentinel[2:]))
            elif sentinel.startswith("<"):
                hit = hit | (value < float(sentinel[1:]))
            else:
                hit = hit | (value == (sentinel if column.kind == "category" else float(sentinel)))
        if column.flag:
            rows[column.flag] = hit.astype(float)  # type: ignore[attr-defined]
        rows[column.name] = value.mask(hit)
    return rows


def _months(folder: Path) -> Rows:
    """Return one row a credit of the bureau: its months counted, then its client merged in."""
    months = pd.read_csv(folder / "bureau_balance.csv")
    level = pd.to_numeric(months["STATUS"], errors="coerce")
    late, month = level >= 1, months["MONTHS_BALANCE"]
    made = months.assign(
        level=level,
        late=late,
        late_year=late & (month >= -12),
        severe=level >= 2,
        unknown=months["STATUS"] == "X",
        late_month=month.where(late),
    )
    by_credit = made.groupby("SK_ID_BUREAU").agg(
        MONTHS=("STATUS", "size"),
        MONTHS_LATE=("late", "sum"),
        MONTHS_LATE_12M=("late_year", "sum"),
        MONTHS_LATE_30=("severe", "sum"),
        MONTHS_UNKNOWN=("unknown", "sum"),
        WORST_STATUS=("level", "max"),
        LAST_LATE_MONTH=("late_month", "max"),
        FIRST_MONTH=("MONTHS_BALANCE", "min"),
    )
    owners = pd.read_csv(folder / "bureau.csv")[[APPLICATION_ID, "SK_ID_BUREAU"]]
    return owners.merge(by_credit, on="SK_ID_BUREAU", how="inner")


def _family(family: Family, rows: Rows, exact: bool) -> Rows:
    wanted: dict[str, list[tuple[str, str, Feature]]] = {}
    for feature in family.features:
        _, measure, statistic, *rest = feature.name.split("__")
        wanted.setdefault(rest[0] if rest else "", []).append((measure, statistic, feature))
    for features in wanted.values():
        for measure, statistic, feature in features:
            _make(family.name, rows, measure, statistic, feature, exact)
    result = rows[[APPLICATION_ID]].drop_duplicates().set_index(APPLICATION_ID)
    for subset, features in wanted.items():
        part = rows[_mask(family.name, rows, subset)] if subset else rows
        result = result.merge(_statistics(part, features), how="left", left_index=True, right_index=True)
    return result


def _make(family: str, rows: Rows, measure: str, statistic: str, feature: Feature, exact: bool) -> None:
    """Add the measure's column to the rows; a ratio has two, of rows that have both."""
    if statistic == "COUNT":
        return
    if statistic != "RATIO":
        if f"_{measure}" in rows:
            return
        column = MEASURES[family].get(measure, lambda r: r[measure])(rows)
        if feature.unit == "ratio":
            column = column.replace([np.inf, -np.inf], np.nan)
        rows[f"_{measure}"] = _rounded(column, feature.unit) if exact and statistic != "NUNIQUE" else column
        return
    top, bottom = re.split("_TO_", measure)
    if f"_{top}|{bottom}" in rows:
        return
    both = rows[top].notna() & rows[bottom].notna()
    for name, column in ((f"_{top}|{bottom}", rows[top]), (f"_{bottom}|{top}", rows[bottom])):
        unit = "currency" if top.startswith("AMT_") else "count"
        rows[name] = (_rounded(column, unit) if exact else column).where(both)


def _rounded(column: Any, unit: str) -> Any:
    if unit == "currency":
        return (column / AMOUNT_STEP).round() * AMOUNT_STEP
    if unit in {"count", "flag", "days", "months", "days_before", "months_before"}:
        return column
    return (column.clip(-RATIO_LIMIT, RATIO_LIMIT) / RATIO_STEP).round() * RATIO_STEP


def _mask(family: str, rows: Rows, subset: str) -> Any:
    if (named := SUBSETS.get(family, {}).get(subset)) is not None:
        return named(rows)
    date = _DATES[family] if subset.endswith("D") else "MONTHS_BALANCE"
    return rows[date] >= -int(subset[:-1])


def _statistics(part: Rows, features: list[tuple[str, str, Feature]]) -> Rows:
    grouped = part.groupby(APPLICATION_ID)
    asked: dict[str, list[str]] = {}
    for measure, statistic, _ in features:
        if statistic in _AGG:
            asked.setdefault(f"_{measure}", []).append(_AGG[statistic])
    made = grouped.agg(asked) if asked else None
    sums = sorted({f"_{measure}" for measure, statistic, _ in features if statistic == "SUM"})
    totals = grouped[sums].sum(min_count=1) if sums else None
    result = {}
    for measure, statistic, feature in features:
        if statistic == "COUNT":
            result[feature.name] = grouped.size().astype(float)
        elif statistic == "SUM":
            result[feature.name] = totals[f"_{measure}"]  # type: ignore[index]
        elif statistic == "RATIO":
            top, bottom = re.split("_TO_", measure)
            total = grouped[f"_{bottom}|{top}"].sum()
            result[feature.name] = grouped[f"_{top}|{bottom}"].sum() / total.where(total != 0)
        else:
            result[feature.name] = made[f"_{measure}"][_AGG[statistic]]  # type: ignore[index]
    return pd.DataFrame(result)
