"""Earlier applications at this lender: how many, what for, what became of them, at what price."""

from __future__ import annotations

import polars as pl

from credit_scoring.domain.text import Text
from credit_scoring.features.aggregate import ALL, FamilyBuilder, Measure, Subset, within_days
from credit_scoring.features.interest import yearly_rate
from credit_scoring.features.spec import Family

c = pl.col

APPROVED = Subset("APPROVED", c("NAME_CONTRACT_STATUS") == "Approved", Text("approved", "acceptées"))
REFUSED = Subset("REFUSED", c("NAME_CONTRACT_STATUS") == "Refused", Text("refused", "refusées"))
CANCELED = Subset("CANCELED", c("NAME_CONTRACT_STATUS") == "Canceled", Text("cancelled", "annulées"))
UNUSED = Subset("UNUSED", c("NAME_CONTRACT_STATUS") == "Unused offer", Text("offer not used", "offre non utilisée"))
CASH = Subset("CASH", c("NAME_CONTRACT_TYPE") == "Cash loans", Text("cash loans", "prêts personnels"))
GOODS = Subset("CONSUMER", c("NAME_CONTRACT_TYPE") == "Consumer loans", Text("consumer loans", "crédits affectés"))
CARDS = Subset(
    "REVOLVING",
    c("NAME_CONTRACT_TYPE") == "Revolving loans",
    Text("revolving loans", "crédits renouvelables"),
)
YEAR, TWO_YEARS = (within_days("DAYS_DECISION", days) for days in (365, 730))
RUNNING = Subset("RUNNING", c("FLAG_STILL_ACTIVE") == 1.0, Text("still running", "encore en cours"))
REFUSED_YEAR = Subset(
    "REFUSED_365D",
    REFUSED.condition & YEAR.condition,
    Text("refused in the last 365 days", "refusées dans les 365 derniers jours"),
)
APPROVED_TWO_YEARS = Subset(
    "APPROVED_730D",
    APPROVED.condition & TWO_YEARS.condition,
    Text("approved in the last 730 days", "acceptées dans les 730 derniers jours"),
)
REASONS = tuple(
    Subset(
        f"REASON_{code}",
        c("CODE_REJECT_REASON") == code,
        Text(f"refused, reason {code}", f"refusées, motif {code}"),
    )
    for code in ("HC", "SCO", "LIMIT")
)
_HIGH_YIELD = Text("high-rate products", "produits à taux élevé")
HIGH_YIELD = Subset("HIGH_YIELD", c("NAME_YIELD_GROUP") == "high", _HIGH_YIELD)
NEW_CLIENT = Subset(
    "NEW_CLIENT",
    c("NAME_CLIENT_TYPE") == "New",
    Text("made as a new client", "faites en tant que nouveau client"),
)
WALK_IN = Subset("WALK_IN", c("NAME_PRODUCT_TYPE") == "walk-in", Text("walk-in sales", "démarches spontanées"))


def _measures() -> dict[str, Measure]:
    annuity, credit, term = c("AMT_ANNUITY"), c("AMT_CREDIT"), c("CNT_PAYMENT")
    return {
        "granted": Measure(
            "AMT_CREDIT_TO_AMT_APPLICATION",
            credit / c("AMT_APPLICATION"),
            Text(
                "Amount offered compared with the amount requested earlier",
                "Montant proposé rapporté au montant sollicité lors d'une demande antérieure",
            ),
            "ratio",
            "previous_applications",
        ),
        "rate": Measure(
            "INTEREST_RATE",
            yearly_rate(credit, annuity, term),
            Text(
                "Yearly interest rate of the earlier loan, estimated",
                "Taux d'intérêt annuel estimé du crédit antérieur",
            ),
            "ratio",
            "loan_price",
        ),
        "burden": Measure(
            "AMT_CREDIT_TO_AMT_ANNUITY",
            credit / annuity,
            Text("Length of the earlier loan, in instalments", "Durée du crédit antérieur, en échéances"),
            "ratio",
            "previous_applications",
        ),
        "prolonged": Measure(
            "DAYS_LAST_DUE_MOVED",
            c("DAYS_LAST_DUE_1ST_VERSION") - c("DAYS_LAST_DUE"),
            Text(
                "Days by which the earlier loan ended before the first agreed date",
                "Jours d'avance de la fin du crédit antérieur sur la date convenue",
            ),
            "days",
            "previous_applications",
        ),
    }


def previous() -> Family:
    """Return the features of earlier applications: counts by decision and product, amounts, rates, dates."""
    family = FamilyBuilder("PREVIOUS", "previous_application")
    raw = family.raw
    made = _measures()
    applications = Text("Earlier applications", "Demandes antérieures")
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
    family.add(raw("NFLAG_INSURED_ON_APPROVAL"), "MEAN")
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
            "Amounts offered, compared with the amounts requested earlier",
            "Montants proposés, rapportés aux montants sollicités antérieurement",
        ),
        REFUSED,
        YEAR,
    )
    return family.build()
