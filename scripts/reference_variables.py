"""Real rows as the variables of the synthetic tables' specification: lists are categories, arrays numbers."""

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scripts.reference_distributions import FEWEST

from credit_scoring.tables.synthetic import spec
from credit_scoring.tables.synthetic.tables import Frame

ABSENT = "(absent)"


def text(frame: pl.DataFrame, column: str) -> Any:
    return frame[column].to_list()


def joined(frame: pl.DataFrame, columns: Any, expression: Any) -> list[str]:
    return frame.select(pl.concat_str([expression(c).cast(pl.Int8).cast(pl.String) for c in columns]).alias("x"))[
        "x"
    ].to_list()


def common(values: list[str], fewest: int) -> list[str]:
    """Return each pattern, or the common one that differs from it least."""
    counts = Counter(values)
    kept = np.array(sorted(p for p, n in counts.items() if n >= fewest))
    bits = np.array([[int(c) for c in p] for p in kept])
    near = {
        p: p if n >= fewest else str(kept[np.abs(bits - np.array([int(c) for c in p])).sum(1).argmin()])
        for p, n in counts.items()
    }
    return [near[p] for p in values]


def application(data: pl.DataFrame) -> dict[str, Any]:
    """Return application rows as the specification's variables: lists are categories, arrays numbers."""
    f = partial(numeric, data)
    ratio = np.round(f("AMT_CREDIT") / f("AMT_GOODS_PRICE"), 4)
    ratios, counts = np.unique(ratio[~np.isnan(ratio)], return_counts=True)
    kept = ratios[counts >= 100]
    insured = [float(kept[np.abs(kept - r).argmin()]) if not np.isnan(r) else 1.0 for r in ratio]
    revolving = (data["NAME_CONTRACT_TYPE"] == "Revolving loans").to_numpy()
    insured = [1.0 if r else i for i, r in zip(insured, revolving, strict=True)]
    goods = f("AMT_GOODS_PRICE")
    employed = f("DAYS_EMPLOYED")
    employed[employed == 365243] = np.nan

    def missing(column: str) -> list[int]:
        return data[column].is_null().cast(pl.Int8).to_list()

    out = {
        "shifted": data["shifted"].to_list(),
        "contract": text(data, "NAME_CONTRACT_TYPE"),
        "gender": text(data, "CODE_GENDER"),
        "age": f("DAYS_BIRTH"),
        "income_type": text(data, "NAME_INCOME_TYPE"),
        "education": text(data, "NAME_EDUCATION_TYPE"),
        "family": text(data, "NAME_FAMILY_STATUS"),
        "children": f("CNT_CHILDREN"),
        "housing": text(data, "NAME_HOUSING_TYPE"),
        "own_realty": text(data, "FLAG_OWN_REALTY"),
        "own_car": text(data, "FLAG_OWN_CAR"),
        "car_age": f("OWN_CAR_AGE"),
        "employed": employed,
        "occupation": text(data, "OCCUPATION_TYPE"),
        "organization": text(data, "ORGANIZATION_TYPE"),
        "registration": f("DAYS_REGISTRATION"),
        "id_published": f("DAYS_ID_PUBLISH"),
        "region": [round(x, 6) for x in data["REGION_POPULATION_RELATIVE"].to_list()],
        "rating": text(data, "REGION_RATING_CLIENT"),
        "rating_city": [2 if x not in (1, 2, 3) else x for x in data["REGION_RATING_CLIENT_W_CITY"].to_list()],
        "address": common(joined(data, spec.ADDRESS, pl.col), FEWEST),
        "weekday": text(data, "WEEKDAY_APPR_PROCESS_START"),
        "hour": f("HOUR_APPR_PROCESS_START"),
        "suite": text(data, "NAME_TYPE_SUITE"),
        "work_phone": text(data, "FLAG_WORK_PHONE"),
        "home_phone": text(data, "FLAG_PHONE"),
        "email": text(data, "FLAG_EMAIL"),
        "mobile_reached": text(data, "FLAG_CONT_MOBILE"),
        "income": f("AMT_INCOME_TOTAL"),
        "goods": goods,
        "insured": insured,
        "annuity_ratio": f("AMT_ANNUITY") / f("AMT_CREDIT"),
        "documents": common(joined(data, spec.DOCUMENTS, pl.col), FEWEST),
        "ext_1_missing": missing("EXT_SOURCE_1"),
        "ext_1": f("EXT_SOURCE_1"),
        "ext_2": f("EXT_SOURCE_2"),
        "ext_3_missing": missing("EXT_SOURCE_3"),
        "ext_3": f("EXT_SOURCE_3"),
        "phone_changed": f("DAYS_LAST_PHONE_CHANGE"),
        "observed_30": f("OBS_30_CNT_SOCIAL_CIRCLE"),
        "defaulted_30": f("DEF_30_CNT_SOCIAL_CIRCLE"),
        "observed_gone": f("OBS_30_CNT_SOCIAL_CIRCLE") - f("OBS_60_CNT_SOCIAL_CIRCLE"),
        "defaulted_gone": f("DEF_30_CNT_SOCIAL_CIRCLE") - f("DEF_60_CNT_SOCIAL_CIRCLE"),
        "enquiries_missing": missing("AMT_REQ_CREDIT_BUREAU_YEAR"),
        **{f"enquiries_{n.lower()}": f(f"AMT_REQ_CREDIT_BUREAU_{n}") for n in spec.ENQUIRIES},
        "building": common(joined(data, spec.BUILDING_MISSING, lambda c: pl.col(c).is_null()), 40),
        "total_area": f("TOTALAREA_MODE"),
        **{n.lower(): f(f"{n}_AVG") for n in spec.BUILDING},
        **{f"{n.lower()}_{v}": f(f"{n}_{v.upper()}") for n in spec.BUILDING for v in spec.VARIANTS},
        "target": [ABSENT if t is None else int(t) for t in data["TARGET"].to_list()],
    }
    for name in spec.BUILDING_CATEGORIES:
        out[name.lower()] = [ABSENT if v is None else v for v in text(data, name)]
    return out


def coded(raw: dict[str, Any], target: Any, labelled: Any) -> tuple[Frame, dict[str, list[Any]]]:
    """Return categories as codes in the order of their default rate, which is what the scores rank by."""
    frame: Frame = {}
    names: dict[str, list[Any]] = {}
    for name, x in raw.items():
        if not isinstance(x, list):
            frame[name] = x
            continue
        values = sorted(set(x) - {ABSENT}, key=lambda v: (v is None, str(v)))
        code = {**{v: i for i, v in enumerate(values)}, ABSENT: -1}
        codes = np.array([code[v] for v in x])
        if name not in ("target", "shifted"):
            known = labelled & ~np.isnan(target) & (codes >= 0)
            bad = np.bincount(codes[known], weights=target[known], minlength=len(values))
            n = np.bincount(codes[known], minlength=len(values))
            rate = (bad + 0.08 * 50) / (n + 50)
            order = np.lexsort((np.arange(len(values)), rate))
            place = np.empty(len(values), int)
            place[order] = np.arange(len(values))
            codes, values = np.where(codes < 0, -1, place[codes]), [values[i] for i in order]
        frame[name], names[name] = codes, values
    return frame, names


def sizes_of(names: dict[str, list[Any]]) -> dict[str, int]:
    return {**{k: len(v) for k, v in names.items()}, **{k: len(e) + 2 for k, (_, e) in spec.BINS.items()}, "shifted": 2}


def read(folder: Path, name: str) -> pl.DataFrame:
    path = folder / f"{name}.parquet"
    return pl.read_parquet(path) if path.exists() else pl.read_csv(folder / f"{name}.csv", infer_schema_length=None)


def numeric(data: pl.DataFrame, column: str) -> Any:
    return data[column].cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()


def clean(x: Any, low: float = -np.inf, high: float = np.inf) -> Any:
    """Return values outside the range, infinite ones too, as missing."""
    return np.where((x >= low) & (x <= high), x, np.nan)


def bureau(data: pl.DataFrame) -> dict[str, Any]:
    f = partial(numeric, data)
    opened, end, closed, update = (
        f("DAYS_CREDIT"),
        f("DAYS_CREDIT_ENDDATE"),
        f("DAYS_ENDDATE_FACT"),
        f("DAYS_CREDIT_UPDATE"),
    )
    end, closed, update = clean(end, -40000), clean(closed, -40000), clean(update, -40000)
    amount, debt = f("AMT_CREDIT_SUM"), f("AMT_CREDIT_SUM_DEBT")
    reference = np.where(end < 0, end, 0.0)
    is_closed = (data["CREDIT_ACTIVE"] == "Closed").to_numpy()
    due = f("CREDIT_DAY_OVERDUE")
    with np.errstate(all="ignore"):

        def ratio(x: Any) -> Any:
            return np.where(amount > 0, x / amount, np.where(np.isnan(x), np.nan, 0.0))

        fraction = np.clip((closed - opened) / (reference - opened), 0.0, 3.0)
        updated = np.where(is_closed, np.clip((update - closed) / -closed, 0.0, 1.0), update)
        return {
            "bureau.type": text(data, "CREDIT_TYPE"),
            "bureau.days_credit": opened,
            "bureau.term": end - opened,
            "bureau.days_end": end,
            "bureau.active": text(data, "CREDIT_ACTIVE"),
            "bureau.sum": amount,
            "bureau.debt_ratio": clean(ratio(debt), -5, 5),
            "bureau.annuity_known": data["AMT_ANNUITY"].is_not_null().cast(pl.Int8).to_list(),
            "bureau.overdue_most": f("AMT_CREDIT_MAX_OVERDUE"),
            "bureau.closed_at": np.where(is_closed, clean(fraction), np.nan),
            "bureau.updated_at": clean(updated),
            "bureau.limit_ratio": clean(ratio(f("AMT_CREDIT_SUM_LIMIT")), -5, 5),
            "bureau.annuity_ratio": clean(ratio(f("AMT_ANNUITY")), 0, 5),
            "bureau.days_overdue": due,
            "bureau.overdue": np.where(due > 0, f("AMT_CREDIT_SUM_OVERDUE"), np.nan),
            "bureau.prolonged": text(data, "CNT_CREDIT_PROLONG"),
            "bureau.currency": text(data, "CREDIT_CURRENCY"),
        }


def previous(data: pl.DataFrame) -> dict[str, Any]:
    f = partial(numeric, data)

    def known(column: str) -> Any:
        return clean(f(column), -40000, 40000)

    amount, credit, annuity, term = f("AMT_APPLICATION"), f("AMT_CREDIT"), f("AMT_ANNUITY"), f("CNT_PAYMENT")
    first, planned, last, end = (
        known("DAYS_FIRST_DUE"),
        known("DAYS_LAST_DUE_1ST_VERSION"),
        known("DAYS_LAST_DUE"),
        known("DAYS_TERMINATION"),
    )
    decision = f("DAYS_DECISION")
    approved = (data["NAME_CONTRACT_STATUS"] == "Approved").to_numpy()
    revolving = (data["NAME_CONTRACT_TYPE"] == "Revolving loans").to_numpy()
    loan = approved & ~revolving & ~np.isnan(first)

    def sentinel(column: str) -> list[str]:
        return (data[column] == 365243).fill_null(False).cast(pl.Int8).cast(pl.String).to_list()

    def pick(values: list[Any], where: Any) -> list[Any]:
        return [v if w else ABSENT for v, w in zip(values, where, strict=True)]

    dates = ("DAYS_FIRST_DRAWING", "DAYS_FIRST_DUE", "DAYS_LAST_DUE", "DAYS_TERMINATION")
    pattern = ["".join(marks) for marks in zip(*(sentinel(column) for column in dates), strict=True)]
    dated = data["DAYS_LAST_DUE_1ST_VERSION"].is_not_null().to_numpy()
    paid = np.where(np.isnan(last), np.nan, (last - first) / 30 + 1)
    with np.errstate(all="ignore"):
        elapsed = np.where(planned >= 0, -first / 30 / term, np.nan)
        down = f("AMT_DOWN_PAYMENT")
        financed = amount - np.clip(np.nan_to_num(down), 0, None)
        credit_ratio = np.where((amount > 0) & (credit > 0) & (financed > 0), credit / financed, np.nan)
        out = {
            "previous.type": text(data, "NAME_CONTRACT_TYPE"),
            "previous.days_decision": decision,
            "previous.status": text(data, "NAME_CONTRACT_STATUS"),
            "previous.combination": ["none" if v is None else v for v in text(data, "PRODUCT_COMBINATION")],
            "previous.channel": text(data, "CHANNEL_TYPE"),
            "previous.yield": text(data, "NAME_YIELD_GROUP"),
            "previous.amount": amount,
            "previous.credit_ratio": np.round(clean(credit_ratio, 0, 3), 4),
            "previous.term": term,
            "previous.cost": np.round(clean(np.where(term > 0, annuity * term / credit, annuity / credit), 0, 4), 4),
            "previous.goods": text(data, "NAME_GOODS_CATEGORY"),
            "previous.industry": text(data, "NAME_SELLER_INDUSTRY"),
            "previous.area": f("SELLERPLACE_AREA"),
            "previous.portfolio": text(data, "NAME_PORTFOLIO"),
            "previous.product": text(data, "NAME_PRODUCT_TYPE"),
            "previous.payment": text(data, "NAME_PAYMENT_TYPE"),
            "previous.reason": text(data, "CODE_REJECT_REASON"),
            "previous.purpose": text(data, "NAME_CASH_LOAN_PURPOSE"),
            "previous.suite": text(data, "NAME_TYPE_SUITE"),
            "previous.client": text(data, "NAME_CLIENT_TYPE"),
            "previous.insured": pick(text(data, "NFLAG_INSURED_ON_APPROVAL"), dated & approved),
            "previous.weekday": text(data, "WEEKDAY_APPR_PROCESS_START"),
            "previous.hour": f("HOUR_APPR_PROCESS_START"),
            "previous.last_flags": [
                a + str(b)
                for a, b in zip(
                    text(data, "FLAG_LAST_APPL_PER_CONTRACT"), text(data, "NFLAG_LAST_APPL_IN_DAY"), strict=True
                )
            ],
            "previous.down": np.where(np.isnan(down), np.nan, np.where(amount > 0, np.clip(down / amount, 0, 2), 0.0)),
            "previous.limit": np.where((amount == 0) & (credit > 0), credit, np.nan),
            "previous.interest": f("RATE_INTEREST_PRIMARY"),
            "previous.privileged": f("RATE_INTEREST_PRIVILEGED"),
            "previous.dated": pick(dated.astype(int).tolist(), approved),
            "previous.card_dates": pick(pattern, approved & revolving & dated),
            "previous.first_drawing": np.where(approved & revolving, known("DAYS_FIRST_DRAWING") - decision, np.nan),
            "previous.first_due": np.where(approved, first - decision, np.nan),
            "previous.card_last": np.where(approved & revolving, (last - first) / -first, np.nan),
            "previous.kept": np.where(loan & (planned < 0), np.round(clean(paid / term, 0, 1.2), 4), np.nan),
            "previous.elapsed": elapsed,
            "previous.closed_early": pick((~np.isnan(last)).astype(int).tolist(), loan & (planned >= 0)),
            "previous.early_at": np.where(loan & (planned >= 0), clean(paid / (-first / 30), 0, 1.2), np.nan),
            "previous.ended": np.where(approved, clean(end - last, 0, 3000), np.nan),
        }
    order = np.lexsort((-np.arange(len(decision)), decision, data["SK_ID_CURR"].to_numpy()))
    curr = data["SK_ID_CURR"].to_numpy()[order]
    begin = np.r_[0, np.flatnonzero(np.diff(curr)) + 1]
    place = np.empty(len(curr))
    place[order] = np.arange(len(curr)) - np.repeat(begin, np.diff(np.r_[begin, len(curr)]))
    out["previous.place"] = place
    return out


def payments(data: pl.DataFrame) -> tuple[dict[str, Any], Any, Any]:
    """Return the first payment of each instalment: how late, whether it was one of two, and which part it was."""
    data = data.sort(
        "SK_ID_PREV", "NUM_INSTALMENT_NUMBER", "NUM_INSTALMENT_VERSION", "DAYS_ENTRY_PAYMENT"
    ).with_columns(late=pl.col("DAYS_ENTRY_PAYMENT") - pl.col("DAYS_INSTALMENT"))
    each = (
        data.group_by("SK_ID_CURR", "SK_ID_PREV", "NUM_INSTALMENT_NUMBER", maintain_order=True)
        .agg(
            pl.col("late").first(),
            pl.len().alias("parts"),
            pl.col("AMT_PAYMENT").first() / pl.col("AMT_INSTALMENT").first(),
            (pl.col("NUM_INSTALMENT_VERSION").first() == 0).alias("card"),
        )
        .filter(pl.col("late").is_not_null())
    )
    card = each["card"].to_numpy()
    late, part, two = (
        each["late"].cast(pl.Float64).to_numpy(),
        each["AMT_PAYMENT"].to_numpy(),
        each["parts"].to_numpy() > 1,
    )
    out = {
        "payment.late": np.where(card, np.nan, late),
        "payment.card_late": np.where(card, late, np.nan),
        "payment.split": [ABSENT if c else int(t) for c, t in zip(card, two, strict=True)],
        "payment.first_part": np.where(two & (part < 1), part, np.nan),
    }
    return out, each["SK_ID_CURR"].to_numpy(), each["SK_ID_PREV"].to_numpy()


def per_client(real: Path, clients: pl.DataFrame) -> dict[str, Any]:
    """Return counts and shares of each client of the folder of five tables."""
    folder = real / "five_tables"
    credit, months = read(folder, "bureau"), read(folder, "bureau_balance")
    requests, cards = read(folder, "previous_application"), read(folder, "credit_card_balance")
    ids = clients.select("SK_ID_CURR")

    def count(rows: pl.DataFrame) -> pl.Series:
        counts = rows.group_by("SK_ID_CURR").len()
        return ids.join(counts, on="SK_ID_CURR", how="left", maintain_order="left")["len"].fill_null(0)

    n = count(credit).cast(pl.Float64).to_numpy()
    past = pl.col("STATUS").is_in(["1", "2", "3", "4", "5"])
    by_client = (
        months.join(credit.select("SK_ID_BUREAU", "SK_ID_CURR"), on="SK_ID_BUREAU")
        .group_by("SK_ID_CURR")
        .agg(
            (past.sum() / (past.sum() + (pl.col("STATUS") == "0").sum())).fill_nan(None).alias("behind"),
            ((pl.col("STATUS") == "X").sum() / (pl.col("STATUS") != "C").sum()).fill_nan(None).alias("unknown"),
        )
    )
    by_client = ids.join(by_client, on="SK_ID_CURR", how="left", maintain_order="left")
    covered = (
        ids["SK_ID_CURR"].is_in(months.join(credit, on="SK_ID_BUREAU")["SK_ID_CURR"].unique().implode()).to_numpy()
    )
    limit = pl.col("AMT_CREDIT_LIMIT_ACTUAL")
    card = cards.group_by("SK_ID_CURR").agg(
        (pl.col("AMT_BALANCE") > 0).mean().alias("used"),
        limit.max().alias("limit"),
        (pl.col("AMT_BALANCE") / limit)
        .filter((limit > 0) & (pl.col("AMT_BALANCE") > 0))
        .clip(0, 1.5)
        .mean()
        .alias("load"),
    )
    card = ids.join(card, on="SK_ID_CURR", how="left", maintain_order="left")
    return {
        "credits": n,
        "covered": [int(c) if k else ABSENT for c, k in zip(covered, n > 0, strict=True)],
        "requests": count(requests).cast(pl.Float64).to_numpy(),
        "behind": numeric(by_client, "behind"),
        "unknown": numeric(by_client, "unknown"),
        "card_used": numeric(card, "used"),
        "card_limit": numeric(card, "limit"),
        "card_load": numeric(card, "load"),
    }
