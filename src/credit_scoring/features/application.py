"""The application's own row: its raw columns, and what follows from them row by row."""

from __future__ import annotations

import polars as pl

from credit_scoring.domain.text import Text
from credit_scoring.features.external_scores import external_features
from credit_scoring.features.loan import loan_features
from credit_scoring.features.spec import Feature, derived, summed
from credit_scoring.tables.schema import APPLICATION_ID, OUTCOME, schema

c = pl.col
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


def derived_features() -> tuple[Feature, ...]:
    """Return the features that follow from the application row alone."""
    return (*external_features(), *loan_features(), *_person(), *_circumstances())


def _person() -> tuple[Feature, ...]:
    birth, employed, income = c("DAYS_BIRTH"), c("DAYS_EMPLOYED"), c("AMT_INCOME_TOTAL")
    return (
        derived(
            "INCOME_PER_PERSON",
            income / c("CNT_FAM_MEMBERS"),
            "currency",
            "income",
            "Income per household member",
            "Revenu par membre du foyer",
        ),
        derived(
            "INCOME_PER_CHILD",
            income / (1.0 + c("CNT_CHILDREN")),
            "currency",
            "income",
            "Income shared between the applicant and the children",
            "Revenu partagé entre le demandeur et les enfants",
        ),
        derived(
            "CHILDREN_SHARE",
            c("CNT_CHILDREN") / c("CNT_FAM_MEMBERS"),
            "ratio",
            "family",
            "Share of children in the household",
            "Part des enfants dans le foyer",
        ),
        derived(
            "EMPLOYED_TO_BIRTH",
            employed / birth,
            "ratio",
            "employment",
            "Time in the current job compared with age",
            "Ancienneté dans l'emploi rapportée à l'âge",
        ),
        derived(
            "EMPLOYED_LESS_BIRTH",
            employed - birth,
            "days",
            "employment",
            "Age at the start of the current job, in days",
            "Âge au début de l'emploi actuel, en jours",
        ),
        derived(
            "INCOME_TO_EMPLOYED",
            income / employed,
            "ratio",
            "employment",
            "Income compared with time in the current job",
            "Revenu rapporté à l'ancienneté dans l'emploi",
        ),
        derived(
            "INCOME_TO_BIRTH",
            income / birth,
            "ratio",
            "income",
            "Income compared with age",
            "Revenu rapporté à l'âge",
        ),
        derived(
            "ID_TO_BIRTH",
            c("DAYS_ID_PUBLISH") / birth,
            "ratio",
            "identity_records",
            "Age of the identity document compared with the applicant's",
            "Ancienneté de la pièce d'identité rapportée à l'âge du demandeur",
        ),
        derived(
            "REGISTRATION_TO_BIRTH",
            c("DAYS_REGISTRATION") / birth,
            "ratio",
            "identity_records",
            "Age of the registration compared with the applicant's",
            "Ancienneté de l'enregistrement administratif rapportée à l'âge du demandeur",
        ),
        derived(
            "PHONE_TO_BIRTH",
            c("DAYS_LAST_PHONE_CHANGE") / birth,
            "ratio",
            "contact_details",
            "Time with the same phone compared with age",
            "Ancienneté du téléphone rapportée à l'âge du demandeur",
        ),
        derived(
            "PHONE_TO_EMPLOYED",
            c("DAYS_LAST_PHONE_CHANGE") / employed,
            "ratio",
            "contact_details",
            "Time with the same phone compared with time in the current job",
            "Ancienneté du téléphone rapportée à l'ancienneté dans l'emploi",
        ),
    )


def _circumstances() -> tuple[Feature, ...]:
    documents = [c(f"FLAG_DOCUMENT_{number}") for number in range(2, 22)]
    contacts = [c(f"FLAG_{name}") for name in ("MOBIL", "EMP_PHONE", "WORK_PHONE", "CONT_MOBILE", "PHONE", "EMAIL")]
    enquiries = [c(f"AMT_REQ_CREDIT_BUREAU_{span}") for span in ("HOUR", "DAY", "WEEK", "MON", "QRT", "YEAR")]
    birth, employed = c("DAYS_BIRTH"), c("DAYS_EMPLOYED")
    return (
        derived(
            "CAR_TO_BIRTH",
            c("OWN_CAR_AGE") * 365.0 / -birth,
            "ratio",
            "car",
            "Age of the car compared with the applicant's",
            "Âge de la voiture rapporté à l'âge du demandeur",
        ),
        derived(
            "CAR_TO_EMPLOYED",
            c("OWN_CAR_AGE") * 365.0 / -employed,
            "ratio",
            "car",
            "Age of the car compared with time in the current job",
            "Âge de la voiture rapporté à l'ancienneté dans l'emploi",
        ),
        derived(
            "DOCUMENTS__COUNT",
            summed(documents),
            "count",
            "documents",
            "Number of documents supplied",
            "Nombre de documents fournis",
        ),
        derived(
            "CONTACTS__COUNT",
            summed(contacts),
            "count",
            "contact_details",
            "Number of means of contact given",
            "Nombre de moyens de contact communiqués",
        ),
        derived(
            "ENQUIRIES__SUM",
            pl.when(pl.coalesce(enquiries).is_not_null()).then(summed(enquiries)),
            "count",
            "credit_enquiries",
            "Number of credit bureau enquiries over a year",
            "Nombre de consultations du bureau de crédit sur un an",
        ),
        derived(
            "SOCIAL_DEFAULTS_TO_OBSERVED",
            c("DEF_30_CNT_SOCIAL_CIRCLE") / c("OBS_30_CNT_SOCIAL_CIRCLE"),
            "ratio",
            "social_circle",
            "Share of the people around the applicant more than 30 days in arrears",
            "Part des personnes de l'entourage ayant eu un retard de plus de 30 jours",
        ),
        derived(
            "REGION_RATING_GAP",
            c("REGION_RATING_CLIENT_W_CITY") - c("REGION_RATING_CLIENT"),
            "rating",
            "region",
            "Difference that the city makes to the rating of the region of residence",
            "Écart de note de la région de résidence dû à la ville",
        ),
        derived(
            "ADDRESS_MISMATCHES__COUNT",
            summed(
                c(name)
                for name in schema()["application"].columns
                if "_NOT_" in name and name.startswith(("REG_", "LIVE_"))
            ),
            "count",
            "region",
            "Number of differences between addresses",
            "Nombre de discordances entre les adresses",
        ),
    )
