"""Earlier applications at this lender: how many, what for, what became of them, at what price."""

from __future__ import annotations

import polars as pl

from credit_scoring.domain.text import Text
from credit_scoring.features.aggregate import ALL, FamilyBuilder, Measure, Subset, within_days
from credit_scoring.features.interest import yearly_rate
from credit_scoring.features.spec import Family

c = pl.col


def _where(name: str, column: str, value: str | float, en: str, fr: str) -> Subset:
    return Subset(name, c(column) == value, Text(en, fr))


_STATUS, _KIND = "NAME_CONTRACT_STATUS", "NAME_CONTRACT_TYPE"
APPROVED = _where("APPROVED", _STATUS, "Approved", "approved applications", "demandes acceptées")
REFUSED = _where("REFUSED", _STATUS, "Refused", "refused applications", "demandes refusées")
CANCELED = _where("CANCELED", _STATUS, "Canceled", "cancelled applications", "demandes annulées")
UNUSED = _where(
    "UNUSED",
    _STATUS,
    "Unused offer",
    "applications whose offer was not used",
    "demandes dont l'offre n'a pas été utilisée",
)
CASH = _where("CASH", _KIND, "Cash loans", "cash loan applications", "demandes de prêt personnel")
GOODS = _where("CONSUMER", _KIND, "Consumer loans", "consumer loan applications", "demandes de crédit affecté")
CARDS = _where("REVOLVING", _KIND, "Revolving loans", "revolving loan applications", "demandes de crédit renouvelable")
YEAR, TWO_YEARS = (within_days("DAYS_DECISION", days) for days in (365, 730))
RUNNING = _where(
    "RUNNING",
    "FLAG_STILL_ACTIVE",
    1.0,
    "applications whose loan is still running",
    "demandes dont le crédit est en cours",
)
REFUSED_YEAR, APPROVED_TWO_YEARS = REFUSED.within(YEAR), APPROVED.within(TWO_YEARS)
REASONS = tuple(
    _where(
        f"REASON_{code}",
        "CODE_REJECT_REASON",
        code,
        f"applications refused for reason {code}",
        f"demandes refusées pour le motif {code}",
    )
    for code in ("HC", "SCO", "LIMIT")
)
HIGH_YIELD = _where(
    "HIGH_YIELD",
    "NAME_YIELD_GROUP",
    "high",
    "applications for high-rate products",
    "demandes de produits à taux élevé",
)
NEW_CLIENT = _where(
    "NEW_CLIENT",
    "NAME_CLIENT_TYPE",
    "New",
    "applications made as a new client",
    "demandes faites en tant que nouveau client",
)
WALK_IN = _where("WALK_IN", "NAME_PRODUCT_TYPE", "walk-in", "walk-in applications", "demandes spontanées")


def _measures() -> dict[str, Measure]:
    annuity, credit, term = c("AMT_ANNUITY"), c("AMT_CREDIT"), c("CNT_PAYMENT")
    return {
        "granted": Measure(
            "AMT_CREDIT_TO_AMT_APPLICATION",
            credit / c("AMT_APPLICATION"),
            Text(
                "Amount offered compared with the amount requested in an earlier application",
                "Montant proposé rapporté au montant sollicité lors d'une demande antérieure",
            ),
            "ratio",
            "previous_applications",
        ),
        "rate": Measure(
            "INTEREST_RATE",
            yearly_rate(credit, annuity, term),
            Text(
                "Estimated annual interest rate of an earlier loan",
                "Taux d'intérêt annuel estimé d'un crédit antérieur",
            ),
            "ratio",
            "loan_price",
        ),
        "burden": Measure(
            "AMT_CREDIT_TO_AMT_ANNUITY",
            credit / annuity,
            Text(
                "Amount of an earlier loan compared with its monthly repayment",
                "Montant d'un crédit antérieur rapporté à sa mensualité",
            ),
            "ratio",
            "previous_applications",
        ),
        "prolonged": Measure(
            "DAYS_LAST_DUE_MOVED",
            c("DAYS_LAST_DUE_1ST_VERSION") - c("DAYS_LAST_DUE"),
            Text(
                "Days from the last due date of an earlier loan to the one first agreed",
                "Jours entre la dernière échéance d'un crédit antérieur et celle initialement prévue",
            ),
            "days",
            "previous_applications",
        ),
    }


def previous() -> Family:
    """Return the features of earlier applications: counts by decision and product, amounts, rates, dates."""
    family = FamilyBuilder("PREVIOUS", "previous_application", rows=Text("applications", "demandes"))
    raw = family.raw
    made = _measures()
    applications = Text("Number of earlier {rows}", "Nombre de {rows} avant celle-ci")
    family.count(
        "APPLICATIONS",
        applications,
        "previous_applications",
        ALL,
        APPROVED,
        CANCELED,
        UNUSED,
        CASH,
        GOODS,
        CARDS,
    )
    family.count(
        "APPLICATIONS",
        applications,
        "previous_applications",
        YEAR,
        APPROVED_TWO_YEARS,
        RUNNING,
        HIGH_YIELD,
        NEW_CLIENT,
        WALK_IN,
    )
    family.count("APPLICATIONS", applications, "previous_refusals", REFUSED, REFUSED_YEAR, *REASONS)
    refused = Measure(
        "IS_REFUSED",
        (c("NAME_CONTRACT_STATUS") == "Refused").cast(pl.Float64),
        Text("Share of earlier applications refused", "Part des demandes antérieures refusées"),
        "flag",
        "previous_refusals",
    )
    family.add(refused, "MEAN", ALL, YEAR, TWO_YEARS, CASH)
    family.add(raw("DAYS_DECISION"), "MEAN MIN MAX", ALL, APPROVED)
    family.add(raw("DAYS_DECISION"), "MAX", CASH, GOODS, CARDS)
    refusal_day = raw("DAYS_DECISION")
    family.add(
        Measure("DAYS_REFUSED", refusal_day.expression, refusal_day.meaning, refusal_day.unit, "previous_refusals"),
        "MAX MEAN",
        REFUSED,
    )
    family.add(raw("AMT_ANNUITY"), "MEAN MAX MIN", ALL, APPROVED)
    family.add(raw("AMT_CREDIT"), "MEAN MAX SUM", ALL, APPROVED, REFUSED)
    family.add(raw("AMT_APPLICATION"), "MEAN MAX", ALL, REFUSED)
    family.add(raw("AMT_DOWN_PAYMENT"), "MEAN MAX")
    family.add(raw("RATE_DOWN_PAYMENT"), "MEAN MAX MIN")
    family.add(raw("CNT_PAYMENT"), "MEAN MAX SUM", ALL, APPROVED)
    family.add(raw("AMT_ANNUITY"), "SUM", RUNNING)
    family.add(raw("AMT_CREDIT"), "SUM", RUNNING)
    family.add(raw("HOUR_APPR_PROCESS_START"), "MEAN")
    family.add(raw("SELLERPLACE_AREA"), "MEAN MAX")
    insured = Text(
        "Share of earlier loans with insurance requested", "Part des crédits antérieurs avec assurance demandée"
    )
    family.add(raw("NFLAG_INSURED_ON_APPROVAL", insured), "MEAN")
    family.add(raw("DAYS_FIRST_DRAWING"), "MIN MAX")
    family.add(raw("DAYS_FIRST_DUE"), "MIN MAX")
    family.add(raw("DAYS_LAST_DUE_1ST_VERSION"), "MEAN MAX", APPROVED)
    family.add(raw("DAYS_LAST_DUE"), "MAX", APPROVED)
    family.add(raw("DAYS_TERMINATION"), "MEAN MAX", APPROVED)
    family.add(made["granted"], "MEAN MIN MAX", ALL, APPROVED)
    family.add(made["rate"], "MEAN MIN MAX", APPROVED, APPROVED_TWO_YEARS)
    family.add(made["burden"], "MEAN MAX", APPROVED)
    family.add(made["prolonged"], "MEAN MAX", APPROVED)
    family.ratio(
        raw("AMT_CREDIT"),
        raw("AMT_APPLICATION"),
        Text(
            "Amounts offered on earlier applications compared with the amounts requested",
            "Montants proposés pour les demandes antérieures rapportés aux montants sollicités",
        ),
        REFUSED,
        YEAR,
    )
    return family.build()
