"""Earlier applications with the lender: the rows of previous_application, and the contracts that came of them."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.tables.synthetic.aggregates import Aggregates
from credit_scoring.tables.synthetic.application import category, draw
from credit_scoring.tables.synthetic.normal import Floats, probability
from credit_scoring.tables.synthetic.spec import PREVIOUS
from credit_scoring.tables.synthetic.tables import Frame

RATE_FACTOR = 1.0890909  # RATE_DOWN_PAYMENT is this times the down payment's share of price and credit
NEVER = 365243.0


def requests(
    aggregates: Aggregates, z: Floats, clients: Frame, rng: np.random.Generator
) -> tuple[Frame, NDArray[np.int64]]:
    """Return the earlier applications of a chunk of clients, and whose they are."""
    count = clients["requests"].astype(np.int64)
    client = np.repeat(np.arange(len(count)), count)
    scores = aggregates.rows["previous"]
    shares = {name: probability(x) for name, x in zip(scores.names, scores.draw(z, client, rng).T, strict=True)}
    frame: Frame = {}
    draw(PREVIOUS[:2], aggregates, shares, frame, rng)
    decision = np.clip(frame["previous.days_decision"], -2922.0, -1.0)
    same_day(decision, client, rng)
    frame["previous.days_decision"] = decision
    frame["previous.place"] = places(decision, client)
    position = [variable.name for variable in PREVIOUS].index("previous.kept")
    draw(PREVIOUS[2:position], aggregates, shares, frame, rng)
    schedule(aggregates, frame)
    draw(PREVIOUS[position:], aggregates, shares, frame, rng)
    amounts(frame)
    dates(aggregates, frame)
    return frame, client


def same_day(decision: Floats, client: NDArray[np.int64], rng: np.random.Generator) -> None:
    """Move a share of the applications to the day of the client's row before: people ask twice on one day."""
    again = np.flatnonzero((rng.random(len(client)) < 0.22) & (np.r_[-1, client[:-1]] == client))
    decision[again] = decision[again - 1]


def places(decision: Floats, client: NDArray[np.int64]) -> Floats:
    """Return how many earlier applications of the client each row has."""
    order = np.lexsort((decision, client))
    begin = np.flatnonzero(np.r_[True, np.diff(client) > 0]) if len(client) else np.zeros(0, np.int64)
    out = np.empty(len(client))
    out[order] = np.arange(len(client)) - np.repeat(begin, np.diff(np.r_[begin, len(client)]))
    return out


def chosen(aggregates: Aggregates, frame: Frame, name: str, value: str) -> NDArray[np.bool_]:
    """Return where a category has a value."""
    return np.array([one == value for one in aggregates.tables[name].values])[frame[name]]


def schedule(aggregates: Aggregates, frame: Frame) -> None:
    """Add when the first instalment is due and how much of the term has passed."""
    approved = chosen(aggregates, frame, "previous.status", "Approved")
    dated = approved & (np.array(aggregates.tables["previous.dated"].values)[frame["previous.dated"]] == 1)
    card = chosen(aggregates, frame, "previous.type", "Revolving loans")
    frame["approved"], frame["dated"], frame["card"] = approved, dated, card
    first = frame["previous.days_decision"] + np.maximum(frame["previous.first_due"], 1.0)
    term = np.where(np.nan_to_num(frame["previous.term"]) > 0, frame["previous.term"], 1.0)
    frame["first_due"] = first
    frame["planned_last"] = first + 30.0 * (term - 1)
    frame["previous.elapsed"] = np.where(frame["planned_last"] >= 0, -first / 30.0 / term, np.nan)


def _cents(amount: Floats) -> Floats:
    """Return the amounts on the grid that the scaled currency of the real files has."""
    return np.round(np.round(amount / 0.045) * 0.045, 3)


def amounts(frame: Frame) -> None:
    """Add application, credit, annuity and down payment."""
    asked = _cents(np.maximum(frame["previous.amount"], 0.0))
    down = np.round(np.maximum(frame["previous.down"], 0.0) * asked / 4.5) * 4.5
    financed = np.maximum(asked - np.nan_to_num(down), 0.0)
    limit = np.nan_to_num(frame["previous.limit"])
    credit = np.where(asked > 0, _cents(financed * frame["previous.credit_ratio"]), limit)
    term = frame["previous.term"]
    share = frame["previous.cost"] / np.maximum(np.nan_to_num(term), 1.0)
    annuity = np.where(np.isnan(term), np.nan, np.where(frame["card"], 0.05 * credit, _cents(credit * share)))
    frame |= {"asked": asked, "credit": credit, "annuity": annuity, "down": down}


def dates(aggregates: Aggregates, frame: Frame) -> None:
    """Add when a contract was paid off, last due and ended: by plan, ahead of it, or not yet."""
    term = np.maximum(np.nan_to_num(frame["previous.term"]), 1.0)
    first, planned = frame["first_due"], frame["planned_last"]
    past = planned < 0
    early = np.array(aggregates.tables["previous.closed_early"].values)[frame["previous.closed_early"]] == 1
    paid = np.where(
        past,
        np.round(frame["previous.kept"] * term),
        np.ceil(np.clip(frame["previous.early_at"], 0, 1) * -first / 30),
    )
    paid = np.clip(paid, 1, term)
    last = first + 30.0 * (paid - 1)
    done = (past | early) & (last < 0)
    frame["paid"], frame["done"] = paid, done
    frame["last_due"] = np.where(done, last, NEVER)
    end = last + np.maximum(frame["previous.ended"], 0.0)
    frame["ended"] = np.where(done & (end < 0), end, NEVER)
    frame["ahead"] = done & (paid < term)


def previous_application(
    aggregates: Aggregates, frame: Frame, curr: NDArray[np.int64], ids: NDArray[np.int64]
) -> pl.DataFrame:
    """Return the rows of previous_application."""

    def one(name: str) -> pl.Series:
        return category(aggregates.tables[name].values, frame[name])

    flags = np.array([[value[0], value[1:]] for value in aggregates.tables["previous.last_flags"].values], dtype=object)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = RATE_FACTOR * frame["down"] / (frame["credit"] + frame["down"])
    insured = aggregates.tables["previous.insured"].values
    combination = aggregates.tables["previous.combination"].values
    dated = frame["dated"]
    out: dict[str, Any] = {
        "SK_ID_PREV": ids,
        "SK_ID_CURR": curr,
        "NAME_CONTRACT_TYPE": one("previous.type"),
        "AMT_ANNUITY": frame["annuity"],
        "AMT_APPLICATION": frame["asked"],
        "AMT_CREDIT": frame["credit"],
        "AMT_DOWN_PAYMENT": frame["down"],
        "AMT_GOODS_PRICE": np.where(frame["asked"] > 0, frame["asked"], np.nan),
        "WEEKDAY_APPR_PROCESS_START": one("previous.weekday"),
        "HOUR_APPR_PROCESS_START": frame["previous.hour"].astype(np.int64),
        "FLAG_LAST_APPL_PER_CONTRACT": category(tuple(flags[:, 0]), frame["previous.last_flags"]),
        "NFLAG_LAST_APPL_IN_DAY": flags[:, 1].astype(np.int64)[frame["previous.last_flags"]],
        "RATE_DOWN_PAYMENT": np.where(np.isnan(frame["down"]), np.nan, np.nan_to_num(rate)),
        "RATE_INTEREST_PRIMARY": frame["previous.interest"],
        "RATE_INTEREST_PRIVILEGED": np.where(
            np.isnan(frame["previous.interest"]), np.nan, frame["previous.privileged"]
        ),
        "NAME_CASH_LOAN_PURPOSE": one("previous.purpose"),
        "NAME_CONTRACT_STATUS": one("previous.status"),
        "DAYS_DECISION": frame["previous.days_decision"].astype(np.int64),
        "NAME_PAYMENT_TYPE": one("previous.payment"),
        "CODE_REJECT_REASON": one("previous.reason"),
        "NAME_TYPE_SUITE": one("previous.suite"),
        "NAME_CLIENT_TYPE": one("previous.client"),
        "NAME_GOODS_CATEGORY": one("previous.goods"),
        "NAME_PORTFOLIO": one("previous.portfolio"),
        "NAME_PRODUCT_TYPE": one("previous.product"),
        "CHANNEL_TYPE": one("previous.channel"),
        "SELLERPLACE_AREA": frame["previous.area"].astype(np.int64),
        "NAME_SELLER_INDUSTRY": one("previous.industry"),
        "CNT_PAYMENT": frame["previous.term"],
        "NAME_YIELD_GROUP": one("previous.yield"),
        "PRODUCT_COMBINATION": category(
            tuple(None if c == "none" else c for c in combination), frame["previous.combination"]
        ),
        **_date_columns(aggregates, frame),
        "NFLAG_INSURED_ON_APPROVAL": np.where(dated, np.array(insured, np.float64)[frame["previous.insured"]], np.nan),
    }
    return pl.DataFrame(out).with_columns((pl.col(pl.Float64) + 0.0).fill_nan(None))


def _date_columns(aggregates: Aggregates, frame: Frame) -> dict[str, Floats]:
    """Return the five dates of approved contracts: 365243 stands for not yet, missing for never begun."""
    patterns = np.array([[mark == "1" for mark in value] for value in aggregates.tables["previous.card_dates"].values])
    open_card = patterns[frame["previous.card_dates"]]
    card, decision = frame["card"], frame["previous.days_decision"]
    drawn = np.minimum(decision + np.maximum(frame["previous.first_drawing"], 0.0), -1.0)
    first = frame["first_due"]
    last = np.minimum(np.round(first - np.clip(np.nan_to_num(frame["previous.card_last"]), 0, 1) * first), -1.0)
    end = np.minimum(last + np.maximum(frame["previous.ended"], 1.0), -1.0)
    dates = {
        "DAYS_FIRST_DRAWING": np.where(card & ~open_card[:, 0], drawn, NEVER),
        "DAYS_FIRST_DUE": np.where(card & open_card[:, 1], NEVER, first),
        "DAYS_LAST_DUE_1ST_VERSION": np.where(card, NEVER, frame["planned_last"]),
        "DAYS_LAST_DUE": np.where(card, np.where(open_card[:, 2], NEVER, last), frame["last_due"]),
        "DAYS_TERMINATION": np.where(card, np.where(open_card[:, 3], NEVER, end), frame["ended"]),
    }
    return {name: np.where(frame["dated"], value, np.nan) for name, value in dates.items()}
