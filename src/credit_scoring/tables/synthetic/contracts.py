"""Instalment contracts: what was due, when it was paid, and the monthly balances that follow from it."""

from dataclasses import dataclass, fields

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.tables.synthetic.aggregates import Aggregates
from credit_scoring.tables.synthetic.application import category
from credit_scoring.tables.synthetic.normal import Floats, probability
from credit_scoring.tables.synthetic.tables import Frame

MONTH = 30.4375
WINDOW = 96  # months of history that the files keep
OLDER = 0.09  # contracts per client that began before the window: their SK_ID_PREV is not in previous_application
# Share of ended contracts whose last balance still says Active, by half-years since the end (0: the last six months).
UNTOLD = (0.24, 0.0, 0.0, 0.001, 0.006, 0.019, 0.025, 0.055, 0.08, 0.28, 0.53, 0.69, 0.34, 0.09, 0.10, 0.17)
STATUS = ("Active", "Completed", "Signed", "Approved", "Demand", "Returned to the store")


@dataclass
class Contracts:
    """One row per contract with instalments."""

    previous: NDArray[np.int64]
    client: NDArray[np.int64]
    first_due: Floats
    term: Floats
    paid: Floats  # instalments until it ended, or the term where it has not
    ended: Floats  # day it ended, 365243 where it has not
    ahead: NDArray[np.bool_]  # paid off before the plan's end
    annuity: Floats

    def joined(self, other: "Contracts") -> "Contracts":
        """Return these contracts and the other ones."""
        return Contracts(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))


def begun(frame: Frame, client: NDArray[np.int64], ids: NDArray[np.int64]) -> Contracts:
    """Return the contracts that the approved earlier applications became."""
    rows = np.flatnonzero(
        frame["dated"] & ~frame["card"] & (frame["first_due"] < 0) & (np.nan_to_num(frame["previous.term"]) > 0)
    )
    term = frame["previous.term"][rows]
    paid = np.where(frame["done"][rows], frame["paid"][rows], term)
    return Contracts(
        ids[rows],
        client[rows],
        frame["first_due"][rows],
        term,
        paid,
        frame["ended"][rows],
        frame["ahead"][rows],
        frame["annuity"][rows],
    )


def older(contracts: Contracts, clients: int, rng: np.random.Generator) -> Contracts:
    """Return contracts from before the window, like those in it: only their last months are seen."""
    count = rng.poisson(OLDER * clients)
    if not len(contracts.previous) or not count:
        return Contracts(*(getattr(contracts, f.name)[:0] for f in fields(contracts)))
    like = rng.integers(0, len(contracts.previous), count)
    term = contracts.term[like]
    first = -WINDOW * MONTH - np.round(rng.random(count) * np.maximum(term - 1, 1) * 30.0)
    last = first + 30.0 * (term - 1)
    return Contracts(
        np.zeros(count, np.int64),
        rng.integers(0, clients, count),
        first,
        term,
        term,
        last + rng.integers(2, 12, count),
        np.zeros(count, bool),
        contracts.annuity[like],
    )


def runs(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for each element of runs of these lengths its run and its place in it."""
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)


def payments(
    aggregates: Aggregates, contracts: Contracts, z: Floats, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats, Floats]:
    """Return the instalments due before today: contract, number, day due and days paid late (negative: ahead)."""
    due = np.minimum(contracts.paid, np.floor((-1.0 - contracts.first_due) / 30.0) + 1.0).astype(np.int64).clip(min=0)
    owner, place = runs(due)
    day = contracts.first_due[owner] + 30.0 * place
    kept = day > -WINDOW * MONTH
    owner, place, day = owner[kept], place[kept], day[kept]
    scores = aggregates.rows["payment"]
    at = scores.names.index("payment.late")
    trait, own = scores.traits[at], aggregates.contract_loading["payment.late"]
    base = scores.loading[at] * z[contracts.client, trait] + own * rng.standard_normal(len(contracts.previous))
    rest = np.sqrt(max(1.0 - scores.loading[at] ** 2 - own**2, 0.05))
    share = probability(base[owner] + rest * rng.standard_normal(len(owner)))
    late = aggregates.tables["payment.late"].draw(share, {}, aggregates.sizes)
    return owner, place + 1, day, late


def installments(
    aggregates: Aggregates,
    contracts: Contracts,
    curr: NDArray[np.int64],
    z: Floats,
    paid: tuple[NDArray[np.int64], NDArray[np.int64], Floats, Floats],
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Return the rows of installments_payments for the contracts: a row per payment."""
    owner, number, day, late = paid
    n = len(owner)
    final = contracts.ahead[owner] & (number == contracts.paid[owner])
    remaining = contracts.term[owner] - contracts.paid[owner]
    amount = contracts.annuity[owner]
    amount = np.where(final, amount * (1.0 + remaining * 0.82), amount)
    amount = np.where(~final & (number == contracts.term[owner]), amount * (0.93 + 0.07 * rng.random(n)), amount)
    reset = (rng.random(len(contracts.previous)) < 0.045)[owner] & (number > 2)
    version = np.where(final, 2.0, np.where(reset, 2.0 + rng.integers(0, 5, len(contracts.previous))[owner], 1.0))
    amount = np.round(
        np.round(np.where(reset & ~final, amount * (0.6 + 0.5 * rng.random(n)), amount) / 0.045) * 0.045, 3
    )
    entry = day + late
    split = split_payments(aggregates, contracts, z, owner, rng)
    part = np.where(
        split,
        aggregates.tables["payment.first_part"].draw(rng.random(n), {}, aggregates.sizes).clip(0.001, 0.999),
        1.0,
    )
    first = np.round(np.round(amount * part / 0.045) * 0.045, 3)
    again = np.flatnonzero(split)
    entry_2 = entry[again] + np.where(
        rng.random(len(again)) < 0.6, rng.integers(20, 34, len(again)), rng.integers(0, 20, len(again))
    )
    rows = {
        "SK_ID_PREV": contracts.previous[owner],
        "SK_ID_CURR": curr[contracts.client[owner]],
        "NUM_INSTALMENT_VERSION": version,
        "NUM_INSTALMENT_NUMBER": number,
        "DAYS_INSTALMENT": day,
        "DAYS_ENTRY_PAYMENT": entry,
        "AMT_INSTALMENT": amount,
        "AMT_PAYMENT": first,
    }
    more = {name: column[again] for name, column in rows.items()}
    more |= {"DAYS_ENTRY_PAYMENT": entry_2, "AMT_PAYMENT": np.round(amount[again] - first[again], 3)}
    out = pl.concat([pl.DataFrame(rows), pl.DataFrame(more)])
    unpaid = (pl.col("DAYS_ENTRY_PAYMENT") >= 0) & (pl.Series(rng.random(out.height)) < 0.03)
    return out.filter((pl.col("DAYS_ENTRY_PAYMENT") < 0) | unpaid).with_columns(
        pl.when(pl.col("DAYS_ENTRY_PAYMENT") < 0).then(pl.col("DAYS_ENTRY_PAYMENT", "AMT_PAYMENT"))
    )


def split_payments(
    aggregates: Aggregates,
    contracts: Contracts,
    z: Floats,
    owner: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Return which instalments were paid in two: some people nearly always do."""
    scores = aggregates.rows["payment"]
    at = scores.names.index("payment.split")
    own = aggregates.contract_loading["payment.split"]
    base = scores.loading[at] * z[contracts.client, scores.traits[at]] + own * rng.standard_normal(
        len(contracts.previous)
    )
    rest = np.sqrt(max(1.0 - scores.loading[at] ** 2 - own**2, 0.05))
    share = probability(base[owner] + rest * rng.standard_normal(len(owner)))
    table = aggregates.tables["payment.split"]
    split: NDArray[np.bool_] = np.array(table.values)[table.draw(share, {}, aggregates.sizes)] == 1
    return split


def balances(
    contracts: Contracts,
    curr: NDArray[np.int64],
    paid: tuple[NDArray[np.int64], NDArray[np.int64], Floats, Floats],
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Return the rows of POS_CASH_balance: a month from the contract's start to its end, counting down."""
    n = len(contracts.previous)
    start = np.floor(contracts.first_due / MONTH).astype(np.int64) - rng.choice(3, n, p=[0.435, 0.55, 0.015])
    ended = np.floor(contracts.ended / MONTH).astype(np.int64)
    done = contracts.ended < 0
    told = done & (rng.random(n) >= np.array(UNTOLD)[np.clip(-ended // 6, 0, len(UNTOLD) - 1)])
    last = np.where(done, ended + (rng.random(n) < 0.46) * told, -1 - rng.choice(4, n, p=[0.53, 0.41, 0.04, 0.02]))
    stuck = (rng.random(n) < 0.0035) & done
    last = np.minimum(np.where(stuck, last + rng.integers(3, 60, n), last), -1)
    begin = np.maximum(start, -WINDOW)
    owner, place = runs(np.maximum(last - begin + 1, 0))
    month = begin[owner] + place
    age = month - start[owner]
    final = (month == last[owner]) & told[owner]
    closing = contracts.ahead[owner] & (age >= contracts.paid[owner]) & done[owner]
    term = np.where(closing, np.maximum(contracts.paid[owner], 1.0), contracts.term[owner])
    future = np.where(closing | final, 0.0, np.maximum(contracts.term[owner] - age, 0.0))
    overdue = _overdue(contracts, paid, owner, month, stuck, rng)
    signed = np.where(rng.random(n) < 0.09, 2, np.where(rng.random(n) < 0.006, 3, 0))
    status = np.where(final, 1, np.where(age == 0, signed[owner], 0))
    status = np.where((overdue > 600) & (rng.random(len(owner)) < 0.05), 4, status)
    near = rng.random(len(owner)) < np.where(overdue > 60, 0.15, 0.45)
    blank = (rng.random(n) < 0.0027)[owner]
    return pl.DataFrame(
        {
            "SK_ID_PREV": contracts.previous[owner],
            "SK_ID_CURR": curr[contracts.client[owner]],
            "MONTHS_BALANCE": month,
            "CNT_INSTALMENT": np.where(blank, np.nan, term),
            "CNT_INSTALMENT_FUTURE": np.where(blank, np.nan, future),
            "NAME_CONTRACT_STATUS": category(STATUS, status),
            "SK_DPD": overdue,
            "SK_DPD_DEF": np.where(near, overdue, 0),
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))


def _overdue(
    contracts: Contracts,
    paid: tuple[NDArray[np.int64], NDArray[np.int64], Floats, Floats],
    owner: NDArray[np.int64],
    month: NDArray[np.int64],
    stuck: NDArray[np.bool_],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Return days past due at each month's end: of the instalment not yet paid, or for ever on a stuck contract."""
    contract, _, day, late = paid
    key = contract * 128 + np.floor(day / MONTH).astype(np.int64) + 127
    table = np.zeros(len(contracts.previous) * 128 + 128, np.int64)
    for later in range(4):
        end = np.ceil((np.floor(day / MONTH) + 1 + later) * MONTH)
        open_ = (day + late > end) & (rng.random(len(day)) < 0.9)
        np.maximum.at(table, key[open_] + later, np.maximum(end - day, 1)[open_].astype(np.int64))
    overdue = table[owner * 128 + month + 127]
    chronic = stuck[owner] & (month * MONTH > contracts.ended[owner])
    return np.where(chronic, np.round(month * MONTH - contracts.ended[owner]).astype(np.int64) + 15, overdue)
