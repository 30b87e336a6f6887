"""Instalments of earlier loans: paid when, paid how much."""

from __future__ import annotations

import polars as pl

from credit_scoring.domain.text import Text
from credit_scoring.features.aggregate import ALL, FamilyBuilder, Measure, within_days
from credit_scoring.features.spec import Family

c = pl.col
QUARTER, YEAR, TWO_YEARS = (within_days("DAYS_INSTALMENT", days) for days in (90, 365, 730))


def installments() -> Family:
    """Return the features of repayments: lateness, shares paid, amounts, over all time and recently."""
    family = FamilyBuilder("INSTALLMENTS", "installments_payments", long=True)
    raw = family.raw
    concept = "repayment_punctuality"
    delay = c("DAYS_ENTRY_PAYMENT") - c("DAYS_INSTALMENT")
    short = c("AMT_INSTALMENT") - c("AMT_PAYMENT")

    def flag(name: str, condition: pl.Expr, en: str, fr: str) -> Measure:
        return Measure(name, condition.cast(pl.Float64), Text(en, fr), "flag", concept)

    late_text = Text("Days by which an instalment was paid late", "Jours de retard dans le paiement d'une échéance")
    early_text = Text("Days by which an instalment was paid early", "Jours d'avance dans le paiement d'une échéance")
    margin_text = Text(
        "Days from the payment of an instalment to its due date",
        "Jours entre le paiement d'une échéance et sa date prévue",
    )
    short_text = Text("Amount of an instalment left unpaid", "Montant resté impayé sur une échéance")
    payments = Text("Number of instalment payments", "Nombre de paiements d'échéances")
    late = Measure("DAYS_LATE", delay.clip(0), late_text, "days", concept)
    early = Measure("DAYS_EARLY", (-delay).clip(0), early_text, "days", concept)
    margin = Measure("DAYS_MARGIN", -delay, margin_text, "days", concept)
    underpaid = Measure("AMT_SHORT", short.clip(0), short_text, "currency", concept)

    family.count("PAYMENTS", payments, "previous_applications", ALL, QUARTER, YEAR)
    family.distinct(
        "SK_ID_PREV",
        Text("Number of earlier loans repaid in instalments", "Nombre de crédits antérieurs remboursés par échéances"),
        "previous_applications",
    )
    family.add(late, "MEAN MAX SUM", ALL, QUARTER, YEAR, TWO_YEARS)
    family.add(early, "MEAN MAX", ALL, QUARTER, YEAR)
    family.add(margin, "MIN MEAN", ALL, QUARTER, YEAR)
    family.add(
        flag("IS_LATE", delay > 0, "Share of instalments paid late", "Part des échéances payées en retard"),
        "MEAN",
        ALL,
        QUARTER,
        YEAR,
        TWO_YEARS,
    )
    family.add(
        flag(
            "IS_LATE_7D",
            delay > 7,
            "Share of instalments paid more than 7 days late",
            "Part des échéances payées avec plus de 7 jours de retard",
        ),
        "MEAN",
        ALL,
        YEAR,
    )
    family.add(
        flag(
            "IS_SHORT",
            short > 0,
            "Share of instalments not paid in full",
            "Part des échéances non payées en totalité",
        ),
        "MEAN",
        ALL,
        YEAR,
    )
    family.add(underpaid, "MEAN MAX SUM", ALL, YEAR)
    family.add(raw("AMT_PAYMENT"), "MEAN MAX MIN SUM", ALL, YEAR)
    family.add(raw("AMT_INSTALMENT"), "MEAN MAX", ALL, YEAR)
    family.add(raw("DAYS_INSTALMENT"), "MIN MAX")
    family.add(raw("NUM_INSTALMENT_VERSION"), "MAX MEAN")
    family.ratio(
        raw("AMT_PAYMENT"),
        raw("AMT_INSTALMENT"),
        Text("Amounts paid compared with the instalments due", "Montants payés rapportés aux échéances dues"),
        ALL,
        QUARTER,
        YEAR,
    )
    return family.build()
