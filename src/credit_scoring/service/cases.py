"""Supplied features made into cases, as the settings say what to do with names that no feature has."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic_core import to_json

from credit_scoring.domain.text import Language
from credit_scoring.scoring.inputs import Value
from credit_scoring.service.champion import Serving
from credit_scoring.service.context import Context
from credit_scoring.service.deciding import Case, CaseKind, Remark


def supplied_case(  # noqa: PLR0913 - what a case is made of
    context: Context,
    serving: Serving,
    features: Mapping[str, Value],
    *,
    caller: str,
    endpoint: str,
    applicant: int | None = None,
    inputs: bytes | None = None,
    language: Language | None = None,
    field: str = "features",
    coverage: float | None = None,
    kind: CaseKind = "decision",
) -> Case:
    """Return the case of an application supplied by name.

    Raises
    ------
    FaultyInputError
        As `Intake.accept`.
    """
    remarks: tuple[Remark, ...] = ()
    if context.unknown_features == "warn":
        unknown = [name for name in features if name not in serving.intake.inputs.kinds]
        if unknown:
            features = {name: value for name, value in features.items() if name not in unknown}
            faults = serving.intake.inputs.unknown(unknown, field)
            remarks = tuple(Remark("unknown_feature", fault.field, fault.problem.en) for fault in faults)
    return Case(
        serving=serving,
        endpoint=endpoint,
        caller=caller,
        inputs=inputs if inputs is not None else to_json({"applicant": applicant, "features": features}),
        supplied=serving.intake.accept(features, field=field),
        coverage=coverage,
        remarks=remarks,
        language=language,
        applicant=applicant,
        kind=kind,
    )
