"""Records over HTTP: read, replayed, reviewed, and joined with what became of them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.running import THREE_SCORES, Running

pytestmark = pytest.mark.slow
REVIEW = {"action": "override", "decision": "approve", "reason_code": "income_verified", "reviewer": "C. Martin"}


def decided(server: Running, path: str = "/predict", **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = server.client.post(path, json=THREE_SCORES | more).json()
    return told


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_decision_replays_to_the_last_bit(server: Running, language: str) -> None:
    told = server.client.post("/predict/explain", json=THREE_SCORES, headers={"Accept-Language": language}).json()
    replay = server.client.get(f"/decisions/{told['decision_id']}/replay").json()
    assert (replay["same_p_default"], replay["same_decision"], replay["same_features"]) == (True, True, True)
    assert replay["same_reasons"] is True
    assert replay["reasons"] == [reason["text"] for reason in told["reasons"]]
    plain = decided(server)
    replay = server.client.get(f"/decisions/{plain['decision_id']}/replay").json()
    assert replay["p_default"] == plain["p_default"]
    assert replay["reasons"]
    assert replay["same_reasons"] is None  # none were told


def test_the_record_holds_what_was_received_and_what_the_model_saw(server: Running) -> None:
    told = decided(server, applicant=424_242)
    record = server.client.get(f"/decisions/{told['decision_id']}").json()
    assert record["inputs"] == THREE_SCORES | {"applicant": 424_242}
    assert record["applicant"] == 424_242
    assert record["facts"]["p_default"] == told["p_default"]
    assert record["facts"]["bundle"] == told["model"]["digest"]
    assert record["facts"]["caller"] == "loopback"
    assert record["features"]["EXT_SOURCE_1"] == 0.5
    assert len(record["hash"]) == 64
    found = server.client.get("/decisions?applicant=424242").json()["decisions"]
    assert told["decision_id"] in {one["decision_id"] for one in found}


def test_decisions_are_listed_a_page_at_a_time(server: Running) -> None:
    made = [decided(server, applicant=77)["decision_id"] for _ in range(5)]
    first = server.client.get("/decisions?applicant=77&limit=3").json()
    second = server.client.get(f"/decisions?applicant=77&limit=3&before={first['next_before']}").json()
    listed = [one["decision_id"] for page in (first, second) for one in page["decisions"]]
    assert listed == made[::-1]
    assert second["next_before"] is None


def test_a_review_stands_beside_the_decision(server: Running) -> None:
    told = decided(server)
    url = f"/decisions/{told['decision_id']}"
    review = server.client.post(f"{url}/review", json=REVIEW)
    assert review.status_code == 201
    record = server.client.get(url).json()
    assert record["facts"]["decision"] == told["decision"]
    assert [one["reviewer"] for one in record["reviews"]] == ["C. Martin"]
    again = server.client.post(f"{url}/review", json=REVIEW)
    assert again.status_code == 409
    confirmed = server.client.post(f"{url}/review", json=REVIEW | {"action": "confirm"})
    assert confirmed.status_code == 201
    contradicted = server.client.post(f"{url}/review", json=REVIEW | {"action": "confirm", "decision": "decline"})
    assert contradicted.status_code == 409
    reviewed = server.client.get("/decisions?reviewed=true&limit=500").json()["decisions"]
    assert told["decision_id"] in {one["decision_id"] for one in reviewed}
    missing_comment = server.client.post(f"{url}/review", json=REVIEW | {"reason_code": "other"})
    assert missing_comment.status_code == 422


def test_outcomes_come_once(server: Running) -> None:
    told = decided(server, applicant=31_337)
    outcome = {"applicant": 31_337, "defaulted": True, "observed_on": "2026-06-30"}
    assert server.client.post("/outcomes", json={"outcomes": [outcome]}).json() == {
        "recorded": 1,
        "known": 0,
        "unknown": 0,
    }
    by_id = {"decision_id": told["decision_id"], "defaulted": True, "observed_on": "2026-06-30"}
    again = server.client.post("/outcomes", json={"outcomes": [by_id, {**outcome, "applicant": 1}]}).json()
    assert again == {"recorded": 0, "known": 1, "unknown": 1}
    other = server.client.post("/outcomes", json={"outcomes": [outcome | {"defaulted": False}]})
    assert other.status_code == 409
    record = server.client.get(f"/decisions/{told['decision_id']}").json()
    assert record["outcome"]["defaulted"] is True
