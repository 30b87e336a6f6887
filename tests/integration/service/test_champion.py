"""The champion is followed: a bad one is refused loudly, a challenger disturbs nobody, the feature store keeps up."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.running import THREE_SCORES, Running, eventually, running
from tests.served import MODEL, Bundles, load_applicants

from credit_scoring.bundle.published import Pointer, Published, PublishedBundles
from credit_scoring.bundle.store import save_bundle
from credit_scoring.service.routes.applications import EXAMPLE as APPLICATION
from credit_scoring.tables.frames import Tables

pytestmark = pytest.mark.slow

TOGETHER = {"applications": [{"features": {"EXT_SOURCE_2": 0.1 * n, "CODE_GENDER": "F"}} for n in range(1, 6)]}


def point(server: Running, champion: Published, challenger: Published | None = None) -> None:
    PublishedBundles(server.home / "models").point(Pointer(champion=champion, challenger=challenger, announced=True))


def metric(server: Running, name: str) -> float:
    lines = server.client.get("/metrics").text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"credit_scoring_{name} "))


def predicted(server: Running) -> dict[str, Any]:
    response = server.client.post("/predict", json=THREE_SCORES)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


@pytest.fixture
def faking(bundles: Bundles, tmp_path: Path) -> Callable[[PublishedBundles], Published]:
    """Publish a bundle that is whole, but does not score as it says it would."""

    def publish(published: PublishedBundles) -> Published:
        first, *others = bundles.second.golden
        golden = (first.model_copy(update={"p_default": first.p_default + 1e-6}), *others)
        save_bundle(replace(bundles.second, golden=golden), tmp_path / "faking")
        bundle = published.publish(tmp_path / "faking")
        return Published(model_name=MODEL, version=3, digest=bundle.digest)

    return publish


def refused_because(server: Running, why: str) -> bool:
    return why in " ".join(server.client.get("/ready").json()["notes"])


def test_a_bad_champion_is_refused_loudly_and_the_old_one_stays_until_there_is_a_good_one(
    new_home: Callable[[], Path], bundles: Bundles, faking: Callable[[PublishedBundles], Published]
) -> None:
    home = new_home()
    published = PublishedBundles(home / "models")
    absent = Published(model_name=MODEL, version=4, digest="0" * 64)
    booster = published.path(bundles.second.digest) / "booster.txt"
    booster.write_bytes(booster.read_bytes().replace(b"1", b"2", 1))
    with running(home) as server:
        before = predicted(server)
        bad = ((absent, "manifest"), (faking(published), "golden row 1"), (bundles.version(2), "altered"))
        for champion, why in bad:
            point(server, champion)
            eventually(lambda why=why: refused_because(server, why))  # type: ignore[misc]
            assert server.client.get("/ready").json()["model"] == bundles.first.digest
            assert metric(server, "champion_refused") == 1
            assert metric(server, "champion_version") == 1
            now = predicted(server)
            assert (now["p_default"], now["model"]) == (before["p_default"], before["model"])

        published.publish(bundles.folders[1])  # restored where it lay; the pointer names it still
        eventually(lambda: not refused_because(server, "altered"))
        assert server.client.get("/ready").json() == {"status": "ready", "model": bundles.second.digest, "notes": []}
        assert metric(server, "champion_refused") == 0
        assert metric(server, "champion_version") == 2
        assert predicted(server)["model"] == {"version": 2, "digest": bundles.second.digest}

        published.pointer_file.write_text("{", encoding="utf-8")
        eventually(lambda: refused_because(server, "damaged"))
        assert predicted(server)["model"]["version"] == 2
        point(server, bundles.version(1))
        eventually(lambda: server.client.get("/ready").json()["model"] == bundles.first.digest)
        loud = [line for line in server.output.splitlines() if "the promoted champion is refused" in line]
        assert len(loud) == 4  # each told once, not at every attempt
        assert all(line.startswith("ERROR") for line in loud)


def ask_all(server: Running) -> Iterator[dict[str, Any]]:
    """Yield decisions of every kind on the same applications each time."""
    applicant = server.client.get("/applicants").json()["applicants"][3]["applicant"]
    yield predicted(server)
    for path, body in (
        ("/predict/explain", THREE_SCORES),
        ("/applications/score", APPLICATION),
        (f"/applicants/{applicant}/score", None),
    ):
        response = server.client.post(path, json=body)
        assert response.status_code == 200, response.text
        yield response.json()
    yield from server.client.post("/predict/batch", json=TOGETHER).json()["predictions"]


def shadows(server: Running, one: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.client.get(f"/decisions/{one['decision_id']}").json()["shadows"]
    return found


def challenged_by(server: Running) -> str | None:
    digest: str | None = server.client.get("/model/info").json()["challenger"]
    return digest


def test_a_challenger_is_recorded_beside_as_it_would_decide_and_a_broken_one_disturbs_nobody(
    new_home: Callable[[], Path], bundles: Bundles, faking: Callable[[PublishedBundles], Published]
) -> None:
    def told(one: dict[str, Any]) -> tuple[object, ...]:
        return one["p_default"], one["decision"], one["cutoff"], one["coverage"]

    home = new_home()
    with running(home) as server:
        alone = list(ask_all(server))
        point(server, bundles.version(1), bundles.version(2))
        eventually(lambda: challenged_by(server) == bundles.second.digest)
        challenged = list(ask_all(server))
        assert [told(one) for one in challenged] == [told(one) for one in alone]
        for one in challenged:
            eventually(lambda one=one: shadows(server, one))  # type: ignore[misc]
        beside = [shadows(server, one) for one in challenged]
        assert [len(some) for some in beside] == [1] * len(beside)
        assert not any(shadows(server, one) for one in alone)

        point(server, bundles.version(1), faking(PublishedBundles(home / "models")))
        eventually(lambda: challenged_by(server) is None)
        assert "the challenger is not scored in shadow" in server.output
        undisturbed = list(ask_all(server))
        assert [told(one) for one in undisturbed] == [told(one) for one in alone]

        point(server, bundles.version(2))
        eventually(lambda: server.client.get("/ready").json()["model"] == bundles.second.digest)
        decided = list(ask_all(server))
        assert [told(some[0]) for some in beside] == [told(one) for one in decided]
        assert {some[0]["bundle"] for some in beside} == {bundles.second.digest}
        assert not any(shadows(server, one) for one in undisturbed)
        assert metric(server, "shadows_total") == len(beside)
        assert metric(server, "shadows_dropped_total") == 0


def test_a_service_with_nothing_takes_up_a_champion_applicants_and_their_new_scores(
    tmp_path: Path, bundles: Bundles, synthetic_tables: Tables
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with running(home) as server:

        def page() -> dict[str, Any]:
            found: dict[str, Any] = server.client.get("/applicants", params={"limit": 20}).json()
            return found

        assert server.client.get("/health").status_code == 200
        for response in (server.client.get("/ready"), server.client.post("/predict", json=THREE_SCORES)):
            assert response.status_code == 503
            assert "no champion" in response.json()["detail"]
        assert server.client.get("/applicants").status_code == 503
        bundles.published(home)
        eventually(lambda: server.client.get("/ready").status_code == 200)
        assert predicted(server)["model"]["version"] == 1

        load_applicants(home, bundles.first, synthetic_tables)
        eventually(lambda: "total" in page())
        tested = page()
        load_applicants(home, bundles.first, synthetic_tables, "application_train")
        eventually(lambda: page()["applicants"][0]["applicant"] != tested["applicants"][0]["applicant"])

        for number, bundle in ((2, bundles.second), (1, bundles.first)):
            point(server, bundles.version(number))
            eventually(lambda bundle=bundle: page()["scored_by"] == bundle.digest)  # type: ignore[misc]
            for stored in page()["applicants"]:
                scored = server.client.post(f"/applicants/{stored['applicant']}/score").json()
                assert scored["model"]["version"] == number
                assert stored["p_default"] == pytest.approx(scored["p_default"], abs=1e-12)
                assert (stored["decision"], stored["coverage"]) == (scored["decision"], scored["coverage"])

        shutil.rmtree(home / "applicants")
        assert predicted(server)["model"]["version"] == 1  # whatever becomes of the store
