"""Simulations over HTTP: what moves, what is refused, what would be approved."""

from __future__ import annotations

from typing import Any

import pytest
from tests.running import Running

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def applicants(server: Running) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.client.get("/applicants?limit=500&sort=-p_default").json()["applicants"]
    return found


def simulated(server: Running, language: str = "en", **asked: Any) -> dict[str, Any]:
    response = server.client.post("/simulate", json=asked, headers={"Accept-Language": language})
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


def test_a_simulation_starts_from_what_is_stored_and_decides_nothing(
    server: Running, applicants: list[dict[str, Any]]
) -> None:
    one = next(a for a in applicants if a["columns"]["NAME_CONTRACT_TYPE"] == "Cash loans")
    scored = server.client.post(f"/applicants/{one['applicant']}/score").json()
    told = simulated(server, applicant=one["applicant"], changes={"AMT_CREDIT": one["columns"]["AMT_CREDIT"] * 0.5})
    assert told["simulation"] is True
    assert told["before"]["p_default"] == scored["p_default"] == one["p_default"]
    assert told["after"]["p_default"] != told["before"]["p_default"]
    assert told["changes"]["AMT_ANNUITY"] == pytest.approx(one["columns"]["AMT_ANNUITY"] * 0.5)
    record = server.client.get(f"/decisions/{told['after']['decision_id']}").json()
    assert record["kind"] == "simulation"
    assert record["features"]["AMT_CREDIT"] == one["columns"]["AMT_CREDIT"] * 0.5
    listed = server.client.get("/decisions?limit=500").json()["decisions"]
    assert told["after"]["decision_id"] not in {line["decision_id"] for line in listed}


def test_what_is_suggested_is_approved_when_it_is_simulated(server: Running, applicants: list[dict[str, Any]]) -> None:
    outcomes = set()
    for one in applicants[::12]:
        suggestion = simulated(server, applicant=one["applicant"], suggest=True)["suggestion"]
        outcomes.add(suggestion["outcome"])
        if suggestion["outcome"] == "found":
            after = simulated(server, applicant=one["applicant"], changes=suggestion["changes"])["after"]
            assert (after["p_default"], after["decision"]) == (suggestion["p_default"], "approve")
        elif suggestion["outcome"] == "none":
            assert suggestion["decision"] != "approve"
        else:
            assert suggestion["changes"] == {}
        assert suggestion["text"].endswith(".")
    assert "no_change_needed" in outcomes


def test_too_little_known_is_said_and_not_searched(server: Running) -> None:
    features = {"AMT_CREDIT": 450_000.0, "AMT_ANNUITY": 24_000.0}
    english = simulated(server, features=features, suggest=True)["suggestion"]
    french = simulated(server, "fr", features=features, suggest=True)["suggestion"]
    assert (english["outcome"], english["tried"]) == ("none", 0)
    assert "without a person" in english["text"]
    assert "sans l'avis d'une personne" in french["text"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"EXT_SOURCE_2": 0.9}, "changes.EXT_SOURCE_2"),
        ({"CODE_GENDER": "F"}, "changes.CODE_GENDER"),
        ({"AMT_CREDITS": 1.0}, "changes.AMT_CREDITS"),
        ({"AMT_CREDIT": -1.0}, "changes.AMT_CREDIT"),
        ({"AMT_CREDIT": "a lot"}, "changes.AMT_CREDIT"),
        ({"AMT_CREDIT": None}, "changes.AMT_CREDIT"),
    ],
)
def test_what_an_applicant_cannot_change_is_refused(server: Running, changes: dict[str, Any], field: str) -> None:
    asked = {"features": {"AMT_CREDIT": 100_000.0, "AMT_ANNUITY": 9_000.0}, "changes": changes}
    response = server.client.post("/simulate", json=asked)
    assert response.status_code == 422
    assert response.json()["faults"][0]["field"] == field


def test_one_source_is_needed(server: Running) -> None:
    for asked in ({}, {"applicant": 1, "features": {}}):
        assert server.client.post("/simulate", json=asked).status_code == 422
    assert server.client.post("/simulate", json={"applicant": 1}).status_code == 404


def test_a_recorded_decision_is_simulated_from_what_it_was_made_of(server: Running) -> None:
    application = {"SK_ID_CURR": 900_010, "AMT_CREDIT": 450_000.0, "AMT_ANNUITY": 24_000.0, "EXT_SOURCE_2": 0.4}
    asked: tuple[tuple[str, dict[str, Any]], ...] = (
        ("/predict", {"features": {"AMT_CREDIT": 450_000.0, "AMT_ANNUITY": 24_000.0, "EXT_SOURCE_2": 0.4}}),
        ("/applications/score", {"application": application, "bureau": [], "previous_application": []}),
    )
    for path, body in asked:
        made = server.client.post(path, json=body).json()
        changed = {"decision": made["decision_id"], "changes": {"AMT_ANNUITY": 20_000.0}}
        answer = server.client.post("/simulate", json=changed).json()
        assert answer["before"]["p_default"] == made["p_default"]
        for side in ("before", "after"):
            assert answer[side]["coverage"] == made["coverage"]
        assert answer["after"]["p_default"] != made["p_default"]
        again = server.client.post("/simulate", json={"decision": answer["after"]["decision_id"], "changes": {}}).json()
        assert again["before"]["p_default"] == pytest.approx(answer["after"]["p_default"], rel=1e-12)


def test_one_source_is_simulated(server: Running) -> None:
    bodies: tuple[dict[str, Any], ...] = ({"changes": {}}, {"applicant": 1, "features": {}, "changes": {}})
    for body in bodies:
        assert server.client.post("/simulate", json=body).status_code == 422
    assert server.client.post("/simulate", json={"decision": "0" * 32}).status_code == 404
