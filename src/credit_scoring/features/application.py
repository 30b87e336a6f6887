"""The application's own row: its raw columns, and what follows from them row by row."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from credit_scoring.domain.text import Text
from credit_scoring.features.spec import Feature
from credit_scoring.tables.schema import APPLICATION_ID, OUTCOME, schema

c = pl.col
E1, E2, E3 = (c(f"EXT_SOURCE_{number}") for number in (1, 2, 3))
SCORES = [E1, E2, E3]
_FLAGS = {
    "FLAG_NOT_EMPLOYED": Text("Not in employment at the application", "Sans emploi à la date de la demande"),
}


def raw_features() -> tuple[Feature, ...]:
    """Return every raw column but key and outcome, and the flags of cleaning, under their own names."""
    features = []
    for column in schema()["application"].columns.values():
        if column.name in {APPLICATION_ID, OUTCOME}:
            continue
        source = (f"application.{column.name}",)
        features.append(
            Feature(column.name, c(column.name), source, column.meaning, column.concept, column.unit, column.kind)
        )
        if column.flag:
            features.append(Feature(column.flag, c(column.flag), source, _FLAGS[column.flag], column.concept, "flag"))
    return tuple(features)


def _derived(name: str, expression: pl.Expr, unit: str, concept: str, en: str, fr: str) -> Feature:
    """Return the feature; a ratio by zero is missing."""
    finite = pl.when(expression.is_finite()).then(expression)
    sources = tuple(f"application.{root}" for root in sorted(set(expression.meta.root_names())))
    return Feature(f"APPLICATION__{name}", finite, sources, Text(en, fr), concept, unit)


def _spread(values: Sequence[pl.Expr]) -> pl.Expr:
    """Return the standard deviation (n - 1) across columns, missing where fewer than two are known."""
    known = pl.sum_horizontal(value.is_not_null() for value in values)
    mean = pl.mean_horizontal(values)
    squares = pl.sum_horizontal((value - mean).pow(2) for value in values)
    return pl.when(known >= 2).then((squares / (known - 1)).sqrt())


def _weighted(weights: Sequence[float]) -> pl.Expr:
    """Return the weighted mean of the external scores that are known."""
    total = pl.sum_horizontal(score * weight for score, weight in zip(SCORES, weights, strict=True))
    known = pl.sum_horizontal(score.is_not_null() * weight for score, weight in zip(SCORES, weights, strict=True))
    return pl.when(known > 0).then(total / known)


def _external() -> list[Feature]:
    score, fr = "External credit scores", "Scores de crédit externes"
    known = pl.sum_horizontal(value.is_not_null() for value in SCORES).cast(pl.Float64)
    made = [
        ("EXT_SOURCE__MEAN", pl.mean_horizontal(SCORES), "average", "moyenne"),
        ("EXT_SOURCE__MIN", pl.min_horizontal(SCORES), "lowest", "minimum"),
        ("EXT_SOURCE__MAX", pl.max_horizontal(SCORES), "highest", "maximum"),
        ("EXT_SOURCE__STD", _spread(SCORES), "spread", "dispersion"),
        ("EXT_SOURCE__WEIGHTED", _weighted([2.0, 1.0, 3.0]), "weighted average", "moyenne pondérée"),
        ("EXT_SOURCE__PRODUCT", E1 * E2 * E3, "product", "produit"),
        ("EXT_SOURCE_1_2__PRODUCT", E1 * E2, "product of the first two", "produit des deux premiers"),
        (
            "EXT_SOURCE_1_3__PRODUCT",
            E1 * E3,
            "product of first and third",
            "produit du premier et du troisième",
        ),
        ("EXT_SOURCE_2_3__PRODUCT", E2 * E3, "product of the last two", "produit des deux derniers"),
        ("EXT_SOURCE_1_2__DIFFERENCE", E1 - E2, "first less second", "écart entre premier et deuxième"),
        ("EXT_SOURCE_2_3__DIFFERENCE", E2 - E3, "second less third", "écart entre deuxième et troisième"),
        ("EXT_SOURCE_1_3__DIFFERENCE", E1 - E3, "first less third", "écart entre premier et troisième"),
        ("EXT_SOURCE__KNOWN", known, "number known", "nombre connu"),
    ]
    return [
        _derived(name, expression, "score", "external_score", f"{score}: {en}", f"{fr}\N{NO-BREAK SPACE}: {told}")
        for name, expression, en, told in made
    ]


def _ratios() -> list[Feature]:
    credit, annuity, goods, income = (
        c(name) for name in ("AMT_CREDIT", "AMT_ANNUITY", "AMT_GOODS_PRICE", "AMT_INCOME_TOTAL")
    )
    birth, employed = c("DAYS_BIRTH"), c("DAYS_EMPLOYED")
    documents = [c(f"FLAG_DOCUMENT_{number}") for number in range(2, 22)]
    contacts = [c(f"FLAG_{name}") for name in ("MOBIL", "EMP_PHONE", "WORK_PHONE", "CONT_MOBILE", "PHONE", "EMAIL")]
    enquiries = [c(f"AMT_REQ_CREDIT_BUREAU_{span}") for span in ("HOUR", "DAY", "WEEK", "MON", "QRT", "YEAR")]
    all_missing = pl.all_horizontal(value.is_null() for value in enquiries)
    return [
        _derived(
            "CREDIT_TO_ANNUITY",
            credit / annuity,
            "ratio",
            "loan_price",
            "Loan compared with the regular repayment",
            "Crédit rapporté à l'échéance",
        ),
        _derived(
            "CREDIT_TO_GOODS",
            credit / goods,
            "ratio",
            "loan_amount",
            "Loan compared with the price of the goods",
            "Crédit rapporté au prix du bien",
        ),
        _derived(
            "GOODS_LESS_CREDIT",
            goods - credit,
            "currency",
            "loan_amount",
            "Price of the goods less the loan",
            "Prix du bien moins le crédit",
        ),
        _derived(
            "ANNUITY_TO_INCOME",
            annuity / income,
            "ratio",
            "annuity_burden",
            "Regular repayment compared with income",
            "Échéance rapportée au revenu",
        ),
        _derived(
            "CREDIT_TO_INCOME",
            credit / income,
            "ratio",
            "annuity_burden",
            "Loan compared with income",
            "Crédit rapporté au revenu",
        ),
        _derived(
            "GOODS_TO_INCOME",
            goods / income,
            "ratio",
            "annuity_burden",
            "Price of the goods compared with income",
            "Prix du bien rapporté au revenu",
        ),
        _derived(
            "INCOME_PER_PERSON",
            income / c("CNT_FAM_MEMBERS"),
            "currency",
            "income",
            "Income per family member",
            "Revenu par membre du foyer",
        ),
        _derived(
            "INCOME_PER_CHILD",
            income / (1.0 + c("CNT_CHILDREN")),
            "currency",
            "income",
            "Income, shared with the children",
            "Revenu partagé avec les enfants",
        ),
        _derived(
            "CHILDREN_SHARE",
            c("CNT_CHILDREN") / c("CNT_FAM_MEMBERS"),
            "ratio",
            "family",
            "Share of children in the family",
            "Part des enfants dans le foyer",
        ),
        _derived(
            "EMPLOYED_TO_BIRTH",
            employed / birth,
            "ratio",
            "employment",
            "Time in the current job compared with age",
            "Ancienneté dans l'emploi rapportée à l'âge",
        ),
        _derived(
            "EMPLOYED_LESS_BIRTH",
            employed - birth,
            "days",
            "employment",
            "Age at the start of the current job, in days",
            "Âge au début de l'emploi actuel, en jours",
        ),
        _derived(
            "INCOME_TO_EMPLOYED",
            income / employed,
            "ratio",
            "employment",
            "Income compared with time in the current job",
            "Revenu rapporté à l'ancienneté dans l'emploi",
        ),
        _derived(
            "INCOME_TO_BIRTH",
            income / birth,
            "ratio",
            "income",
            "Income compared with age",
            "Revenu rapporté à l'âge",
        ),
        _derived(
            "ID_TO_BIRTH",
            c("DAYS_ID_PUBLISH") / birth,
            "ratio",
            "identity_records",
            "Age of the identity document compared with the applicant's",
            "Ancienneté de la pièce d'identité rapportée à l'âge",
        ),
        _derived(
            "REGISTRATION_TO_BIRTH",
            c("DAYS_REGISTRATION") / birth,
            "ratio",
            "identity_records",
            "Age of the registration compared with the applicant's",
            "Ancienneté de l'enregistrement rapportée à l'âge",
        ),
        _derived(
            "PHONE_TO_BIRTH",
            c("DAYS_LAST_PHONE_CHANGE") / birth,
            "ratio",
            "contact_details",
            "Time with the same phone compared with age",
            "Ancienneté du téléphone rapportée à l'âge",
        ),
        _derived(
            "PHONE_TO_EMPLOYED",
            c("DAYS_LAST_PHONE_CHANGE") / employed,
            "ratio",
            "contact_details",
            "Time with the same phone compared with time in the current job",
            "Ancienneté du téléphone rapportée à l'ancienneté dans l'emploi",
        ),
        _derived(
            "CAR_TO_BIRTH",
            c("OWN_CAR_AGE") * 365.0 / -birth,
            "ratio",
            "car",
            "Age of the car compared with the applicant's",
            "Âge de la voiture rapporté à l'âge du demandeur",
        ),
        _derived(
            "CAR_TO_EMPLOYED",
            c("OWN_CAR_AGE") * 365.0 / -employed,
            "ratio",
            "car",
            "Age of the car compared with time in the current job",
            "Âge de la voiture rapporté à l'ancienneté dans l'emploi",
        ),
        _derived(
            "DOCUMENTS__COUNT",
            pl.sum_horizontal(documents),
            "count",
            "documents",
            "Number of documents given",
            "Nombre de documents fournis",
        ),
        _derived(
            "CONTACTS__COUNT",
            pl.sum_horizontal(contacts),
            "count",
            "contact_details",
            "Number of ways to be reached",
            "Nombre de moyens de contact",
        ),
        _derived(
            "ENQUIRIES__SUM",
            pl.when(~all_missing).then(pl.sum_horizontal(enquiries)),
            "count",
            "credit_enquiries",
            "Enquiries at the credit bureau over a year",
            "Consultations du bureau de crédit sur un an",
        ),
        _derived(
            "SOCIAL_DEFAULTS_TO_OBSERVED",
            c("DEF_30_CNT_SOCIAL_CIRCLE") / c("OBS_30_CNT_SOCIAL_CIRCLE"),
            "ratio",
            "social_circle",
            "Share of the social circle in arrears",
            "Part de l'entourage en retard de paiement",
        ),
        _derived(
            "REGION_RATING_GAP",
            c("REGION_RATING_CLIENT_W_CITY") - c("REGION_RATING_CLIENT"),
            "rating",
            "region",
            "Rating of the city compared with its region",
            "Note de la ville comparée à celle de la région",
        ),
        _derived(
            "ADDRESS_MISMATCHES__COUNT",
            pl.sum_horizontal(
                c(name)
                for name in schema()["application"].columns
                if "_NOT_" in name and name.startswith(("REG_", "LIVE_"))
            ),
            "count",
            "region",
            "Number of addresses that do not match",
            "Nombre d'adresses discordantes",
        ),
        _derived(
            "SCORE_TO_CREDIT_LENGTH",
            E3 * annuity / credit,
            "ratio",
            "loan_price",
            "Third external score, weighed by the speed of repayment",
            "Troisième score externe, pondéré par la vitesse de remboursement",
        ),
    ]


def derived_features() -> tuple[Feature, ...]:
    """Return the features that follow from the application row alone."""
    return (*_external(), *_ratios())
