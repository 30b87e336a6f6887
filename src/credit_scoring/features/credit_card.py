"""Monthly statements of the client's credit cards at this lender."""

from __future__ import annotations

import polars as pl

from credit_scoring.domain.text import Text
from credit_scoring.features.aggregate import ALL, FamilyBuilder, Measure, within_months
from credit_scoring.features.spec import Family

c = pl.col
QUARTER, YEAR = within_months(3), within_months(12)


def credit_card() -> Family:
    """Return the features of card statements: use of the limit, withdrawals, payments, arrears."""
    family = FamilyBuilder("CARD", "credit_card_balance", monthly=True, long=True)
    raw = family.raw
    used = Measure(
        "LIMIT_USED",
        c("AMT_BALANCE") / c("AMT_CREDIT_LIMIT_ACTUAL"),
        Text("Share of the card's limit in use", "Part utilisée du plafond de la carte"),
        "ratio",
        "card_usage",
    )
    paid = Measure(
        "PAID_TO_MINIMUM",
        c("AMT_PAYMENT_CURRENT") / c("AMT_INST_MIN_REGULARITY"),
        Text("Card repayment compared with the minimum due", "Remboursement de la carte rapporté au minimum exigé"),
        "ratio",
        "card_usage",
    )
    late = Measure(
        "IS_LATE",
        (c("SK_DPD") > 0).cast(pl.Float64),
        Text("Share of months in arrears on cards", "Part des mois avec retard de paiement sur les cartes"),
        "flag",
        "repayment_punctuality",
    )
    family.count(
        "MONTHS",
        Text("Number of monthly card statements", "Nombre de relevés mensuels de carte"),
        "card_usage",
        ALL,
        YEAR,
    )
    family.distinct("SK_ID_PREV", Text("Number of card contracts", "Nombre de contrats de carte"), "card_usage")
    family.add(raw("MONTHS_BALANCE"), "MIN MAX")
    family.add(raw("AMT_BALANCE"), "MEAN MAX MIN", ALL, QUARTER, YEAR)
    family.add(raw("AMT_CREDIT_LIMIT_ACTUAL"), "MEAN MAX", ALL, QUARTER)
    family.add(used, "MEAN MAX MIN", ALL, QUARTER, YEAR)
    family.add(raw("AMT_DRAWINGS_ATM_CURRENT"), "MEAN SUM MAX", ALL, YEAR)
    family.add(raw("AMT_DRAWINGS_CURRENT"), "MEAN MAX SUM", ALL, QUARTER, YEAR)
    family.add(raw("CNT_DRAWINGS_ATM_CURRENT"), "MEAN MAX SUM", ALL, QUARTER, YEAR)
    family.add(raw("CNT_DRAWINGS_CURRENT"), "MEAN MAX", ALL, QUARTER, YEAR)
    family.add(raw("AMT_PAYMENT_TOTAL_CURRENT"), "MEAN SUM", ALL, YEAR)
    family.add(raw("AMT_INST_MIN_REGULARITY"), "MEAN MAX", ALL, YEAR)
    family.add(raw("AMT_TOTAL_RECEIVABLE"), "MEAN MAX", ALL, QUARTER)
    family.add(raw("CNT_INSTALMENT_MATURE_CUM"), "MAX MEAN")
    family.add(raw("SK_DPD"), "MEAN MAX SUM", ALL, YEAR)
    family.add(raw("SK_DPD_DEF"), "MEAN MAX", ALL, YEAR)
    family.add(late, "MEAN", ALL, YEAR)
    family.add(paid, "MEAN MIN", ALL, YEAR)
    family.ratio(
        raw("AMT_DRAWINGS_ATM_CURRENT"),
        raw("AMT_CREDIT_LIMIT_ACTUAL"),
        Text(
            "ATM withdrawals compared with the card's limit",
            "Retraits au distributeur rapportés au plafond de la carte",
        ),
        ALL,
        YEAR,
    )
    return family.build()
