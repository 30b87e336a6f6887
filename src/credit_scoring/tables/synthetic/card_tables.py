"""The rows of credit_card_balance, and those of installments_payments that cards have."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.tables.synthetic.aggregates import Aggregates
from credit_scoring.tables.synthetic.application import category
from credit_scoring.tables.synthetic.cards import Cards, Run
from credit_scoring.tables.synthetic.contracts import MONTH, WINDOW, runs

STATUS = ("Active", "Completed", "Signed")


def credit_card_balance(cards: Cards, run: Run, curr: NDArray[np.int64], rng: np.random.Generator) -> pl.DataFrame:
    """Return the rows of credit_card_balance."""
    n = len(cards.start)
    last = -1 - rng.choice(4, n, p=[0.6, 0.29, 0.065, 0.045])
    owner, place = runs(np.maximum(last - cards.start + 1, 0))
    at = (owner, cards.start[owner] + place + WINDOW)
    never = ~run.used[at]
    gone = np.where(never, np.nan, 0.0)
    atm, shop = run.atm[at], run.shop[at]
    balance = run.balance[at]
    paid = run.payment[at]
    habit = np.exp(rng.normal(5.6, 1.5, n))[owner] * (1.0 + 0.5 * (rng.random(len(owner)) < 0.1))
    idle = ~never & (balance == 0) & (paid == 0) & (rng.random(len(owner)) < 0.86)
    total = np.where((balance > 0) | (rng.random(len(owner)) < 0.2), np.where(idle, habit, paid), 0.0)
    paid = np.where(idle, np.round(habit / 0.045) * 0.045, paid)
    times = np.where(atm > 0, 1 + rng.poisson(1.2, len(owner)), 0.0)
    bought = np.where(shop > 0, 1 + rng.geometric(0.18, len(owner)) - 1.0, 0.0)
    missed = run.missed[at]
    late = np.where(
        missed > 1,
        30 * (missed - 1) + rng.integers(0, 7, len(owner)),
        (missed == 1) & (rng.random(len(owner)) < 0.3),
    )
    chronic = (rng.random(n) < np.where(cards.start < -70, 0.07, 0.003))[owner] & (balance > 0)
    late = np.where(chronic, 30 * np.maximum(place - 40, 1), late)
    status = np.where((run.limit[at] == 0) & (place > 3) & (balance == 0) & (rng.random(len(owner)) < 0.3), 1, 0)
    blank = (rng.random(n) < 0.35)[owner] & (place < 6)
    out = {
        "SK_ID_PREV": cards.previous[owner],
        "SK_ID_CURR": curr[cards.client[owner]],
        "MONTHS_BALANCE": cards.start[owner] + place,
        "AMT_BALANCE": balance,
        "AMT_CREDIT_LIMIT_ACTUAL": run.limit[at].astype(np.int64),
        "AMT_DRAWINGS_ATM_CURRENT": atm + gone,
        "AMT_DRAWINGS_CURRENT": atm + shop,
        "AMT_DRAWINGS_OTHER_CURRENT": gone,
        "AMT_DRAWINGS_POS_CURRENT": shop + gone,
        "AMT_INST_MIN_REGULARITY": np.where(blank, np.nan, run.least[at]),
        "AMT_PAYMENT_CURRENT": paid + gone,
        "AMT_PAYMENT_TOTAL_CURRENT": total,
        "AMT_RECEIVABLE_PRINCIPAL": run.principal[at],
        "AMT_RECIVABLE": balance,
        "AMT_TOTAL_RECEIVABLE": balance,
        "CNT_DRAWINGS_ATM_CURRENT": times + gone,
        "CNT_DRAWINGS_CURRENT": (times + bought).astype(np.int64),
        "CNT_DRAWINGS_OTHER_CURRENT": gone,
        "CNT_DRAWINGS_POS_CURRENT": bought + gone,
        "CNT_INSTALMENT_MATURE_CUM": np.where(blank, np.nan, run.matured[at]),
        "NAME_CONTRACT_STATUS": category(STATUS, status),
        "SK_DPD": late.astype(np.int64),
        "SK_DPD_DEF": np.where(rng.random(len(owner)) < 0.54, late, 0).astype(np.int64),
    }
    return pl.DataFrame(out).with_columns(pl.col(pl.Float64).round(3).fill_nan(None))


def card_installments(
    aggregates: Aggregates, cards: Cards, run: Run, curr: NDArray[np.int64], rng: np.random.Generator
) -> pl.DataFrame:
    """Return the rows of installments_payments for the cards: version 0, one a month once in use."""
    card, step = np.nonzero(run.used & (np.cumsum(run.least > 0, axis=1) > 0))
    n = len(card)
    day = np.round((step - WINDOW) * MONTH + 5.0 + (card % 25))
    late = aggregates.tables["payment.card_late"].draw(rng.random(n), {}, aggregates.sizes)
    due = run.least[card, step]
    habit = np.exp(rng.normal(5.6, 1.5, len(cards.start)))[card]
    amount = np.where(due > 45, due, np.round(habit / 0.045) * 0.045 + 0.045)
    split = rng.random(n) < 0.018
    part = np.where(split, rng.random(n), 1.0)
    fee = np.flatnonzero(rng.random(n) < 0.22)
    rows = pl.DataFrame(
        {
            "SK_ID_PREV": cards.previous[card],
            "SK_ID_CURR": curr[cards.client[card]],
            "NUM_INSTALMENT_VERSION": np.zeros(n),
            "NUM_INSTALMENT_NUMBER": np.ones(n, np.int64),
            "DAYS_INSTALMENT": day,
            "DAYS_ENTRY_PAYMENT": day + late,
            "AMT_INSTALMENT": np.round(amount, 3),
            "AMT_PAYMENT": np.round(amount * part, 3),
        }
    )
    rest = rows.filter(pl.Series(split)).with_columns(
        AMT_PAYMENT=(pl.col("AMT_INSTALMENT") - pl.col("AMT_PAYMENT")).round(3),
        DAYS_ENTRY_PAYMENT=pl.col("DAYS_ENTRY_PAYMENT") + 9,
    )
    small = np.round(np.exp(rng.normal(5.4, 1.3, len(fee))) / 0.045) * 0.045
    fees = rows[fee].with_columns(
        AMT_INSTALMENT=pl.Series(small).round(3),
        AMT_PAYMENT=pl.Series(small).round(3),
        DAYS_INSTALMENT=pl.col("DAYS_INSTALMENT") + 13,
        DAYS_ENTRY_PAYMENT=pl.col("DAYS_ENTRY_PAYMENT") + 13,
    )
    return numbered(pl.concat([rows, rest, fees])).filter(
        (pl.col("DAYS_ENTRY_PAYMENT") < 0) & (pl.col("DAYS_INSTALMENT") < 0)
    )


def numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with the instalments of each card numbered by the day they were due."""
    rank = pl.col("DAYS_INSTALMENT").rank("dense").over("SK_ID_PREV").cast(pl.Int64)
    return rows.with_columns(NUM_INSTALMENT_NUMBER=rank)
