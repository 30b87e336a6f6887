"""A day at the desk: cases wait, are looked into and reviewed, and the reviews are counted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.integration.service.test_api import problem
from tests.running import THREE_SCORES, Running, eventually, running
from tests.served import Bundles

from credit_scoring.adapters.decision_log.log import open_log
from credit_scoring.bundle.published import Pointer, PublishedBundles
from credit_scoring.domain.errors import LogUnavailableError

pytestmark = pytest.mark.slow
TOO_LITTLE = {"features": {"AMT_CREDIT": 450_000.0}}
LANGUAGES = ("en", "fr")
# What a recorded explanation says beyond the explanation of the moment.
BEYOND = {"kind", "at", "applicant", "endpoint", "cutoff_interval", "minimum_coverage", "concepts"}


def get(server: Running, path: str, **asked: Any) -> Any:
    response = server.client.get(path, params=asked)
    assert response.status_code == 200, response.text
    return response.json()


def post(server: Running, path: str, body: Any = None, language: str = "en") -> Any:
    response = server.client.post(path, json=body, headers={"Accept-Language": language})
    assert response.status_code < 300, response.text
    return response.json()


def explanation(server: Running, decision: str, language: str) -> dict[str, Any]:
    response = server.client.get(f"/decisions/{decision}/explanation", headers={"Accept-Language": language})
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


def reviewed(server: Running, made: dict[str, Any], **review: str) -> None:
    body = {"reason_code": "documents_verified", "reviewer": "C. Martin"} | review
    post(server, f"/decisions/{made['decision_id']}/review", body)


def strange(server: Running) -> dict[str, Any]:
    """Return a decision that the model made itself, of a stored applicant with an age that training never saw."""
    lowest = get(server, "/applicants", sort="p_default", limit=1)["applicants"][0]["applicant"]
    features = get(server, f"/applicants/{lowest}")["features"]
    told: dict[str, Any] = post(server, "/predict", {"features": features | {"OWN_CAR_AGE": 4_000.0}})
    assert told["decision"] in {"approve", "decline"}
    return told


def test_a_case_waits_until_a_person_has_seen_it_and_is_counted_then(server: Running) -> None:
    queue, summary = get(server, "/queue"), get(server, "/reviews/summary")
    told = post(server, "/predict", TOO_LITTLE | {"applicant": 5_001})
    assert told["decision"] == "refer"
    found = get(server, "/queue")
    assert found["waiting"] == queue["waiting"] + 1
    first = found["items"][0]
    assert first["decision_id"] == told["decision_id"]
    assert "low_coverage" in first["flags"]
    for name in ("p_default", "decision", "coverage", "cutoff"):
        assert first[name] == told[name]
    assert first["applicant"] == 5_001
    assert get(server, "/queue", flag="low_coverage")["items"][0] == first
    assert first not in get(server, "/queue", flag="unseen_category")["items"]

    reviewed(server, told, action="confirm", decision="approve")
    after, counted = get(server, "/queue"), get(server, "/reviews/summary")
    assert after["waiting"] == queue["waiting"]
    assert first not in after["items"]
    assert sum(counted["decisions"].values()) == sum(summary["decisions"].values()) + 1
    changes = {name: counted[name] - summary[name] for name in ("reviewed", "confirmed", "overridden")}
    assert changes == {"reviewed": 1, "confirmed": 1, "overridden": 0}


def test_an_override_of_the_model_is_counted_by_its_reason_however_often_it_is_confirmed(server: Running) -> None:
    told = strange(server)
    assert "out_of_range" in next(
        one["flags"] for one in get(server, "/queue")["items"] if one["decision_id"] == told["decision_id"]
    )
    summary = get(server, "/reviews/summary")
    other = {"approve": "decline", "decline": "approve"}[told["decision"]]
    reviewed(server, told, action="override", decision=other)
    reviewed(server, told, action="confirm", decision=other, reason_code="data_error")
    counted = get(server, "/reviews/summary")
    assert counted["overridden"] == summary["overridden"] + 1
    assert {"decided": told["decision"], "made": other, "reason_code": "data_error", "count": 1} in counted["overrides"]
    rate = counted["override_rate"]
    assert 0 <= rate["lower"] < rate["value"] <= rate["upper"] <= 1
    nothing = get(server, "/reviews/summary", until="2020-01-01T00:00:00Z")
    assert nothing["override_rate"] is None
    assert (sum(nothing["decisions"].values()), nothing["reviewed"], nothing["overrides"]) == (0, 0, [])


def test_only_the_latest_decision_on_an_applicant_waits(server: Running) -> None:
    made = [post(server, "/predict", TOO_LITTLE | {"applicant": 5_002})["decision_id"] for _ in range(3)]
    listed = {one["decision_id"] for one in get(server, "/queue", limit=500)["items"]}
    assert listed & set(made) == {made[-1]}


def test_the_queue_is_listed_a_page_at_a_time(server: Running) -> None:
    made = [post(server, "/predict", TOO_LITTLE | {"applicant": 5_100 + n})["decision_id"] for n in range(5)]
    page = get(server, "/queue", limit=2)
    pages = [one["decision_id"] for one in page["items"]]
    while page["next_before"] is not None:
        page = get(server, "/queue", limit=2, before=page["next_before"])
        pages += [one["decision_id"] for one in page["items"]]
    assert pages[:5] == made[::-1]
    assert len(pages) == len(set(pages)) == page["waiting"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_recorded_decision_is_explained_as_it_was_when_it_was_made(server: Running, language: str) -> None:
    odd = {"features": THREE_SCORES["features"] | {"AMT_CREDIT": 9e9, "CODE_GENDER": "unheard of"}}
    stored = get(server, "/applicants", limit=1)["applicants"][0]["applicant"]
    simulated = post(server, "/simulate", THREE_SCORES, language)
    for kind, told in (
        ("decision", post(server, "/predict/explain", THREE_SCORES, language)),
        ("decision", post(server, "/predict/explain", odd, language)),
        ("decision", post(server, f"/applicants/{stored}/score", language=language)),
        ("simulation", simulated["before"]),
    ):
        found = explanation(server, told["decision_id"], language)
        assert found["kind"] == kind
        assert {name: value for name, value in found.items() if name not in BEYOND} == told
        concepts = found["concepts"]
        assert [one for one in concepts if one["contribution"] > 0][:4] == told["reasons"]
        assert found["baseline"] + sum(one["contribution"] for one in concepts) == pytest.approx(found["margin"])
        lowering = {"en": "lowers the risk", "fr": "réduit le risque"}[language]
        assert all((lowering in one["text"]) == (one["contribution"] < 0) for one in concepts)
    policy = get(server, "/model/info")["policy"]
    assert (found["cutoff_interval"], found["minimum_coverage"]) == (
        policy["cutoff_interval"],
        policy["minimum_coverage"],
    )


def test_a_decision_without_reasons_is_explained_and_a_purged_one_is_not(server: Running) -> None:
    told = post(server, "/predict", THREE_SCORES | {"applicant": 5_200})
    english, french = (explanation(server, told["decision_id"], language) for language in LANGUAGES)
    assert english["contributions"] == french["contributions"]
    assert english["reasons"][0]["text"] != french["reasons"][0]["text"]
    assert (english["applicant"], english["endpoint"]) == (5_200, "predict")
    with open_log(f"sqlite:///{server.home / 'decisions.db'}") as log, suppress(LogUnavailableError):
        log.purge_applicant(5_200, "data protection")
    for what in ("explanation", "replay"):
        refusal = problem(server.client.get(f"/decisions/{told['decision_id']}/{what}"), 409)
        assert "purged" in refusal["detail"]
    problem(server.client.get(f"/decisions/{'0' * 32}/explanation"), 404)


def test_the_bundle_that_decided_explains_as_long_as_it_is_there(
    new_home: Callable[[], Path], bundles: Bundles
) -> None:
    with running(new_home()) as server:
        by_first = post(server, "/predict/explain", THREE_SCORES)
        published = PublishedBundles(server.home / "models")

        def serve(version: int) -> None:
            published.point(Pointer(champion=bundles.version(version), announced=True))
            eventually(lambda: get(server, "/model/info")["version"] == version)

        serve(2)
        found = explanation(server, by_first["decision_id"], "en")
        assert {name: found[name] for name in by_first} == by_first
        by_second = post(server, "/predict/explain", THREE_SCORES)
        assert by_second["p_default"] != by_first["p_default"]
        serve(1)
        published.path(bundles.second.digest).rename(server.home / "away")
        refusal = problem(server.client.get(f"/decisions/{by_second['decision_id']}/explanation"), 409)
        assert "cannot be loaded" in refusal["detail"]
        assert get(server, f"/decisions/{by_second['decision_id']}")["features"] is None
