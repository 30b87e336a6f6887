"""Applicants compared over HTTP, with the applicants that search lists as the oracle."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from tests.integration.service.test_api import problem
from tests.integration.service.test_desk_work import get, post
from tests.running import Running

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def applicants(server: Running) -> list[dict[str, Any]]:
    """All stored applicants, as search lists them."""
    found: list[dict[str, Any]] = []
    while page := get(server, "/applicants", limit=500, offset=len(found))["applicants"]:
        found += [one["columns"] | {"p_default": one["p_default"]} for one in page]
    assert len(found) == get(server, "/applicants", limit=1)["total"]
    return found


def counts_of(axis: dict[str, Any], values: list[Any]) -> list[int]:
    """Return how many known values lie in each bin."""
    return [len(some) for some in bins_of(axis, [(value, None) for value in values])]


def bins_of(axis: dict[str, Any], pairs: list[tuple[Any, Any]]) -> list[list[Any]]:
    """Return what goes with the values that lie in each bin."""
    if axis["levels"] is not None:
        named = {level for level in axis["levels"] if level is not None}
        return [[b for a, b in pairs if a is not None and (a if a in named else None) == one] for one in axis["levels"]]
    inner = [float("-inf"), *axis["edges"][1:-1], float("inf")]
    return [[b for a, b in pairs if a is not None and low < a <= high] for low, high in pairwise(inner)]


@pytest.mark.parametrize(
    "feature", ["AMT_CREDIT", "CNT_CHILDREN", "DAYS_BIRTH", "OCCUPATION_TYPE", "ORGANIZATION_TYPE"]
)
def test_a_standing_agrees_with_the_applicants_that_search_lists(
    server: Running, applicants: list[dict[str, Any]], feature: str
) -> None:
    one = next(row for row in applicants if row[feature] is not None)
    like = {"NAME_INCOME_TYPE": one["NAME_INCOME_TYPE"], "DAYS_BIRTH": one["DAYS_BIRTH"]}
    found = post(server, "/applicants/standing", {"feature": feature, "value": one[feature], "like": like})
    alike = [
        row
        for row in applicants
        if row["NAME_INCOME_TYPE"] == one["NAME_INCOME_TYPE"]
        and 1.2 * one["DAYS_BIRTH"] <= row["DAYS_BIRTH"] <= 0.8 * one["DAYS_BIRTH"]
    ]
    assert 0 < len(alike) < len(applicants)
    for group, rows in (("everyone", applicants), ("similar", alike)):
        values = [row[feature] for row in rows]
        told = found[group]
        assert (told["applicants"], told["missing"]) == (len(rows), values.count(None))
        assert told["counts"] == counts_of(found["axis"], values)
        in_bins = bins_of(found["axis"], [(row[feature], row["p_default"]) for row in rows])
        means = [pytest.approx(sum(some) / len(some)) if some else None for some in in_bins]
        assert told["mean_p_default"] == means
    french = post(server, "/applicants/standing", {"feature": feature}, "fr")
    assert french["similar"] is None
    assert french["everyone"]["counts"] == found["everyone"]["counts"]
    assert french["axis"]["meaning"] != found["axis"]["meaning"]


def test_a_relation_agrees_with_the_applicants_that_search_lists(
    server: Running, applicants: list[dict[str, Any]]
) -> None:
    x, y, like = "AMT_CREDIT", "OCCUPATION_TYPE", {"NAME_CONTRACT_TYPE": "Cash loans"}
    found = post(server, "/applicants/relation", {"x": x, "y": y, "like": like})
    alike = [row for row in applicants if row["NAME_CONTRACT_TYPE"] == "Cash loans"]
    known = [row for row in alike if row[x] is not None and row[y] is not None]
    assert (found["applicants"], found["missing"]) == (len(alike), len(alike) - len(known))
    rows = bins_of(found["y"], [(row[y], row[x]) for row in known])
    assert found["counts"] == [counts_of(found["x"], some) for some in rows]
    assert sum(map(sum, found["counts"])) == len(known)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"feature": "AMT_CREDITS"}, "did you mean AMT_CREDIT?"),
        ({"feature": "AMT_CREDIT", "value": "much"}, "AMT_CREDIT is a number"),
        ({"feature": "AMT_CREDIT", "like": {"DAY_BIRTH": 1}}, "did you mean DAYS_BIRTH?"),
        ({"feature": "AMT_CREDIT", "like": {"EXT_SOURCE_1": 0.5}}, "EXT_SOURCE_1 cannot be searched"),
    ],
)
def test_what_cannot_be_compared_is_refused(server: Running, body: dict[str, Any], told: str) -> None:
    assert told in problem(server.client.post("/applicants/standing", json=body), 422)["detail"]


@pytest.mark.parametrize("question", ["standing", "relation"])
def test_a_question_is_no_applicant(server: Running, question: str) -> None:
    refusal = server.client.get(f"/applicants/{question}")
    assert "GET" in problem(refusal, 405)["detail"]
    assert refusal.headers["allow"] == "POST"
