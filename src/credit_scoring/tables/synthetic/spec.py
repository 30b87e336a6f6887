"""Which quantities are drawn, in which order, and given what.

A variable is drawn from a table of its distribution within each cell of its parents, at the place
that a correlated normal score gives it. ``scripts/measure_reference_aggregates.py`` measures these
tables and the correlations of the scores on the real rows; `draws` draws from them. Both read this list, so
that they cannot disagree on what a cell is.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Variable:
    """One quantity: its name, the categories its distribution depends on, the grid its values lie on."""

    name: str
    parents: tuple[str, ...] = ()
    grid: float = 0.0
    scored: bool = True  # takes part in the correlations; otherwise drawn on its own given the parents
    missing: bool = False  # missing is one of its values; otherwise it is absent, and said so by another variable


BINS: Final[dict[str, tuple[str, tuple[float, ...]]]] = {
    "age_8": ("age", (-22500.0, -20500.0, -18500.0, -16500.0, -14500.0, -12500.0, -10500.0)),
    "age_4": ("age", (-20500.0, -16000.0, -12000.0)),
    "some_children": ("children", (0.5,)),
    "observed_30": ("observed_30", (0.5, 1.5, 2.5, 4.5, 8.5)),
    "defaulted_30": ("defaulted_30", (0.5, 1.5, 2.5)),
    "goods_6": ("goods", (150000.0, 250000.0, 440000.0, 640000.0, 890000.0)),
    "income_6": ("income", (80000.0, 110000.0, 140000.0, 180000.0, 250000.0)),
    # bureau
    "credit_age": ("bureau.days_credit", (-2000.0, -1400.0, -900.0, -500.0, -200.0)),
    "schedule": ("bureau.days_end", (-1000.0, -365.0, -90.0, 0.0, 180.0, 730.0, 3000.0)),
    "past_due": ("bureau.days_end", (0.0,)),
    "sum_5": ("bureau.sum", (1.0, 40000.0, 120000.0, 400000.0)),
    "debt_3": ("bureau.debt_ratio", (1e-9, 0.999999)),
    # previous applications
    "decided": ("previous.days_decision", (-1800.0, -900.0, -400.0, -180.0)),
    "asked": ("previous.amount", (1.0, 30000.0, 80000.0, 200000.0, 500000.0)),
    "elapsed": ("previous.elapsed", (0.15, 0.3, 0.45, 0.6, 0.75, 0.9)),
    "previous.order": ("previous.place", (0.5, 1.5, 2.5)),
    "term": ("previous.term", (0.5, 6.5, 10.5, 12.5, 18.5, 24.5, 36.5, 48.5)),
}

BUILDING: Final = (
    "APARTMENTS", "BASEMENTAREA", "YEARS_BEGINEXPLUATATION", "YEARS_BUILD", "COMMONAREA", "ELEVATORS", "ENTRANCES",
    "FLOORSMAX", "FLOORSMIN", "LANDAREA", "LIVINGAPARTMENTS", "LIVINGAREA", "NONLIVINGAPARTMENTS", "NONLIVINGAREA",
)  # fmt: skip
VARIANTS: Final = ("mode", "medi")
BUILDING_CATEGORIES: Final = (
    "FONDKAPREMONT_MODE",
    "HOUSETYPE_MODE",
    "WALLSMATERIAL_MODE",
    "EMERGENCYSTATE_MODE",
)
BUILDING_MISSING: Final = (*(f"{name}_AVG" for name in BUILDING), "TOTALAREA_MODE", *BUILDING_CATEGORIES)
DOCUMENTS: Final = tuple(f"FLAG_DOCUMENT_{number}" for number in range(2, 22))
ADDRESS: Final = (
    "REG_REGION_NOT_LIVE_REGION", "REG_REGION_NOT_WORK_REGION", "LIVE_REGION_NOT_WORK_REGION",
    "REG_CITY_NOT_LIVE_CITY", "REG_CITY_NOT_WORK_CITY", "LIVE_CITY_NOT_WORK_CITY",
)  # fmt: skip
RARE: Final = ("HOUR", "DAY")
ENQUIRIES: Final = ("HOUR", "DAY", "WEEK", "MON", "QRT", "YEAR")

APPLICATION: Final = (
    Variable("contract", ("shifted",)),
    Variable("gender", ("contract",)),
    Variable("age", ("gender",), 1.0),
    Variable("income_type", ("gender", "age_8")),
    Variable("education", ("income_type",)),
    Variable("family", ("gender", "age_8")),
    Variable("children", ("family", "age_8"), 1.0),
    Variable("housing", ("age_4",)),
    Variable("own_realty", ("housing",)),
    Variable("own_car", ("gender", "age_4")),
    Variable("car_age", ("own_car",), 1.0),
    Variable("employed", ("income_type", "age_8"), 1.0),
    Variable("occupation", ("income_type", "gender", "education")),
    Variable("organization", ("occupation", "income_type")),
    Variable("registration", ("age_8",), 1.0),
    Variable("id_published", ("shifted", "age_8"), 1.0),
    Variable("region", ("shifted",)),
    Variable("rating", ("region",), scored=False),
    Variable("rating_city", ("rating",)),
    Variable("address", ("income_type",)),
    Variable("weekday", ("shifted",)),
    Variable("hour", ("weekday",), 1.0),
    Variable("suite", ("shifted", "family")),
    Variable("work_phone", ("income_type",)),
    Variable("home_phone", ("income_type",)),
    Variable("email", ("shifted", "income_type")),
    Variable("mobile_reached", scored=False),
    Variable("income", ("shifted", "income_type", "gender")),
    Variable("goods", ("shifted", "contract"), 4500.0),
    Variable("insured", ("shifted", "contract", "goods_6")),
    Variable("annuity_ratio", ("shifted", "contract", "insured", "goods_6")),
    Variable("documents", ("shifted", "contract", "income_type")),
    Variable("ext_1_missing", ("shifted",)),
    Variable("ext_1", ("age_8",)),
    Variable("ext_2", ("shifted",)),
    Variable("ext_3_missing", ("shifted",)),
    Variable("ext_3", ("shifted",)),
    Variable("phone_changed", ("shifted",), 1.0),
    Variable("observed_30", (), 1.0),
    Variable("defaulted_30", ("observed_30",), 1.0),
    Variable("observed_gone", ("observed_30",), 1.0, scored=False),
    Variable("defaulted_gone", ("defaulted_30",), 1.0, scored=False),
    Variable("enquiries_missing", ("shifted",)),
    *(Variable(f"enquiries_{name.lower()}", ("shifted",), 1.0, scored=name not in RARE) for name in ENQUIRIES),
    Variable("building", ("shifted",)),
    Variable("total_area", (), 0.0001),
    *(Variable(f"{name.lower()}", (), 0.0001) for name in BUILDING),
    *(Variable(f"{name.lower()}_{variant}", (), 0.0001, scored=False) for name in BUILDING for variant in VARIANTS),
    *(Variable(name.lower(), ()) for name in BUILDING_CATEGORIES),
    Variable("target"),
)

CLIENT: Final = (
    Variable("credits", ("shifted", "enquiries_missing"), 1.0),  # rows in bureau
    Variable("covered", ("shifted",), scored=False),  # bureau_balance has the client's credits
    Variable("requests", ("shifted",), 1.0),  # rows in previous_application
    Variable("behind"),  # share of the months reported in bureau_balance with a payment past due
    Variable("unknown"),  # share of the months there before closing whose status is not known
    Variable("card_used"),  # share of the months with a balance
    Variable("card_limit", (), 4500.0),
    Variable("card_load"),  # mean balance in those months, to the limit
)

BUREAU: Final = (
    Variable("bureau.type"),
    Variable("bureau.days_credit", ("bureau.type",), 1.0),
    Variable("bureau.term", ("bureau.type",), 1.0, missing=True),
    Variable("bureau.active", ("bureau.type", "schedule", "credit_age")),
    Variable("bureau.sum", ("bureau.type", "bureau.active")),
    Variable("bureau.debt_ratio", ("bureau.active", "bureau.type", "schedule"), missing=True),
    Variable("bureau.annuity_known", ("covered", "bureau.active", "credit_age")),
    Variable("bureau.overdue_most", ("bureau.active", "bureau.type"), missing=True),
    Variable("bureau.closed_at", ("bureau.active", "bureau.type", "past_due"), scored=False, missing=True),
    Variable("bureau.updated_at", ("bureau.active", "credit_age"), scored=False),
    Variable("bureau.limit_ratio", ("bureau.active", "bureau.type", "debt_3"), scored=False, missing=True),
    Variable("bureau.annuity_ratio", ("bureau.active", "sum_5"), scored=False),
    Variable("bureau.days_overdue", ("bureau.active",), 1.0, scored=False),
    Variable("bureau.overdue", (), scored=False),
    Variable("bureau.prolonged", (), scored=False),
    Variable("bureau.currency", (), scored=False),
)

PREVIOUS: Final = (
    Variable("previous.type"),
    Variable("previous.days_decision", ("previous.type",), 1.0),
    Variable("previous.status", ("previous.type", "decided")),
    Variable("previous.combination", ("previous.type", "previous.status")),
    Variable("previous.channel", ("previous.combination", "previous.status")),
    Variable("previous.yield", ("previous.combination", "previous.status")),
    Variable("previous.amount", ("previous.combination", "previous.status")),
    Variable("previous.down", ("previous.combination", "previous.status"), scored=False, missing=True),
    Variable("previous.credit_ratio", ("previous.combination", "previous.status")),
    Variable("previous.term", ("previous.combination", "previous.status", "asked"), 1.0, missing=True),
    Variable("previous.cost", ("previous.combination", "term")),
    Variable("previous.goods", ("previous.combination", "previous.channel"), scored=False),
    Variable("previous.industry", ("previous.goods", "previous.channel"), scored=False),
    Variable("previous.area", ("previous.channel",), 1.0, scored=False),
    Variable("previous.portfolio", ("previous.combination", "previous.status"), scored=False),
    Variable("previous.product", ("previous.combination", "previous.status"), scored=False),
    Variable("previous.payment", ("previous.combination", "previous.status"), scored=False),
    Variable("previous.reason", ("previous.status", "previous.type", "decided"), scored=False),
    Variable("previous.purpose", ("previous.combination", "previous.status"), scored=False),
    Variable("previous.suite", ("previous.combination", "previous.status"), scored=False),
    Variable("previous.client", ("previous.order", "previous.type", "previous.status"), scored=False),
    Variable("previous.insured", ("previous.combination", "previous.status"), scored=False),
    Variable("previous.weekday", ("previous.channel",), scored=False),
    Variable("previous.hour", ("previous.channel",), 1.0, scored=False),
    Variable("previous.last_flags", (), scored=False),
    Variable("previous.limit", ("previous.type", "previous.status"), scored=False, missing=True),
    Variable("previous.interest", ("previous.combination",), scored=False, missing=True),
    Variable("previous.privileged", (), scored=False),
    Variable("previous.dated", ("previous.type", "previous.status"), scored=False),
    Variable("previous.card_dates", (), scored=False),
    Variable("previous.first_drawing", (), 1.0, scored=False),
    Variable("previous.first_due", ("previous.type",), 1.0, scored=False),
    Variable("previous.card_last", (), scored=False),
    Variable("previous.kept", ("previous.type", "term"), scored=False),
    Variable("previous.closed_early", ("previous.type", "elapsed"), scored=False),
    Variable("previous.early_at", ("previous.type",), scored=False),
    Variable("previous.ended", ("previous.type",), 1.0, scored=False),
)

PAYMENT: Final = (
    Variable("payment.late", (), 1.0),
    Variable("payment.split"),
    Variable("payment.first_part", (), scored=False),
    Variable("payment.card_late", (), 1.0, scored=False),
)
