"""Credits at other lenders, as the credit bureau reports them, and their monthly status."""

from __future__ import annotations

import polars as pl

from credit_scoring.domain.text import Text
from credit_scoring.features.aggregate import ALL, FamilyBuilder, Measure, Subset, within_days
from credit_scoring.features.spec import Family, Frames
from credit_scoring.tables.schema import APPLICATION_ID

c = pl.col

ACTIVE = Subset("ACTIVE", c("CREDIT_ACTIVE") == "Active", Text("active loans", "crédits en cours"))
CLOSED = Subset("CLOSED", c("CREDIT_ACTIVE") == "Closed", Text("closed loans", "crédits soldés"))
YEAR, TWO_YEARS, HALF_YEAR = (within_days("DAYS_CREDIT", days) for days in (365, 730, 180))
ACTIVE_YEAR = ACTIVE.within(YEAR)
_TYPES = {
    "CARD": ("Credit card", Text("credit cards", "cartes de crédit")),
    "CONSUMER": ("Consumer credit", Text("consumer loans", "crédits à la consommation")),
    "CAR": ("Car loan", Text("car loans", "crédits automobiles")),
    "MORTGAGE": ("Mortgage", Text("mortgages", "crédits immobiliers")),
    "MICROLOAN": ("Microloan", Text("microloans", "microcrédits")),
}
TYPES = {name: Subset(name, c("CREDIT_TYPE") == value, text) for name, (value, text) in _TYPES.items()}
# The level of arrears is the place of the status among these: a cast takes half the time of a mapping.
_LEVELS = pl.Enum(["0", "1", "2", "3", "4", "5"])


def bureau() -> Family:
    """Return the features of the credits at other lenders: counts, amounts, debts, arrears, dates."""
    family = FamilyBuilder("BUREAU", "bureau", rows=Text("loans", "crédits"))
    raw = family.raw
    credit, debt, overdue = (
        raw("AMT_CREDIT_SUM"),
        raw("AMT_CREDIT_SUM_DEBT"),
        raw("AMT_CREDIT_SUM_OVERDUE"),
    )
    debt_share = Measure(
        "DEBT_SHARE",
        c("AMT_CREDIT_SUM_DEBT") / c("AMT_CREDIT_SUM"),
        Text(
            "Share of a loan with another lender still owed",
            "Part non remboursée d'un crédit auprès d'un autre prêteur",
        ),
        "ratio",
        "bureau_debt",
    )
    left = Measure(
        "AMT_REPAID",
        c("AMT_CREDIT_SUM") - c("AMT_CREDIT_SUM_DEBT"),
        Text(
            "Amount already repaid on a loan with another lender",
            "Montant déjà remboursé sur un crédit auprès d'un autre prêteur",
        ),
        "currency",
        "bureau_debt",
    )
    planned = Measure(
        "DAYS_PLANNED",
        c("DAYS_CREDIT_ENDDATE") - c("DAYS_CREDIT"),
        Text("Planned length of a loan with another lender", "Durée prévue d'un crédit auprès d'un autre prêteur"),
        "days",
        "bureau_history",
    )
    ended_early = Measure(
        "DAYS_ENDED_EARLY",
        c("DAYS_CREDIT_ENDDATE") - c("DAYS_ENDDATE_FACT"),
        Text(
            "Days from the actual end of a loan with another lender to its planned end",
            "Jours entre la fin effective d'un crédit auprès d'un autre prêteur et la fin prévue",
        ),
        "days",
        "bureau_history",
    )
    credits_text = Text("Number of {rows} with other lenders", "Nombre de {rows} auprès d'autres prêteurs")
    family.count(
        "CREDITS",
        credits_text,
        "bureau_history",
        ALL,
        ACTIVE,
        CLOSED,
        HALF_YEAR,
        YEAR,
        TWO_YEARS,
        ACTIVE_YEAR,
    )
    family.count("CREDITS", credits_text, "bureau_history", *TYPES.values())
    family.distinct(
        "CREDIT_TYPE",
        Text("Number of types of loan with other lenders", "Nombre de types de crédit auprès d'autres prêteurs"),
        "bureau_history",
    )
    family.add(raw("DAYS_CREDIT"), "MEAN MIN MAX", ALL, ACTIVE, CLOSED)
    family.add(raw("DAYS_CREDIT"), "MAX", *TYPES.values())
    family.add(raw("DAYS_CREDIT_ENDDATE"), "MEAN MAX", ALL, ACTIVE)
    family.add(raw("DAYS_ENDDATE_FACT"), "MEAN MAX", CLOSED)
    family.add(raw("DAYS_CREDIT_UPDATE"), "MEAN MAX", ALL, ACTIVE)
    family.add(credit, "SUM MEAN MAX", ALL, ACTIVE, CLOSED, YEAR)
    family.add(debt, "SUM MEAN MAX", ALL, ACTIVE, YEAR, TYPES["CARD"], TYPES["CONSUMER"])
    family.add(raw("AMT_CREDIT_SUM_LIMIT"), "SUM MEAN", ALL, ACTIVE)
    family.add(overdue, "SUM MAX", ALL, ACTIVE)
    family.add(raw("AMT_CREDIT_MAX_OVERDUE"), "MEAN MAX", ALL, ACTIVE, TWO_YEARS)
    family.add(raw("CREDIT_DAY_OVERDUE"), "MEAN MAX", ALL, ACTIVE)
    family.add(raw("CNT_CREDIT_PROLONG"), "SUM MAX")
    family.add(raw("AMT_ANNUITY"), "SUM MEAN", ALL, ACTIVE)
    family.add(debt_share, "MEAN MAX MIN", ALL, ACTIVE)
    family.add(left, "MEAN SUM", ALL, ACTIVE)
    family.add(planned, "MEAN MAX", ALL, ACTIVE)
    family.add(ended_early, "MEAN MAX MIN", CLOSED)
    owed = Text(
        "Amounts owed to other lenders compared with the amounts borrowed",
        "Capital restant dû auprès d'autres prêteurs rapporté aux montants empruntés",
    )
    family.ratio(debt, credit, owed, ALL, ACTIVE, YEAR, TYPES["CARD"])
    overdue_share = Text(
        "Arrears with other lenders compared with the amounts owed to them",
        "Impayés auprès d'autres prêteurs rapportés au capital restant dû",
    )
    family.ratio(overdue, debt, overdue_share, ALL)
    return family.build()


def bureau_balance() -> Family:
    """Return the features of the monthly status of each credit at other lenders."""
    table = "bureau_balance"
    status, month = (f"{table}.STATUS",), (f"{table}.MONTHS_BALANCE",)
    family = FamilyBuilder("BUREAU_BALANCE", table, also=("bureau",), prepare=_months_by_credit)

    def measure(name: str, en: str, fr: str, unit: str, sources: tuple[str, ...]) -> Measure:
        return Measure(name, c(name), Text(en, fr), unit, "bureau_overdue", sources)

    months = measure(
        "MONTHS",
        "Number of months reported on a loan with another lender",
        "Nombre de mois déclarés pour un crédit auprès d'un autre prêteur",
        "count",
        month,
    )
    late = measure(
        "MONTHS_LATE",
        "Number of months with a late payment on a loan with another lender",
        "Nombre de mois avec retard de paiement sur un crédit auprès d'un autre prêteur",
        "count",
        status,
    )
    late_recent = measure(
        "MONTHS_LATE_12M",
        "Number of the last 12 months with a late payment on a loan with another lender",
        "Nombre de mois, parmi les 12 derniers, avec retard de paiement sur un crédit auprès d'un autre prêteur",
        "count",
        status + month,
    )
    severe = measure(
        "MONTHS_LATE_30",
        "Number of months more than 30 days late on a loan with another lender",
        "Nombre de mois avec plus de 30 jours de retard sur un crédit auprès d'un autre prêteur",
        "count",
        status,
    )
    worst = measure(
        "WORST_STATUS",
        "Worst payment status of a loan with another lender (from 0 to 5)",
        "Plus mauvais état de paiement d'un crédit auprès d'un autre prêteur (de 0 à 5)",
        "count",
        status,
    )
    last = measure(
        "LAST_LATE_MONTH",
        "Month of the last late payment on a loan with another lender",
        "Mois du dernier retard de paiement sur un crédit auprès d'un autre prêteur",
        "months_before",
        status + month,
    )
    unknown = measure(
        "MONTHS_UNKNOWN",
        "Number of months of unknown status on a loan with another lender",
        "Nombre de mois d'état inconnu pour un crédit auprès d'un autre prêteur",
        "count",
        status,
    )
    first = measure(
        "FIRST_MONTH",
        "First month reported on a loan with another lender",
        "Premier mois déclaré pour un crédit auprès d'un autre prêteur",
        "months_before",
        month,
    )
    credits_text = Text(
        "Number of loans with other lenders that are reported monthly",
        "Nombre de crédits auprès d'autres prêteurs déclarés chaque mois",
    )
    family.count("CREDITS", credits_text, "bureau_history", ALL)
    family.add(months, "SUM MEAN")
    family.add(late, "SUM MAX")
    family.add(late_recent, "SUM MAX")
    family.add(severe, "SUM MAX")
    family.add(worst, "MAX MEAN")
    family.add(last, "MAX")
    family.add(first, "MIN MEAN")
    family.ratio(
        late,
        months,
        Text(
            "Share of months with a late payment on loans with other lenders",
            "Part des mois avec retard de paiement sur les crédits auprès d'autres prêteurs",
        ),
    )
    family.ratio(
        severe,
        months,
        Text(
            "Share of months more than 30 days late on loans with other lenders",
            "Part des mois avec plus de 30 jours de retard sur les crédits auprès d'autres prêteurs",
        ),
    )
    family.ratio(
        unknown,
        months,
        Text(
            "Share of months of unknown status on loans with other lenders",
            "Part des mois d'état inconnu pour les crédits auprès d'autres prêteurs",
        ),
    )
    return family.build()


def _months_by_credit(frames: Frames) -> pl.LazyFrame:
    """Return one row a credit: its months are added up before the join, which is then 15 times smaller."""
    level = c("STATUS").cast(_LEVELS, strict=False).to_physical()
    late = c("level") >= 1
    by_credit = (
        frames["bureau_balance"]
        .select("SK_ID_BUREAU", "MONTHS_BALANCE", "STATUS", level=level)
        .group_by("SK_ID_BUREAU")
        .agg(
            pl.len().alias("MONTHS"),
            late.sum().alias("MONTHS_LATE"),
            (late & (c("MONTHS_BALANCE") >= -12)).sum().alias("MONTHS_LATE_12M"),
            (c("level") >= 2).sum().alias("MONTHS_LATE_30"),
            (c("STATUS") == "X").sum().alias("MONTHS_UNKNOWN"),
            c("level").max().alias("WORST_STATUS"),
            c("MONTHS_BALANCE").filter(late).max().alias("LAST_LATE_MONTH"),
            c("MONTHS_BALANCE").min().alias("FIRST_MONTH"),
        )
    )
    owners = frames["bureau"].select(APPLICATION_ID, "SK_ID_BUREAU")
    return owners.join(by_credit, on="SK_ID_BUREAU", how="inner")
