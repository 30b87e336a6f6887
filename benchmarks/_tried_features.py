"""Features that were tried and left out, as `ablation.py` tries them again: a block is a table of one row a client.

Blocks with fitted state (neighbours, nested models) are fitted on the training rows of each fold, their own training
rows cross-fitted by client.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import lightgbm as lgb
import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Frames = Mapping[str, pl.LazyFrame]
Block = Callable[[Frames], pl.LazyFrame]

c = pl.col
KEY = "SK_ID_CURR"
NEIGHBOURS = 300
NEIGHBOUR_COLUMNS = ("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3", "APPLICATION__CREDIT_TO_ANNUITY")
NESTED = ("bureau", "previous_application", "installments_payments", "POS_CASH_balance", "credit_card_balance")


def ratio(top: pl.Expr, bottom: pl.Expr) -> pl.Expr:
    value = top / bottom
    return pl.when(value.is_finite()).then(value)


def slope(time: pl.Expr, value: pl.Expr, chosen: pl.Expr) -> pl.Expr:
    """Return the least-squares slope of `value` over `time`, of at least three chosen rows."""
    known = chosen & value.is_not_null()
    n, t, x = known.sum(), pl.when(known).then(time), pl.when(known).then(value)
    spread = n * (t * t).sum() - t.sum() ** 2
    return pl.when((n >= 3) & (spread > 0)).then((n * (t * x).sum() - t.sum() * x.sum()) / spread)


def previous_last(frames: Frames) -> pl.LazyFrame:
    annuity, credit, term = c("AMT_ANNUITY"), c("AMT_CREDIT"), c("CNT_PAYMENT")
    measures = {
        "refused": (c("NAME_CONTRACT_STATUS") == "Refused").cast(float),
        "approved": (c("NAME_CONTRACT_STATUS") == "Approved").cast(float),
        "granted": ratio(credit, c("AMT_APPLICATION")),
        "annuity": annuity,
        "credit": credit,
        "rate": ratio(24 * (term * annuity - credit), credit * (term + 1)),
        "term": term,
        "days": c("DAYS_DECISION"),
        "down": c("RATE_DOWN_PAYMENT"),
        "cash": (c("NAME_CONTRACT_TYPE") == "Cash loans").cast(float),
        "dear": (c("NAME_YIELD_GROUP") == "high").cast(float),
    }
    recent = c("DAYS_DECISION").rank("dense", descending=True).over(KEY)
    rows = frames["previous_application"].with_columns(recent.alias("recent"))
    return rows.group_by(KEY).agg(
        pl.when(c("recent") <= k).then(measure).mean().alias(f"LAST_{k}_{name}")
        for k in (1, 3, 5)
        for name, measure in measures.items()
    )


def previous_products(frames: Frames) -> pl.LazyFrame:
    columns = ("PRODUCT_COMBINATION", "CHANNEL_TYPE", "NAME_GOODS_CATEGORY", "NAME_SELLER_INDUSTRY", "NAME_YIELD_GROUP")
    rows = frames["previous_application"]
    made = []
    for column in columns:
        levels = rows.select(c(column).drop_nulls().unique().sort()).collect()[column]
        made += [(c(column) == level).mean().alias(f"SHARE_{column}_{level}") for level in levels]
    return rows.group_by(KEY).agg(made)


def previous_windows(frames: Frames) -> pl.LazyFrame:
    made = []
    approved, refused = (c("NAME_CONTRACT_STATUS") == status for status in ("Approved", "Refused"))
    for days in (180, 365, 1_095):
        recent = c("DAYS_DECISION") >= -days
        made += [
            (approved & recent).sum().cast(float).alias(f"APPROVED_{days}"),
            (refused & recent).sum().cast(float).alias(f"REFUSED_{days}"),
            pl.when(recent & approved).then(c("AMT_CREDIT")).sum().alias(f"CREDIT_{days}"),
            pl.when(recent & approved).then(c("AMT_ANNUITY")).mean().alias(f"ANNUITY_{days}"),
        ]
    return frames["previous_application"].group_by(KEY).agg(made)


def bureau_windows(frames: Frames) -> pl.LazyFrame:
    active = c("CREDIT_ACTIVE") == "Active"
    made = []
    for days in (90, 365, 730, 1_095):
        recent = c("DAYS_CREDIT") >= -days
        made += [
            recent.sum().cast(float).alias(f"CREDITS_{days}"),
            (recent & active).sum().cast(float).alias(f"ACTIVE_{days}"),
            pl.when(recent).then(c("AMT_CREDIT_SUM")).sum().alias(f"SUM_{days}"),
            pl.when(recent).then(c("AMT_CREDIT_SUM_DEBT")).sum().alias(f"DEBT_{days}"),
        ]
    for kind in ("Credit card", "Consumer credit", "Car loan", "Mortgage", "Microloan"):
        of = c("CREDIT_TYPE") == kind
        made += [
            (of & active).sum().cast(float).alias(f"ACTIVE_{kind}"),
            of.mean().alias(f"SHARE_{kind}"),
            pl.when(of & active).then(c("AMT_CREDIT_SUM")).sum().alias(f"SUM_{kind}"),
        ]
    return frames["bureau"].group_by(KEY).agg(made)


def bureau_balance_shares(frames: Frames) -> pl.LazyFrame:
    owners = frames["bureau"].select("SK_ID_BUREAU", KEY)
    made = []
    for months in (3, 6, 12, 24, 36):
        recent = c("MONTHS_BALANCE") >= -months
        late = c("STATUS").is_in(["1", "2", "3", "4", "5"])
        for name, of in {"late": late, "paid": c("STATUS") == "0", "closed": c("STATUS") == "C"}.items():
            made.append(ratio((recent & of).sum(), recent.sum()).alias(f"STATUS_{name}_{months}"))
    return frames["bureau_balance"].join(owners, on="SK_ID_BUREAU").group_by(KEY).agg(made)


def installments_windows(frames: Frames) -> pl.LazyFrame:
    due = c("DAYS_INSTALMENT")
    margin = c("DAYS_ENTRY_PAYMENT") - due
    late, paid = margin.clip(0), ratio(c("AMT_PAYMENT"), c("AMT_INSTALMENT"))
    made = []
    for name, chosen in {
        "60D": due >= -60,
        "180D": due >= -180,
        "FIRST1": c("NUM_INSTALMENT_NUMBER") <= 1,
        "FIRST4": c("NUM_INSTALMENT_NUMBER") <= 4,
    }.items():
        for what, measure in {"late": late, "margin": -margin, "paid": paid}.items():
            values = pl.when(chosen).then(measure)
            made += [values.mean().alias(f"{what}_MEAN_{name}"), values.min().alias(f"{what}_MIN_{name}")]
    return frames["installments_payments"].group_by(KEY).agg(made)


def trends(frames: Frames) -> pl.LazyFrame:
    due, month = c("DAYS_INSTALMENT"), c("MONTHS_BALANCE")
    late, short = (c("DAYS_ENTRY_PAYMENT") - due).clip(0), c("AMT_INSTALMENT") - c("AMT_PAYMENT")
    used = ratio(c("AMT_BALANCE"), c("AMT_CREDIT_LIMIT_ACTUAL"))
    of_tables = {
        "installments_payments": [
            slope(due, value, due >= -days).alias(f"SLOPE_{name}_{days}")
            for days in (365, 730, 1_825)
            for name, value in {"late": late, "short": short}.items()
        ],
        "POS_CASH_balance": [
            slope(month, c(name), month >= -months).alias(f"SLOPE_{name}_{months}")
            for months in (6, 12, 60)
            for name in ("SK_DPD", "CNT_INSTALMENT_FUTURE")
        ],
        "credit_card_balance": [
            slope(month, used, month >= -months).alias(f"SLOPE_used_{months}") for months in (6, 12, 24)
        ],
    }
    joined = frames["application"].select(KEY)
    for table, made in of_tables.items():
        if table in frames:
            joined = joined.join(frames[table].group_by(KEY).agg(made), on=KEY, how="left")
    return joined


def group_medians(frames: Frames) -> pl.LazyFrame:
    groups = (["ORGANIZATION_TYPE"], ["OCCUPATION_TYPE"], ["NAME_EDUCATION_TYPE", "CODE_GENDER"])
    amounts = ("AMT_INCOME_TOTAL", "AMT_CREDIT", "AMT_ANNUITY", "EXT_SOURCE_2", "DAYS_EMPLOYED")
    return frames["application"].select(
        KEY,
        *(
            ratio(c(amount), c(amount).median().over(group)).alias(f"{amount}_TO_MEDIAN_{'_'.join(group)}")
            for group in groups
            for amount in amounts
        ),
    )


def score_contrasts(frames: Frames) -> pl.LazyFrame:
    one, two, three = (c(f"EXT_SOURCE_{number}") for number in (1, 2, 3))
    return frames["application"].select(
        KEY,
        (one - two).alias("1_2"),
        (two - three).alias("2_3"),
        (one - three).alias("1_3"),
        (pl.max_horizontal(one, two, three) - pl.min_horizontal(one, two, three)).alias("spread"),
        ratio(three * c("AMT_ANNUITY"), c("AMT_CREDIT")).alias("score_to_length"),
    )


BLOCKS: Mapping[str, tuple[str, tuple[str, ...], Block]] = {
    "previous_last": ("last 1, 3, 5 earlier applications", ("previous_application",), previous_last),
    "previous_windows": ("earlier applications by window", ("previous_application",), previous_windows),
    "previous_products": ("products of earlier applications", ("previous_application",), previous_products),
    "bureau_windows": ("bureau: more windows and types", ("bureau",), bureau_windows),
    "bureau_balance_shares": ("bureau: status shares by window", ("bureau_balance",), bureau_balance_shares),
    "installments_windows": ("instalments: more windows, first ones", ("installments_payments",), installments_windows),
    "trends": ("trends of lateness, balance, remaining count", ("POS_CASH_balance",), trends),
    "group_medians": ("amounts next to the group's median", (), group_medians),
    "score_contrasts": ("spread and differences of external scores (free)", (), score_contrasts),
}


def neighbours(training: Floats, defaulted: Booleans, others: Floats) -> tuple[Floats, Floats]:
    """Return the default rate of the nearest training rows: of each training row (itself left out), of each other."""
    center, spread = np.nanmean(training, axis=0), np.nanstd(training, axis=0)
    scaled = [np.nan_to_num((rows - center) / spread) for rows in (training, others)]
    nearest = NearestNeighbors(n_neighbors=NEIGHBOURS + 1).fit(scaled[0])
    own, other = (nearest.kneighbors(rows, return_distance=False) for rows in scaled)
    return defaulted[own[:, 1:]].mean(axis=1), defaulted[other[:, :-1]].mean(axis=1)


def nested(
    rows: pl.DataFrame, training: dict[int, bool], others: list[int], seed: int
) -> tuple[dict[int, list[float]], dict[int, list[float]]]:
    """Return min, mean, max of a row-level model's scores of each training client (cross-fitted) and other client."""
    numbers = rows.select(pl.exclude("^SK_ID_.*$").exclude(pl.String)).to_numpy().astype(np.float64)
    codes = [rows[n].rank("dense").cast(pl.Float64).to_numpy() for n, kind in rows.schema.items() if kind == pl.String]
    values = np.column_stack([numbers, *codes]) if codes else numbers
    client = rows[KEY].to_numpy()
    keys = np.array(list(training))
    part = dict(zip(keys.tolist(), np.random.default_rng(seed).integers(0, 5, keys.size).tolist(), strict=True))
    parts = np.array([part.get(key, -1) for key in client.tolist()])
    outcome = np.array([float(training.get(key, False)) for key in client.tolist()])
    parameters = {
        "objective": "binary",
        "learning_rate": 0.05,
        "num_leaves": 8,
        "min_child_samples": 100,
        "feature_fraction": 0.3,
        "lambda_l2": 50.0,
        "num_threads": 1,
        "seed": seed,
        "verbosity": -1,
    }
    score = np.empty(client.size)
    for number in (-1, *range(5)):
        fit_on = (parts >= 0) & (parts != number)
        booster = lgb.train(parameters, lgb.Dataset(values[fit_on], outcome[fit_on]), 60)
        score[parts == number] = booster.predict(values[parts == number], raw_score=True)
    told = (
        pl.DataFrame({KEY: client, "score": score})
        .group_by(KEY)
        .agg(c("score").min().alias("min"), c("score").mean().alias("mean"), c("score").max().alias("max"))
    )
    found = {row[0]: list(row[1:]) for row in told.iter_rows()}
    missing = [float("nan")] * 3
    return {k: found.get(k, missing) for k in training}, {k: found.get(k, missing) for k in others}
