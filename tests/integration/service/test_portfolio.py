"""What the service tells of all applicants and of other policies agrees with the bundle and with single answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.integration.service.test_api import problem
from tests.running import Running, eventually, running
from tests.served import Bundles

from credit_scoring.bundle.published import Pointer, PublishedBundles
from credit_scoring.bundle.store import Bundle
from credit_scoring.decision.cost import APPROVE_ALL, CostMatrix, choose_cutoff, cost_per_applicant

pytestmark = pytest.mark.slow


def told(server: Running, path: str, language: str = "en", **asked: object) -> dict[str, Any]:
    response = server.client.get(path, params=dict(asked), headers={"Accept-Language": language})  # type: ignore[arg-type]
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def everybody(server: Running) -> list[dict[str, Any]]:
    """Return all stored applicants, as search tells them."""
    found: list[dict[str, Any]] = []
    while len(found) < (page := told(server, "/applicants", limit=500, offset=len(found)))["total"]:
        found += page["applicants"]
    return found


def predictions(bundle: Bundle) -> tuple[np.ndarray, np.ndarray]:
    return bundle.out_of_fold["p_default"].to_numpy(), bundle.out_of_fold["defaulted"].to_numpy()


@pytest.mark.parametrize("asked", [{}, {"approve_bad": 3}, {"approve_bad": 2.5, "decline_good": 0.5}])
def test_every_point_of_the_cost_curve_follows_from_the_bundle(
    server: Running, bundles: Bundles, asked: dict[str, Any]
) -> None:
    p, bad = predictions(bundles.first)
    policy = bundles.first.policy
    costs = CostMatrix(asked.get("approve_bad", policy.approve_bad), asked.get("decline_good", policy.decline_good))
    curve = told(server, "/policy/curve", **asked)
    assert (curve["approve_bad"], curve["decline_good"]) == (costs.approve_bad, costs.decline_good)
    assert (curve["applications"], curve["defaults"]) == (p.size, bad.sum())
    assert curve["population"] == bundles.first.manifest.out_of_fold.population
    cutoffs = [point["cutoff"] for point in curve["points"]]
    assert cutoffs == sorted(set(cutoffs))
    assert 10 < len(cutoffs) <= 120
    for point in curve["points"]:
        assert point["cost"]["value"] == cost_per_applicant(p, bad, point["cutoff"], costs)
        assert point["cost"]["lower"] <= point["cost"]["value"] <= point["cost"]["upper"]
        assert point["approval_rate"] == (p < point["cutoff"]).mean()
    assert curve["points"][0]["bad_rate_approved"] is None
    assert curve["present"]["cutoff"] == policy.cutoff
    assert curve["theoretical"]["cutoff"] == costs.theoretical_cutoff
    assert curve["cheapest"]["cutoff"] == min(choose_cutoff(p, bad, costs), APPROVE_ALL)
    assert curve["cheapest"]["cost"]["value"] == min(point["cost"]["value"] for point in curve["points"])
    for name in ("cheapest", "theoretical", "present"):
        assert curve[name] in curve["points"]
    if not asked:
        assert curve["cheapest"] == curve["present"]


@pytest.mark.parametrize("asked", [{}, {"approve_bad": 3}, {"cutoff": 0.02}, {"cutoff": 0.3, "decline_good": 2}])
def test_who_would_change_sides_is_counted_among_the_applications_and_the_stored_applicants(
    server: Running, bundles: Bundles, asked: dict[str, Any]
) -> None:
    found = told(server, "/policy/change", **asked)
    curve = told(server, "/policy/curve", **{name: cost for name, cost in asked.items() if name != "cutoff"})
    if "cutoff" in asked:
        assert found["proposed"]["cutoff"] == asked["cutoff"]
    else:
        assert (found["proposed"], found["present"]) == (curve["cheapest"], curve["present"])
    present, proposed = found["present"]["cutoff"], found["proposed"]["cutoff"]
    assert present == bundles.first.policy.cutoff
    difference = found["cost_difference"]
    assert difference["value"] == found["proposed"]["cost"]["value"] - found["present"]["cost"]["value"]
    assert difference["lower"] <= difference["value"] <= difference["upper"]
    p, bad = predictions(bundles.first)
    stored = np.array([one["p_default"] for one in everybody(server)])
    for swap, of, became in ((found["observed"], p, bad), (found["stored"], stored, stored)):
        approved, declined = (of >= present) & (of < proposed), (of < present) & (of >= proposed)
        assert swap["applications"] == of.size
        assert (swap["newly_approved"], swap["newly_declined"]) == (approved.sum(), declined.sum())
        assert swap["newly_approved_bad"] == pytest.approx(became[approved].sum())
        assert swap["newly_declined_bad"] == pytest.approx(became[declined].sum())


def test_asking_changes_nothing_and_the_present_cutoff_changes_nobody(server: Running) -> None:
    policy = told(server, "/model/info")["policy"]
    found = told(server, "/policy/change", cutoff=policy["cutoff"])
    assert found["cost_difference"] == {"value": 0, "lower": 0, "upper": 0}
    for swap in (found["observed"], found["stored"]):
        assert swap["newly_approved"] == swap["newly_declined"] == 0
    told(server, "/policy/change", cutoff=1.0)
    assert told(server, "/model/info")["policy"] == policy
    assert told(server, "/policy/change", cutoff=0)["proposed"]["bad_rate_approved"] is None


@pytest.mark.parametrize(
    ("asked", "field", "why"),
    [
        ({"approve_bad": "0"}, "approve_bad", "greater than 0"),
        ({"decline_good": "-1"}, "decline_good", "greater than 0"),
        ({"approve_bad": "nan"}, "approve_bad", "finite number"),
        ({"approve_bad": "inf"}, "approve_bad", "finite number"),
        ({"approve_bad": "1e7"}, "approve_bad", "less than or equal to 1000000"),
        ({"decline_good": "much"}, "decline_good", "valid number"),
        ({"price": "1"}, "price", "not permitted"),
    ],
)
def test_costs_that_make_no_sense_are_refused(server: Running, asked: dict[str, str], field: str, why: str) -> None:
    for path in ("/policy/curve", "/policy/change"):
        found = problem(server.client.get(path, params=asked), 422)
        assert [fault["field"] for fault in found["faults"]] == [field]
        assert why in found["detail"]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/policy/change", {"cutoff": -0.1}),
        ("/policy/change", {"cutoff": 1.5}),
        ("/policy/curve", {"cutoff": 0.1}),
        ("/model/contributions", {"most": 0}),
        ("/model/contributions", {"most": 41}),
    ],
)
def test_what_is_out_of_bounds_is_refused(server: Running, path: str, asked: dict[str, float]) -> None:
    assert problem(server.client.get(path, params=asked), 422)["faults"][0]["field"] in asked


def test_the_portfolio_is_what_search_finds(server: Running, bundles: Bundles) -> None:
    found, all_of_them = told(server, "/portfolio"), everybody(server)
    p = np.array([one["p_default"] for one in all_of_them])
    assert found["applicants"] == p.size
    assert found["scored_by"] == bundles.first.digest
    assert found["by_decision"] == {"approve": 0, "refer": 0, "decline": 0} | Counter(
        one["decision"] for one in all_of_them
    )
    for decision, count in found["by_decision"].items():
        assert told(server, "/applicants", decision=decision, limit=1)["total"] == count
    assert len(found["edges"]) == len(found["counts"]) + 1 == 41
    assert sum(found["counts"]) == p.size
    for lower, upper, count in zip(found["edges"][:-2], found["edges"][1:-1], found["counts"], strict=False):
        assert count == ((p >= lower) & (p < upper)).sum()
    cutoff = bundles.first.policy.cutoff
    assert found["approval_rate"] == (p < cutoff).mean()
    assert found["bad_rate"] == pytest.approx(p.mean())
    assert found["bad_rate_approved"] == pytest.approx(p[p < cutoff].mean())


def test_all_figures_follow_the_champion(new_home: Callable[[], Path], bundles: Bundles) -> None:
    home = new_home()
    with running(home) as server:
        before = told(server, "/model/contributions", most=1), told(server, "/portfolio")
        PublishedBundles(home / "models").point(Pointer(champion=bundles.version(2), announced=True))
        eventually(lambda: told(server, "/model/info")["version"] == 2)
        assert told(server, "/policy/curve")["present"]["cutoff"] == bundles.second.policy.cutoff

        def portfolio() -> dict[str, Any] | None:
            response = server.client.get("/portfolio")
            if response.status_code == 503:  # while applicants are scored again
                assert "ask again in a moment" in problem(response, 503)["detail"]
                return None
            found: dict[str, Any] = response.json()
            return found

        eventually(portfolio)
        found = told(server, "/portfolio")
        assert found["scored_by"] == bundles.second.digest
        p = np.array([one["p_default"] for one in everybody(server)])
        assert found["approval_rate"] == (p < bundles.second.policy.cutoff).mean()
        assert found["counts"] != before[1]["counts"]
        swap = told(server, "/policy/change", cutoff=1)["stored"]
        assert swap["newly_approved"] == ((p >= bundles.second.policy.cutoff) & (p < 1)).sum()
        # The second bundle differs in calibration alone, which moves no contribution.
        assert told(server, "/model/contributions", most=1) == before[0]
