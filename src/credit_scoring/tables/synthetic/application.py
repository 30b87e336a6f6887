"""Applications: from drawn quantities to the columns of application_train and application_test."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.tables.synthetic.aggregates import Aggregates
from credit_scoring.tables.synthetic.normal import Floats, probability
from credit_scoring.tables.synthetic.spec import (
    ADDRESS,
    APPLICATION,
    BUILDING,
    BUILDING_CATEGORIES,
    BUILDING_MISSING,
    DOCUMENTS,
    ENQUIRIES,
    Variable,
)
from credit_scoring.tables.synthetic.tables import Frame

PAIRED = ("Married", "Civil marriage")
YOUNGEST = -7_489  # days of birth: nobody is granted a loan before 20 and a half
WITHOUT_WORK = ("Pensioner", "Unemployed")


def draw(
    variables: Iterable[Variable],
    aggregates: Aggregates,
    shares: dict[str, Floats],
    frame: Frame,
    rng: np.random.Generator,
) -> Frame:
    """Return ``frame`` with each variable drawn in turn, given those drawn before it.

    ``shares`` holds the place in its distribution of every scored variable; the others take an even one.
    """
    rows = len(next(iter(shares.values())))
    for variable in variables:
        share = shares[variable.name] if variable.name in shares else rng.random(rows)
        frame[variable.name] = aggregates.tables[variable.name].draw(share, frame, aggregates.sizes)
    return frame


def applications(aggregates: Aggregates, z: Floats, shifted: NDArray[np.int64], rng: np.random.Generator) -> Frame:
    """Return the application variables that the scores ``z`` (a column per scored variable) stand for."""
    shares = {name: probability(z[:, i]) for i, name in enumerate(aggregates.scored)}
    shares |= variants(aggregates, z, rng)
    frame = draw(APPLICATION, aggregates, shares, {"shifted": shifted}, rng)
    people(frame, rng)
    organization = list(aggregates.tables["organization"].values)
    idle = np.isin(names(aggregates, frame, "income_type"), WITHOUT_WORK)
    working = np.where(
        frame["organization"] == organization.index("XNA"), organization.index("Other"), frame["organization"]
    )
    frame["organization"] = np.where(idle, organization.index("XNA"), working)
    return frame


def variants(aggregates: Aggregates, z: Floats, rng: np.random.Generator) -> dict[str, Floats]:
    """Return the places of the mode and the median of each building quantity: mostly those of the average."""
    out = {}
    for name in BUILDING:
        base = z[:, aggregates.scored.index(name.lower())]
        for variant, apart, spread in (("mode", 0.35, 0.45), ("medi", 0.20, 0.16)):
            noise = np.where(rng.random(len(base)) < apart, spread * rng.standard_normal(len(base)), 0.0)
            moved = (base + noise) / np.where(noise == 0.0, 1.0, np.sqrt(1.0 + spread**2))
            out[f"{name.lower()}_{variant}"] = probability(moved)
    return out


def people(frame: Frame, rng: np.random.Generator, share: float = 0.034) -> None:
    """Make a share of the rows later or earlier applications of another row's person."""
    wanted = round(len(frame["age"]) * share / 2)
    order = rng.permutation(len(frame["age"]))
    long_known = (frame["registration"] < -800) & (frame["id_published"] < -800) & (frame["age"] < YOUNGEST - 800)
    one = order[long_known[order]][:wanted]
    other = order[~np.isin(order, one)][: len(one)]
    one = one[: len(other)]
    days = rng.integers(20, 700, len(one))
    for name in ("gender", "education", "region", "rating", "rating_city"):
        frame[name][other] = frame[name][one]
    for name in ("age", "registration", "id_published"):
        frame[name][other] = frame[name][one] + days


def names(aggregates: Aggregates, frame: Frame, name: str) -> NDArray[Any]:
    """Return a category's values (None where missing) in place of its codes."""
    return np.array(aggregates.tables[name].values, dtype=object)[frame[name]]


def category(values: tuple[Any, ...], codes: NDArray[np.int64], absent: NDArray[np.bool_] | None = None) -> pl.Series:
    """Return the values of the codes, null where absent."""
    rows = codes if absent is None else np.where(absent, len(values), codes)
    return pl.Series([*values, None]).gather(rows)


def flags(aggregates: Aggregates, frame: Frame, name: str, columns: tuple[str, ...]) -> dict[str, NDArray[np.int64]]:
    """Return one 0/1 column per digit of a pattern variable."""
    digits = np.array([[int(digit) for digit in value] for value in aggregates.tables[name].values])
    return {column: digits[frame[name], i] for i, column in enumerate(columns)}


def columns(aggregates: Aggregates, frame: Frame, rng: np.random.Generator) -> pl.DataFrame:
    """Return Kaggle's columns of the applications, apart from the identifier, in no order."""
    idle = np.isin(names(aggregates, frame, "income_type"), WITHOUT_WORK)
    out: dict[str, Any] = {
        "TARGET": frame["target"],
        **{column: category(aggregates.tables[name].values, frame[name]) for name, column in CATEGORIES.items()},
        **{column: frame[name].astype(np.int64) for name, column in INTEGERS.items()},
        **{column: frame[name] for name, column in NUMBERS.items()},
        "OWN_CAR_AGE": np.where(names(aggregates, frame, "own_car") == "Y", frame["car_age"], np.nan),
        **_amounts(aggregates, frame),
        "DAYS_EMPLOYED": np.where(idle, 365243, _employed(frame)).astype(np.int64),
        "CNT_FAM_MEMBERS": frame["children"] + 1.0 + np.isin(names(aggregates, frame, "family"), PAIRED),
        "FLAG_EMP_PHONE": (~idle).astype(np.int64),
        "FLAG_MOBIL": np.ones(len(idle), np.int64),
        **flags(aggregates, frame, "address", ADDRESS),
        **flags(aggregates, frame, "documents", DOCUMENTS),
        "EXT_SOURCE_1": np.where(frame["ext_1_missing"] == 1, np.nan, frame["ext_1"]),
        "EXT_SOURCE_3": np.where(frame["ext_3_missing"] == 1, np.nan, frame["ext_3"]),
        **_social(frame, rng),
        **_enquiries(frame),
        **_building(aggregates, frame),
    }
    return pl.DataFrame({name: pl.Series(name, value) for name, value in out.items()}).with_columns(
        pl.col(pl.Float64).fill_nan(None)
    )


CATEGORIES = {
    "contract": "NAME_CONTRACT_TYPE",
    "gender": "CODE_GENDER",
    "own_car": "FLAG_OWN_CAR",
    "own_realty": "FLAG_OWN_REALTY",
    "suite": "NAME_TYPE_SUITE",
    "income_type": "NAME_INCOME_TYPE",
    "education": "NAME_EDUCATION_TYPE",
    "family": "NAME_FAMILY_STATUS",
    "housing": "NAME_HOUSING_TYPE",
    "occupation": "OCCUPATION_TYPE",
    "weekday": "WEEKDAY_APPR_PROCESS_START",
    "organization": "ORGANIZATION_TYPE",
    "work_phone": "FLAG_WORK_PHONE",
    "home_phone": "FLAG_PHONE",
    "email": "FLAG_EMAIL",
    "mobile_reached": "FLAG_CONT_MOBILE",
    "region": "REGION_POPULATION_RELATIVE",
    "rating": "REGION_RATING_CLIENT",
    "rating_city": "REGION_RATING_CLIENT_W_CITY",
}
INTEGERS = {
    "children": "CNT_CHILDREN",
    "age": "DAYS_BIRTH",
    "id_published": "DAYS_ID_PUBLISH",
    "hour": "HOUR_APPR_PROCESS_START",
}
NUMBERS = {
    "income": "AMT_INCOME_TOTAL",
    "registration": "DAYS_REGISTRATION",
    "ext_2": "EXT_SOURCE_2",
    "phone_changed": "DAYS_LAST_PHONE_CHANGE",
}


def _employed(frame: Frame) -> Floats:
    return np.nan_to_num(np.maximum(frame["employed"], frame["age"] + 365.25 * 15), nan=-1000.0).round()


def _amounts(aggregates: Aggregates, frame: Frame) -> dict[str, Floats]:
    """Return goods price, credit (the price and its insurance) and annuity, on the lender's grid of 4.5."""
    insured = np.array(aggregates.tables["insured"].values)[frame["insured"]]
    credit = np.round(frame["goods"] * insured / 4.5) * 4.5
    annuity = np.round(credit * frame["annuity_ratio"] / 4.5) * 4.5
    return {"AMT_GOODS_PRICE": frame["goods"], "AMT_CREDIT": credit, "AMT_ANNUITY": annuity}


def _social(frame: Frame, rng: np.random.Generator) -> dict[str, Floats]:
    seen, bad = frame["observed_30"], np.minimum(frame["defaulted_30"], frame["observed_30"])
    seen_60 = np.maximum(seen - np.maximum(frame["observed_gone"], 0.0), 0.0)
    bad_60 = np.maximum(bad - np.maximum(frame["defaulted_gone"], 0.0), 0.0)
    absent = rng.random(len(seen)) < 0.0033
    out = {"OBS_30": seen, "DEF_30": bad, "OBS_60": seen_60, "DEF_60": np.minimum(bad_60, seen_60)}
    return {f"{name}_CNT_SOCIAL_CIRCLE": np.where(absent, np.nan, value) for name, value in out.items()}


def _enquiries(frame: Frame) -> dict[str, Floats]:
    absent = frame["enquiries_missing"] == 1
    return {
        f"AMT_REQ_CREDIT_BUREAU_{name}": np.where(absent, np.nan, frame[f"enquiries_{name.lower()}"])
        for name in ENQUIRIES
    }


def _building(aggregates: Aggregates, frame: Frame) -> dict[str, Any]:
    """Return the building's columns, missing in all three variants where their pattern says so."""
    absent = flags(aggregates, frame, "building", BUILDING_MISSING)
    out: dict[str, Any] = {}
    for name in BUILDING:
        for column, key in (("AVG", ""), ("MODE", "_mode"), ("MEDI", "_medi")):
            out[f"{name}_{column}"] = np.where(absent[f"{name}_AVG"] == 1, np.nan, frame[name.lower() + key])
    out["TOTALAREA_MODE"] = np.where(absent["TOTALAREA_MODE"] == 1, np.nan, frame["total_area"])
    for name in BUILDING_CATEGORIES:
        out[name] = category(aggregates.tables[name.lower()].values, frame[name.lower()], absent[name] == 1)
    return out
