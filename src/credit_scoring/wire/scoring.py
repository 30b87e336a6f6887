"""Asking for a PD and a decision, and what is answered."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from credit_scoring.domain.text import Language
from credit_scoring.wire.base import ApplicantId, Decision, DecisionId, Features, FeatureValue, ModelReference, Wire

MOST_ROWS = 10_000
TableRow = dict[str, FeatureValue]
TableRows = Annotated[list[TableRow], Field(max_length=20_000)]


class PredictRequest(Wire):
    """One application by name: raw application columns, built features, or both.

    What follows from the raw columns is computed as in training. A null says that the value is known to be missing.
    """

    features: Features
    applicant: ApplicantId | None = Field(None, description="Number of the application, for the record.")


class BatchRequest(Wire):
    """Up to 10,000 applications, each as in a single prediction."""

    applications: Annotated[list[PredictRequest], Field(min_length=1, max_length=MOST_ROWS)]


class ApplicationRequest(Wire):
    """A new application as it arrives: its row, and its history rows in the other tables, under Kaggle's names.

    A table that is left out is unknown, and its features are missing; an empty list says that there is no history.
    So is a column that no row holds; a null says that the value is known to be missing.
    ``bureau_balance`` rows are found through the ``SK_ID_BUREAU`` of ``bureau``.
    """

    application: TableRow
    bureau: TableRows | None = None
    bureau_balance: TableRows | None = None
    previous_application: TableRows | None = None
    POS_CASH_balance: TableRows | None = None
    installments_payments: TableRows | None = None
    credit_card_balance: TableRows | None = None

    def rows(self) -> dict[str, list[TableRow]]:
        """Return the rows by table; tables that were left out are left out."""
        told = {name: getattr(self, name) for name in type(self).model_fields if name != "application"}
        return {"application": [self.application]} | {name: rows for name, rows in told.items() if rows is not None}


class InputWarning(Wire):
    """Something about the inputs that a person should know.

    ``out_of_range``: outside what training saw; ``unseen_category``: training never saw it, taken as missing;
    ``unknown_feature``: no feature has this name, left out; ``absent_table``: its features are missing.
    """

    code: Literal["out_of_range", "unseen_category", "unknown_feature", "absent_table"]
    field: str
    message: str


class Prediction(Wire):
    """A PD, the decision it leads to, and how far it can be trusted."""

    decision_id: DecisionId
    p_default: float = Field(ge=0, le=1, description="Probability of default.")
    decision: Decision
    by_cutoff: Literal["approve", "decline"] = Field(
        description="What the cut-off alone says, where a person decides too."
    )
    cutoff: float = Field(description="Applications are declined from this PD on.")
    distance_to_cutoff: float = Field(description="Cut-off less PD: positive approves.")
    coverage: float = Field(description="Share of the model's gain carried by what was supplied.")
    warnings: tuple[InputWarning, ...]
    model: ModelReference


class Reason(Wire):
    """One concept that moves the PD, told in a sentence."""

    concept: str
    contribution: float = Field(description="In log-odds of default, against the average applicant.")
    feature: str
    value: float | str | None
    text: str


class Explanation(Prediction):
    """A prediction with its contributions and reasons.

    ``baseline`` and the contributions add up to ``margin``, the log-odds before calibration. Features that contribute
    nothing are left out.
    """

    margin: float
    baseline: float
    contributions: dict[str, float]
    reasons: tuple[Reason, ...]
    language: Language


class BatchResponse(Wire):
    """One prediction for each application, in their order."""

    predictions: tuple[Prediction, ...]
