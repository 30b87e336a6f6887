"""Credits with other lenders: the rows of bureau, and the months of bureau_balance."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.tables.synthetic.aggregates import Aggregates
from credit_scoring.tables.synthetic.application import category, draw
from credit_scoring.tables.synthetic.normal import Floats, probability
from credit_scoring.tables.synthetic.spec import BUREAU
from credit_scoring.tables.synthetic.tables import Frame

MONTH = 30.4375
NEXT = {  # from each status to 0, 1, 2, 3, 4, 5: the measured moves between months, before a credit is closed
    1: (0.56, 0.355, 0.049, 0.0013, 0.0, 0.0),
    2: (0.29, 0.154, 0.213, 0.325, 0.006, 0.0),
    3: (0.19, 0.054, 0.048, 0.162, 0.52, 0.022),
    4: (0.13, 0.036, 0.006, 0.05, 0.128, 0.65),
    5: (0.045, 0.005, 0.001, 0.002, 0.003, 0.944),
}
STATUS = ("0", "1", "2", "3", "4", "5", "X", "C")
UNKNOWN, CLOSED = 6, 7


def drawn_credits(
    aggregates: Aggregates, z: Floats, clients: Frame, rng: np.random.Generator
) -> tuple[Frame, NDArray[np.int64]]:
    """Return the credits of a chunk of clients, and whose they are."""
    count = clients["credits"].astype(np.int64)
    client = np.repeat(np.arange(len(count)), count)
    scores = aggregates.rows["bureau"]
    shares = {name: probability(x) for name, x in zip(scores.names, scores.draw(z, client, rng).T, strict=True)}
    frame: Frame = {"covered": clients["covered"][client]}
    draw(BUREAU[:3], aggregates, shares, frame, rng)
    frame["bureau.days_credit"] = np.minimum(frame["bureau.days_credit"], -1.0)
    frame["bureau.days_end"] = frame["bureau.days_credit"] + frame["bureau.term"]
    draw(BUREAU[3:], aggregates, shares, frame, rng)
    frame["closed"] = np.array([value == "Closed" for value in aggregates.tables["bureau.active"].values])[
        frame["bureau.active"]
    ]
    opened, end = frame["bureau.days_credit"], frame["bureau.days_end"]
    reference = np.where(end < 0, end, 0.0)
    at = np.nan_to_num(frame["bureau.closed_at"], nan=1.0)
    fact = np.clip(np.round(opened + at * (reference - opened)), opened, -1.0)
    frame["days_closed"] = np.where(frame["closed"], fact, np.nan)
    return frame, client


def bureau(aggregates: Aggregates, frame: Frame, curr: NDArray[np.int64], ids: NDArray[np.int64]) -> pl.DataFrame:
    """Return the rows of bureau."""
    amount = np.maximum(np.round(frame["bureau.sum"] / 0.045) * 0.045, 0.0)

    def money(ratio: Floats) -> Floats:
        return np.round(np.round(ratio * amount / 0.045) * 0.045, 3)

    closed, fact, at = frame["closed"], frame["days_closed"], frame["bureau.updated_at"]
    update = np.where(closed, fact - np.clip(at, 0.0, 1.0) * fact, np.minimum(at, 0.0)).round()
    late = frame["bureau.days_overdue"] > 0
    known = _values(aggregates, frame, "bureau.annuity_known") == 1
    most = np.maximum(frame["bureau.overdue_most"], 0.0)
    out: dict[str, Any] = {
        "SK_ID_CURR": curr,
        "SK_ID_BUREAU": ids,
        "CREDIT_ACTIVE": _values(aggregates, frame, "bureau.active"),
        "CREDIT_CURRENCY": _values(aggregates, frame, "bureau.currency"),
        "DAYS_CREDIT": frame["bureau.days_credit"].astype(np.int64),
        "CREDIT_DAY_OVERDUE": np.where(late, frame["bureau.days_overdue"], 0.0).astype(np.int64),
        "DAYS_CREDIT_ENDDATE": frame["bureau.days_end"],
        "DAYS_ENDDATE_FACT": fact,
        "AMT_CREDIT_MAX_OVERDUE": np.round(np.round(most / 0.045) * 0.045, 3),
        "CNT_CREDIT_PROLONG": _values(aggregates, frame, "bureau.prolonged"),
        "AMT_CREDIT_SUM": np.round(amount, 3),
        "AMT_CREDIT_SUM_DEBT": money(frame["bureau.debt_ratio"]),
        "AMT_CREDIT_SUM_LIMIT": money(frame["bureau.limit_ratio"]),
        "AMT_CREDIT_SUM_OVERDUE": np.where(late, np.round(frame["bureau.overdue"] / 4.5) * 4.5, 0.0),
        "CREDIT_TYPE": _values(aggregates, frame, "bureau.type"),
        "DAYS_CREDIT_UPDATE": np.maximum(update, frame["bureau.days_credit"]).astype(np.int64),
        "AMT_ANNUITY": np.where(known, money(np.maximum(frame["bureau.annuity_ratio"], 0.0)), np.nan),
    }
    return pl.DataFrame(out).with_columns((pl.col(pl.Float64) + 0.0).fill_nan(None))


def _values(aggregates: Aggregates, frame: Frame, name: str) -> pl.Series:
    return category(aggregates.tables[name].values, frame[name])


def balance(
    aggregates: Aggregates,
    frame: Frame,
    clients: Frame,
    client: NDArray[np.int64],
    ids: NDArray[np.int64],
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Return the months of bureau_balance: runs of statuses, then C from the closing on."""
    covered = np.array(aggregates.tables["covered"].values)[clients["covered"]] == 1
    rows = np.flatnonzero(covered[client])
    frame = {name: column[rows] for name, column in frame.items()}
    first, last, closing = _span(frame, rng)
    months = np.maximum(last - first + 1, 1)
    owner = np.repeat(np.arange(len(rows)), months)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(months) - months, months)
    width = int(months.max(initial=1))
    status = _statuses(clients, client[rows], first, closing, width, rng)[owner, place]
    out = pl.DataFrame({"SK_ID_BUREAU": ids[rows][owner], "MONTHS_BALANCE": first[owner] + place})
    return out.with_columns(STATUS=category(STATUS, status.astype(np.int64)))


def _span(frame: Frame, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """First and last month, and the first month after closing (beyond all where it is open or not reported closed)."""
    n = len(frame["closed"])
    first = np.floor(frame["bureau.days_credit"] / MONTH).astype(np.int64) + (rng.random(n) < 0.96)
    first = np.clip(first, -96, 0)
    closed = np.nan_to_num(np.floor(frame["days_closed"] / MONTH), nan=0.0).astype(np.int64)
    told = frame["closed"] & (rng.random(n) < 0.81)
    closing = np.where(told, closed + rng.choice(3, n, p=[0.17, 0.73, 0.10]), 1)
    ends = rng.random(n) < 0.15
    last = np.where(ends, np.round(np.where(frame["closed"], closed, first) * rng.random(n)), 0).astype(np.int64)
    still = ~frame["closed"] & (rng.random(n) < 0.085)
    closing = np.where(still, np.round(first * rng.random(n)), closing)
    return first, np.maximum(last, first), np.maximum(closing, first)


def _statuses(
    clients: Frame,
    client: NDArray[np.int64],
    first: NDArray[np.int64],
    closing: NDArray[np.int64],
    width: int,
    rng: np.random.Generator,
) -> NDArray[np.int8]:
    """Return a chain of months per credit; the client's own rates decide how often it is unknown or past due."""
    n = len(client)
    unknown = np.clip(np.nan_to_num(clients["unknown"][client], nan=0.4), 0.0, 0.97)
    kind = rng.random(n)
    unknown = np.where(kind < unknown * 0.3, 0.9999, np.where(kind > 1 - (1 - unknown) * 0.55, 0.0, unknown))
    leave = np.where(unknown > 0.999, 0.0, 0.11)
    enter = np.minimum(0.11 * unknown / np.maximum(1 - unknown, 0.01), 0.9)
    behind = np.clip(np.nan_to_num(clients["behind"][client], nan=0.02), 0.0, 0.6)
    fall = np.minimum(0.62 * behind / (1 - behind), 0.6)
    state = np.where(rng.random(n) < np.maximum(unknown, 0.3 * (unknown > 0.02)), UNKNOWN, 0)
    out = np.empty((n, width), np.int8)
    moves = np.cumsum(np.array([NEXT[k] for k in range(1, 6)]), axis=1)
    moves /= moves[:, -1:]
    for step in range(width):
        luck = rng.random(n)
        if step:
            past = (state >= 1) & (state <= 5)
            from_0 = np.where(luck < fall, 1, np.where(luck < fall + enter, UNKNOWN, 0))
            from_x = np.where(luck < leave, 0, UNKNOWN)
            from_past = (luck[:, None] > moves[np.clip(state - 1, 0, 4)]).sum(1)
            state = np.where(past, from_past, np.where(state == UNKNOWN, from_x, from_0))
        out[:, step] = np.where(first + step >= closing, CLOSED, state)
    return out
