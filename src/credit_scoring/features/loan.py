"""The loan asked for: amounts, repayment, income, and the price that they imply."""

from __future__ import annotations

import polars as pl

from credit_scoring.domain.text import Text
from credit_scoring.features.interest import yearly_rate
from credit_scoring.features.spec import Feature, derived

c = pl.col
CREDIT, ANNUITY, GOODS, INCOME = (
    c(name) for name in ("AMT_CREDIT", "AMT_ANNUITY", "AMT_GOODS_PRICE", "AMT_INCOME_TOTAL")
)
# The application does not tell the number of instalments: these are usual.
TERMS = tuple(float(months) for months in range(6, 61, 6))
PLAUSIBLE_RATES = (0.085, 1.0)
ROUND_GOODS, ROUND_CREDIT = 45_000, 1_000


def loan_features() -> tuple[Feature, ...]:
    """Return the features of the loan asked for."""
    return (*_amounts(), *_price())


def _amounts() -> tuple[Feature, ...]:
    return (
        derived(
            "CREDIT_TO_ANNUITY",
            CREDIT / ANNUITY,
            "ratio",
            "loan_price",
            "Loan compared with the monthly repayment",
            "Crédit rapporté à la mensualité",
        ),
        derived(
            "CREDIT_TO_GOODS",
            CREDIT / GOODS,
            "ratio",
            "loan_amount",
            "Loan compared with the price of the goods",
            "Crédit rapporté au prix du bien",
        ),
        derived(
            "GOODS_LESS_CREDIT",
            GOODS - CREDIT,
            "currency",
            "loan_amount",
            "Price of the goods minus the loan",
            "Différence entre le prix du bien et le crédit",
        ),
        derived(
            "ANNUITY_TO_INCOME",
            ANNUITY / INCOME,
            "ratio",
            "annuity_burden",
            "Monthly repayment compared with income",
            "Mensualité rapportée au revenu",
        ),
        derived(
            "CREDIT_TO_INCOME",
            CREDIT / INCOME,
            "ratio",
            "annuity_burden",
            "Loan compared with income",
            "Crédit rapporté au revenu",
        ),
        derived(
            "GOODS_TO_INCOME",
            GOODS / INCOME,
            "ratio",
            "annuity_burden",
            "Price of the goods compared with income",
            "Prix du bien rapporté au revenu",
        ),
        derived(
            "GOODS_ARE_ROUND",
            (GOODS % ROUND_GOODS == 0).cast(pl.Float64),
            "flag",
            "loan_amount",
            f"Price of the goods is a multiple of {ROUND_GOODS:,}",
            f"Prix du bien multiple de {ROUND_GOODS:,}".replace(",", "\N{NARROW NO-BREAK SPACE}"),
        ),
        derived(
            "CREDIT_IS_ROUND",
            (CREDIT % ROUND_CREDIT == 0).cast(pl.Float64),
            "flag",
            "loan_amount",
            f"Loan is a multiple of {ROUND_CREDIT:,}",
            f"Crédit multiple de {ROUND_CREDIT:,}".replace(",", "\N{NARROW NO-BREAK SPACE}"),
        ),
    )


def _price() -> tuple[Feature, ...]:
    """Return the yearly rate of this loan, on what is lent and on what it buys, over the usual terms."""
    lent = Text("Estimated annual interest rate of this loan", "Taux d'intérêt annuel estimé de ce crédit")
    bought = Text(
        "Estimated annual interest rate on the price of the goods", "Taux d'intérêt annuel estimé sur le prix du bien"
    )
    return (*_rates("INTEREST_RATE", CREDIT, lent), *_rates("INTEREST_RATE_ON_GOODS", GOODS, bought))


def _rates(name: str, amount: pl.Expr, meaning: Text) -> tuple[Feature, ...]:
    """Return the lowest, average and highest of the rates that are plausible; which term is meant is not told."""
    rates = yearly_rate(amount, ANNUITY, pl.lit(TERMS, dtype=pl.List(pl.Float64)))
    plausible = c(f"_{name}")
    before = ((rates.list.filter(pl.element().is_between(*PLAUSIBLE_RATES)).alias(f"_{name}"),),)
    made = (
        ("MIN", plausible.list.min(), "lowest", "minimum"),
        # From the shortest term to the longest: the sum of columns would be in an order that Polars chooses.
        ("MEAN", plausible.list.mean(), "average", "moyenne"),
        ("MAX", plausible.list.max(), "highest", "maximum"),
    )
    return tuple(
        derived(
            f"{name}__{statistic}",
            expression,
            "ratio",
            "loan_price",
            f"{meaning.en}, {en}",
            f"{meaning.fr}, {fr}",
            before=before,
        )
        for statistic, expression, en, fr in made
    )
