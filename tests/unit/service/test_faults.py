from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from tests.told import assert_refused_in_both, assert_told_in_both

from credit_scoring.domain.errors import FaultyInputError
from credit_scoring.service import app, faults
from credit_scoring.service.bodies import validated
from credit_scoring.service.faults import body_faults, parameter_faults
from credit_scoring.service.problems import RefusedError
from credit_scoring.wire.applicants import ApplicantSearch
from credit_scoring.wire.base import OWN_RULE, Problem
from credit_scoring.wire.decisions import (
    DecisionSearch,
    OutcomesRequest,
    QueueSearch,
    ReviewPeriod,
    ReviewRequest,
)
from credit_scoring.wire.monitoring import WatchSearch
from credit_scoring.wire.policy import Costs, Proposal
from credit_scoring.wire.scoring import PredictRequest
from credit_scoring.wire.simulation import SimulationRequest

BODIES: tuple[type[BaseModel], ...] = tuple(model for model in app.BODIES if model is not Problem)
ADDRESSES: tuple[type[BaseModel], ...] = (
    ApplicantSearch,
    DecisionSearch,
    QueueSearch,
    ReviewPeriod,
    WatchSearch,
    Costs,
    Proposal,
)
MOMENTS = ("2026-06-30", "2026-13-45", "2026-06-30T12:00:00", "2026-06-30T99:00:00Z")
STRANGE: tuple[Any, ...] = (
    None,
    True,
    -1,
    1.5,
    1e300,
    10**40,
    "",
    "x",
    "x" * 5_000,
    *MOMENTS,
    float("inf"),
    [],
    {},
    [{}],
    {"x": [1]},
)


def bad_bodies(model: type[BaseModel]) -> Iterator[Any]:
    """Return what is wrong of itself, in one field, in what a field holds, and in a field too many."""
    yield from STRANGE
    yield {name: {f"k{i}": 1.0 for i in range(2_100)} for name in model.model_fields}
    for value in STRANGE:
        yield {"strange": value}
        for name in model.model_fields:
            yield {name: value}
            yield {name: {"x": value}}
            yield {name: [{"x": value, "features": value, "defaulted": value, "observed_on": value}]}


def refusals(model: type[BaseModel]) -> Iterator[ValidationError]:
    for body in bad_bodies(model):
        try:
            model.model_validate_json(json.dumps(body))
        except ValidationError as error:
            yield error


def test_whatever_pydantic_finds_is_told_in_both_languages_and_no_word_is_kept_in_vain() -> None:
    met = set[str]()
    for model in BODIES:
        for error in refusals(model):
            met |= {one["type"] for one in error.errors()}
            assert_refused_in_both(FaultyInputError(body_faults(error.errors())))
    for model in ADDRESSES:
        for error in refusals(model):
            met |= {one["type"] for one in error.errors()}
            assert_told_in_both(parameter_faults([one | {"loc": ("query", *one["loc"])} for one in error.errors()]))
    assert met == set(faults._MUST) | {OWN_RULE}


@pytest.mark.parametrize(
    ("model", "body", "field", "english", "french"),
    [
        (PredictRequest, {"more": 1}, "more", "Extra inputs are not permitted", "doit être retiré (champ inconnu)"),
        (PredictRequest, {"more": 1}, "features", "Field required", "doit être renseigné"),
        (
            PredictRequest,
            {"features": {"AMT_CREDIT": True}},
            "features.AMT_CREDIT",
            "must be a valid number or a valid string",
            "doit être un nombre ou un texte",
        ),
        (
            PredictRequest,
            {"features": {}, "applicant": -1},
            "applicant",
            "greater than or equal to 0",
            "doit être supérieur ou égal à 0",
        ),
        (
            SimulationRequest,
            {"applicant": 1, "term": 1_200},
            "term",
            "less than or equal to 600",
            "doit être inférieur ou égal à 600",
        ),
        (
            SimulationRequest,
            {},
            "body",
            "give one of applicant, decision and features",
            "indiquez applicant, decision ou features",
        ),
        (
            ReviewRequest,
            {"action": "agree", "decision": "decline", "reason_code": "other", "reviewer": "E"},
            "action",
            "must be 'confirm' or 'override'",
            "doit être 'confirm' ou 'override'",
        ),
        (
            OutcomesRequest,
            {"outcomes": [{"applicant": 1, "defaulted": False, "observed_on": "30/06/2026"}]},
            "outcomes.0.observed_on",
            "must be written as 2026-06-30",
            "doit s'écrire sous la forme 2026-06-30",
        ),
    ],
)
def test_a_body_is_refused_in_so_many_words(
    model: type[BaseModel], body: object, field: str, english: str, french: str
) -> None:
    with pytest.raises(FaultyInputError) as refusal:
        validated(model, json.dumps(body).encode())
    assert (english, french) in [tuple(fault.problem) for fault in refusal.value.faults if fault.field == field]
    assert f"{field}: {english}" in str(refusal.value)


def test_what_pydantic_may_find_one_day_is_told_in_english() -> None:
    found = {"type": "a_type_of_tomorrow", "loc": ("body", "x"), "msg": "Input should be a tensor", "ctx": {}}
    assert [tuple(fault.problem) for fault in body_faults([found])] == [("must be a tensor", "must be a tensor")]
    assert parameter_faults([found])[0].problem.fr == "Input should be a tensor"


def test_what_is_no_json_names_no_field() -> None:
    with pytest.raises(RefusedError, match="the body is not JSON") as refusal:
        validated(PredictRequest, b"{")
    assert refusal.value.status == 400
