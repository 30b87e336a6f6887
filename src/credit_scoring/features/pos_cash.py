"""Monthly statements of earlier consumer and cash loans."""

from __future__ import annotations

import polars as pl

from credit_scoring.domain.text import Text
from credit_scoring.features.aggregate import ALL, FamilyBuilder, Measure, Subset, within_months
from credit_scoring.features.spec import Family

c = pl.col
HALF_YEAR, YEAR, TWO_YEARS = (within_months(months) for months in (6, 12, 24))
ACTIVE = Subset(
    "ACTIVE",
    c("NAME_CONTRACT_STATUS") == "Active",
    Text("running loans", "crédits en cours"),
)
COMPLETED = Subset("COMPLETED", c("NAME_CONTRACT_STATUS") == "Completed", Text("completed loans", "crédits soldés"))


def pos_cash() -> Family:
    """Return the features of monthly loan statements: arrears, remaining instalments, number of loans."""
    family = FamilyBuilder("POS", "POS_CASH_balance", rows=Text("loans", "crédits"), monthly=True, long=True)
    raw = family.raw
    remaining = Measure(
        "SHARE_REMAINING",
        c("CNT_INSTALMENT_FUTURE") / c("CNT_INSTALMENT"),
        Text(
            "Share of instalments left to pay on an earlier loan",
            "Part des échéances restant à payer sur un crédit antérieur",
        ),
        "ratio",
        "previous_applications",
    )
    late = Measure(
        "IS_LATE",
        (c("SK_DPD") > 0).cast(pl.Float64),
        Text(
            "Share of months in arrears on earlier loans",
            "Part des mois avec retard de paiement sur les crédits antérieurs",
        ),
        "flag",
        "repayment_punctuality",
    )
    months = Text("Number of monthly statements of earlier {rows}", "Nombre de relevés mensuels de {rows} antérieurs")
    family.count("MONTHS", months, "previous_applications", ALL, YEAR, ACTIVE, COMPLETED)
    family.distinct(
        "SK_ID_PREV",
        Text("Number of earlier loans with monthly statements", "Nombre de crédits antérieurs avec relevés mensuels"),
        "previous_applications",
        ALL,
        YEAR,
    )
    family.add(raw("MONTHS_BALANCE"), "MIN MAX MEAN")
    family.add(raw("SK_DPD"), "MEAN MAX SUM", ALL, YEAR)
    family.add(raw("SK_DPD_DEF"), "MEAN MAX SUM", ALL, YEAR, TWO_YEARS)
    family.add(late, "MEAN", ALL, HALF_YEAR, YEAR, TWO_YEARS)
    family.add(raw("CNT_INSTALMENT"), "MEAN MAX", ALL, YEAR)
    family.add(raw("CNT_INSTALMENT_FUTURE"), "MEAN MAX MIN", ALL, HALF_YEAR, YEAR)
    family.add(remaining, "MEAN MIN", ALL, HALF_YEAR)
    return family.build()
