"""Features against plain Python over one client's rows, as a person would count them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_scoring.features.aggregate import AMOUNT_STEP, RATIO_STEP
from credit_scoring.features.assemble import assemble
from credit_scoring.features.spec import Frames
from credit_scoring.tables.frames import Tables, tables_from_frames
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.schema import APPLICATION_ID

Row = dict[str, Any]
Value = float | None


@dataclass
class Client:
    """One client's cleaned rows."""

    application: Row
    rows: dict[str, list[Row]]

    def of(self, table: str) -> list[Row]:
        return self.rows.get(table, [])


def known(values: Sequence[Value]) -> list[float]:
    return [value for value in values if value is not None]


def divided(top: Value, bottom: Value) -> Value:
    return None if top is None or bottom is None or bottom == 0 else top / bottom


def mean(values: Sequence[Value]) -> Value:
    found = known(values)
    return math.fsum(found) / len(found) if found else None


def total(values: Sequence[Value]) -> Value:
    found = known(values)
    return math.fsum(found) if found else None


def highest(values: Sequence[Value]) -> Value:
    return max(known(values), default=None)


def lowest(values: Sequence[Value]) -> Value:
    return min(known(values), default=None)


def active_debts(client: Client) -> list[Value]:
    return [row["AMT_CREDIT_SUM_DEBT"] for row in client.of("bureau") if row["CREDIT_ACTIVE"] == "Active"]


def debt_to_credit(client: Client) -> Value:
    pairs = [(row["AMT_CREDIT_SUM_DEBT"], row["AMT_CREDIT_SUM"]) for row in client.of("bureau")]
    both = [(debt, credit) for debt, credit in pairs if debt is not None and credit is not None]
    return divided(math.fsum(debt for debt, _ in both), math.fsum(credit for _, credit in both)) if both else None


def types_of_credit(client: Client) -> Value:
    return float(len({row["CREDIT_TYPE"] for row in client.of("bureau")} - {None}))


def months_late_share(client: Client) -> Value:
    months = late = 0
    for row in client.of("bureau_balance"):
        months += 1
        late += row["STATUS"] in {"1", "2", "3", "4", "5"}
    return late / months if months else None


def last_late_month(client: Client) -> Value:
    return highest(
        [r["MONTHS_BALANCE"] for r in client.of("bureau_balance") if r["STATUS"] in {"1", "2", "3", "4", "5"}]
    )


def credits_with_months(client: Client) -> Value:
    return float(len({row["SK_ID_BUREAU"] for row in client.of("bureau_balance")}))


def days_late(row: Row) -> Value:
    if row["DAYS_ENTRY_PAYMENT"] is None or row["DAYS_INSTALMENT"] is None:
        return None
    return max(0.0, float(row["DAYS_ENTRY_PAYMENT"] - row["DAYS_INSTALMENT"]))


def recent_payments(client: Client) -> list[Row]:
    return [
        row
        for row in client.of("installments_payments")
        if row["DAYS_INSTALMENT"] is not None and row["DAYS_INSTALMENT"] >= -365
    ]


def share_late(client: Client) -> Value:
    late = [days_late(row) for row in recent_payments(client)]
    return mean([None if days is None else float(days > 0) for days in late])


def missing_from_instalment(row: Row) -> Value:
    if row["AMT_INSTALMENT"] is None or row["AMT_PAYMENT"] is None:
        return None
    return max(0.0, float(row["AMT_INSTALMENT"] - row["AMT_PAYMENT"]))


def interest_rate(row: Row) -> Value:
    """The constant-ratio rule: 2 · 12 · (nA - C) / (C · (n + 1))."""
    annuity, credit, term = row["AMT_ANNUITY"], row["AMT_CREDIT"], row["CNT_PAYMENT"]
    if annuity is None or credit is None or term is None:
        return None
    return divided(2 * 12 * (term * annuity - credit), credit * (term + 1))


def approved(client: Client) -> list[Row]:
    return [row for row in client.of("previous_application") if row["NAME_CONTRACT_STATUS"] == "Approved"]


def refused_last_year(client: Client) -> Value:
    return float(
        sum(
            row["NAME_CONTRACT_STATUS"] == "Refused"
            and row["DAYS_DECISION"] is not None
            and row["DAYS_DECISION"] >= -365
            for row in client.of("previous_application")
        )
    )


def remaining_share(client: Client) -> Value:
    rows = [row for row in client.of("POS_CASH_balance") if row["MONTHS_BALANCE"] >= -6]
    return lowest([divided(row["CNT_INSTALMENT_FUTURE"], row["CNT_INSTALMENT"]) for row in rows])


def limit_used(client: Client) -> Value:
    rows = [row for row in client.of("credit_card_balance") if row["MONTHS_BALANCE"] >= -3]
    return highest([divided(row["AMT_BALANCE"], row["AMT_CREDIT_LIMIT_ACTUAL"]) for row in rows])


def running_annuities(client: Client) -> Value:
    rows = client.of("previous_application")
    return total([row["AMT_ANNUITY"] for row in rows if row["FLAG_STILL_ACTIVE"] == 1.0])


def scores(client: Client) -> list[Value]:
    return [client.application[f"EXT_SOURCE_{number}"] for number in (1, 2, 3)]


def weighted_scores(client: Client) -> Value:
    pairs = [(weight, score) for weight, score in zip((2, 1, 3), scores(client), strict=True) if score is not None]
    return sum(w * s for w, s in pairs) / sum(w for w, _ in pairs) if pairs else None


def plausible_rates(client: Client) -> list[Value]:
    """The rates of at least 8.5 % and at most 100 % a year, if the loan runs 6, 12 … 60 months."""
    row = client.application
    rates = known([interest_rate({**row, "CNT_PAYMENT": float(months)}) for months in range(6, 61, 6)])
    return [rate for rate in rates if 0.085 <= rate <= 1.0]


def enquiries(client: Client) -> Value:
    return total([v for name, v in client.application.items() if name.startswith("AMT_REQ_CREDIT_BUREAU_")])


# What a client's rounded rows may add up to: half a step a row, and the rounding of the last digit.
Oracle = tuple[Callable[[Client], Value], float]
BY_HAND: dict[str, Oracle] = {
    "BUREAU__CREDITS__COUNT": (lambda c: float(len(c.of("bureau"))), 0.0),
    "BUREAU__CREDIT_TYPE__NUNIQUE": (types_of_credit, 0.0),
    "BUREAU__AMT_CREDIT_SUM_DEBT__SUM__ACTIVE": (lambda c: total(active_debts(c)), AMOUNT_STEP),
    "BUREAU__AMT_CREDIT_SUM_DEBT__MAX__ACTIVE": (lambda c: highest(active_debts(c)), AMOUNT_STEP),
    "BUREAU__AMT_CREDIT_SUM_DEBT_TO_AMT_CREDIT_SUM__RATIO": (debt_to_credit, RATIO_STEP),
    "BUREAU__DAYS_CREDIT__MAX": (lambda c: highest([row["DAYS_CREDIT"] for row in c.of("bureau")]), 0.0),
    "BUREAU_BALANCE__CREDITS__COUNT": (credits_with_months, 0.0),
    "BUREAU_BALANCE__MONTHS_LATE_TO_MONTHS__RATIO": (months_late_share, RATIO_STEP),
    "BUREAU_BALANCE__LAST_LATE_MONTH__MAX": (last_late_month, 0.0),
    "INSTALLMENTS__PAYMENTS__COUNT__365D": (lambda c: float(len(recent_payments(c))), 0.0),
    "INSTALLMENTS__DAYS_LATE__MAX__365D": (lambda c: highest([days_late(r) for r in recent_payments(c)]), 0.0),
    "INSTALLMENTS__DAYS_LATE__MEAN__365D": (lambda c: mean([days_late(r) for r in recent_payments(c)]), 0.0),
    "INSTALLMENTS__IS_LATE__MEAN__365D": (share_late, 0.0),
    "INSTALLMENTS__AMT_SHORT__SUM__365D": (
        lambda c: total([missing_from_instalment(r) for r in recent_payments(c)]),
        AMOUNT_STEP,
    ),
    "PREVIOUS__APPLICATIONS__COUNT__REFUSED_365D": (refused_last_year, 0.0),
    "PREVIOUS__INTEREST_RATE__MEAN__APPROVED": (lambda c: mean([interest_rate(r) for r in approved(c)]), RATIO_STEP),
    "PREVIOUS__SELLERPLACE_AREA__MAX": (
        lambda c: highest([r["SELLERPLACE_AREA"] for r in c.of("previous_application")]),
        0.0,
    ),
    "PREVIOUS__AMT_ANNUITY__SUM__RUNNING": (running_annuities, AMOUNT_STEP),
    "POS__SHARE_REMAINING__MIN__6M": (remaining_share, RATIO_STEP),
    "CARD__LIMIT_USED__MAX__3M": (limit_used, RATIO_STEP),
    "APPLICATION__EXT_SOURCE__WEIGHTED": (weighted_scores, 0.0),
    "APPLICATION__INTEREST_RATE__MIN": (lambda c: lowest(plausible_rates(c)), 0.0),
    "APPLICATION__EXT_SOURCE__KNOWN": (lambda c: float(len(known(scores(c)))), 0.0),
    "APPLICATION__ENQUIRIES__SUM": (enquiries, 0.0),
    "APPLICATION__CREDIT_TO_ANNUITY": (
        lambda c: divided(c.application["AMT_CREDIT"], c.application["AMT_ANNUITY"]),
        0.0,
    ),
    "RELATION__BUREAU_DEBT_TO_INCOME": (
        lambda c: divided(total(active_debts(c)), c.application["AMT_INCOME_TOTAL"]),
        AMOUNT_STEP,
    ),
}


TABLES = {
    "BUREAU": "bureau",
    "BUREAU_BALANCE": "bureau_balance",
    "INSTALLMENTS": "installments_payments",
    "PREVIOUS": "previous_application",
    "POS": "POS_CASH_balance",
    "CARD": "credit_card_balance",
}


def clients_of(frames: Frames, number: int) -> list[Client]:
    """The rows of `number` clients, gathered by loops."""
    applications = frames["application"].sort(APPLICATION_ID).collect().sample(number, seed=11).to_dicts()
    clients = {row[APPLICATION_ID]: Client(row, {}) for row in applications}
    owner: dict[int, int] = {}
    for name, frame in frames.items():
        if name in {"application", "bureau_balance"}:
            continue
        for row in frame.filter(pl.col(APPLICATION_ID).is_in(list(clients))).collect().iter_rows(named=True):
            clients[row[APPLICATION_ID]].rows.setdefault(name, []).append(row)
            if name == "bureau":
                owner[row["SK_ID_BUREAU"]] = row[APPLICATION_ID]
    if "bureau_balance" in frames:
        for row in frames["bureau_balance"].collect().iter_rows(named=True):
            if row["SK_ID_BUREAU"] in owner:
                clients[owner[row["SK_ID_BUREAU"]]].rows.setdefault("bureau_balance", []).append(row)
    return list(clients.values())


def assert_counted(frames: Frames, number: int) -> None:
    matrix = assemble(frames).select(APPLICATION_ID, *BY_HAND)
    features = {row[APPLICATION_ID]: row for row in matrix.iter_rows(named=True)}
    for client in clients_of(frames, number):
        found = features[client.application[APPLICATION_ID]]
        rows = max((len(of) for of in client.rows.values()), default=1)
        wrong = []
        for name, (by_hand, step) in BY_HAND.items():
            table = TABLES.get(name.split("__")[0], "application")
            wanted = by_hand(client) if table in frames else None
            if found[name] != (None if wanted is None else pytest.approx(wanted, rel=1e-9, abs=step * rows + 1e-12)):
                wrong.append(name)
        assert wrong == []  # names only: rows may be real


def test_synthetic_clients_are_counted_as_by_hand(synthetic_tables: Tables) -> None:
    assert_counted(synthetic_tables.of("application_train"), 200)
    assert_counted(synthetic_tables.of("application_test"), 30)


@pytest.mark.parametrize("folder", ["all_tables", "five_tables"])
def test_real_clients_are_counted_as_by_hand(folder: str, real_folder: Callable[[str], Any]) -> None:
    with read_tables(real_folder(folder)) as tables:
        assert_counted(tables.of("application_train"), 100)


def test_means_over_columns_are_added_from_the_first_to_the_last(synthetic_tables: Tables) -> None:
    """To the last bit: `mean_horizontal` adds in an order that depends on threads and on what else is evaluated."""
    for row in assemble(synthetic_tables.of("application_train")).iter_rows(named=True):
        client = Client(row, {})
        for name, values in (("EXT_SOURCE", scores(client)), ("INTEREST_RATE", plausible_rates(client))):
            found = known(values)
            wanted = reduce(add, found) / len(found) if found else None
            assert row[f"APPLICATION__{name}__MEAN"] == wanted


@settings(max_examples=15)
@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_areas_of_any_size_come_through(one: int, other: int) -> None:
    frames = {
        "application": pl.DataFrame({APPLICATION_ID: [1]}),
        "previous_application": pl.DataFrame(
            {APPLICATION_ID: [1, 1], "SK_ID_PREV": [1, 2], "SELLERPLACE_AREA": [one, other]}
        ),
    }
    row = assemble(tables_from_frames(frames).of("application_test")).row(0, named=True)
    assert row["PREVIOUS__SELLERPLACE_AREA__MAX"] == max(one, other)
    assert row["PREVIOUS__SELLERPLACE_AREA__MEAN"] == (one + other) / 2


@settings(max_examples=15)
@given(st.lists(st.none() | st.sampled_from(["Car loan", "Mortgage", "Microloan"]), min_size=1, max_size=5))
def test_what_is_missing_is_no_value_to_count(types: list[str | None]) -> None:
    bureau = {APPLICATION_ID: [1] * len(types), "SK_ID_BUREAU": list(range(len(types)))}
    frames = {
        "application": pl.DataFrame({APPLICATION_ID: [1]}),
        "bureau": pl.DataFrame(bureau | {"CREDIT_TYPE": pl.Series(types, dtype=pl.String)}),
    }
    row = assemble(tables_from_frames(frames).of("application_test")).row(0, named=True)
    assert row["BUREAU__CREDITS__COUNT"] == len(types)
    assert row["BUREAU__CREDIT_TYPE__NUNIQUE"] == len(set(types) - {None})
    assert row["BUREAU__CREDITS__COUNT__MORTGAGE"] == types.count("Mortgage")


some_score = st.none() | st.floats(0.0, 1.0)


@settings(max_examples=40)
@given(some_score, some_score, some_score)
def test_the_weighted_score_is_a_mean_of_the_known_ones(e1: Value, e2: Value, e3: Value) -> None:
    frame = pl.DataFrame(
        {APPLICATION_ID: [1], "EXT_SOURCE_1": [e1], "EXT_SOURCE_2": [e2], "EXT_SOURCE_3": [e3]},
        schema={APPLICATION_ID: pl.Int64} | dict.fromkeys(("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3"), pl.Float64),
    )
    row = assemble(tables_from_frames({"application": frame}).of("application_test")).row(0, named=True)
    client = Client(row, {})
    for name in ("WEIGHTED", "KNOWN"):
        wanted = BY_HAND[f"APPLICATION__EXT_SOURCE__{name}"][0](client)
        found = row[f"APPLICATION__EXT_SOURCE__{name}"]
        assert found == (None if wanted is None else pytest.approx(wanted, rel=1e-9, abs=1e-12))
    found = row["APPLICATION__EXT_SOURCE__WEIGHTED"]
    if found is not None:
        assert min(known([e1, e2, e3])) - 1e-12 <= found <= max(known([e1, e2, e3])) + 1e-12
