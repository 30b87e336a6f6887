"""Who is let in, what is never told, and what nobody can wear out."""

from __future__ import annotations

import re
import shutil
import socket
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.service.test_api import problem
from tests.running import THREE_SCORES, Running, eventually, running

from credit_scoring.adapters.decision_log.keys import ApiKeys, Scope
from credit_scoring.adapters.decision_log.log import open_log
from credit_scoring.domain.record import Entry, Payload

pytestmark = pytest.mark.slow

OFFICE = "https://office.example"
NOBODY = "0" * 32
# What each scope opens, and the status that whoever is let in gets.
DOORS: tuple[tuple[Scope, str, str, Any, int], ...] = (
    ("score", "POST", "/predict", THREE_SCORES, 200),
    ("score", "POST", "/predict/explain", THREE_SCORES, 200),
    ("score", "POST", "/predict/batch", {"applications": [THREE_SCORES]}, 200),
    ("score", "POST", "/applications/score", {"application": {}}, 200),
    ("score", "POST", "/simulate", THREE_SCORES, 200),
    ("score", "GET", "/applicants", None, 200),
    ("score", "GET", "/applicants/1", None, 404),
    ("score", "POST", "/applicants/1/score", None, 404),
    ("score", "POST", "/applicants/standing", {"feature": "AMT_CREDIT"}, 200),
    ("score", "POST", "/applicants/relation", {"x": "AMT_CREDIT", "y": "AMT_ANNUITY"}, 200),
    ("score", "GET", "/model/info", None, 200),
    ("score", "GET", "/model/performance", None, 200),
    ("score", "GET", "/model/contributions", None, 200),
    ("score", "GET", "/model/versions", None, 200),
    ("score", "GET", "/policy/curve", None, 200),
    ("score", "GET", "/policy/change", None, 200),
    ("score", "GET", "/portfolio", None, 200),
    ("review", "GET", "/decisions", None, 200),
    ("review", "GET", f"/decisions/{NOBODY}", None, 404),
    ("review", "GET", f"/decisions/{NOBODY}/replay", None, 404),
    ("review", "GET", f"/decisions/{NOBODY}/explanation", None, 404),
    ("review", "GET", "/queue", None, 200),
    ("review", "GET", "/reviews/summary", None, 200),
    (
        "review",
        "POST",
        f"/decisions/{NOBODY}/review",
        {"action": "confirm", "decision": "approve", "reason_code": "data_error", "reviewer": "C. Martin"},
        404,
    ),
    (
        "review",
        "POST",
        "/outcomes",
        {"outcomes": [{"decision_id": NOBODY, "defaulted": False, "observed_on": "2026-06-30"}]},
        200,
    ),
)
ELSEWHERE = (
    {"Host": "rebound.example"},
    {"Host": "rebound.example:8000"},
    {"Host": "127.0.0.1.rebound.example"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"Forwarded": "for=127.0.0.1"},
)


@contextmanager
def keys_of(home: Path) -> Iterator[ApiKeys]:
    with open_log(f"sqlite:///{home / 'decisions.db'}") as log, ApiKeys(log.database) as keys:
        yield keys


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def predict(server: Running, **headers: str) -> httpx.Response:
    return server.client.post("/predict", json=THREE_SCORES, headers=headers)


def bytes_under(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file() and "models" not in path.parts)


def test_each_door_opens_to_its_scope_and_a_revoked_key_opens_none(new_home: Callable[[], Path]) -> None:
    home = new_home()
    with keys_of(home) as keys, running(home, "--access-log") as server:
        tokens = {scope: keys.create(f"of {scope}", {scope}) for scope in ("score", "review", "admin")}
        eventually(lambda: predict(server).status_code == 401)  # that there was no key yet counts for a second
        eventually(lambda: predict(server, **bearer(tokens["score"])).status_code == 200)
        eventually(lambda: predict(server, **bearer(tokens["admin"])).status_code == 200)
        for needed, method, path, body, status in DOORS:
            refused = server.client.request(method, path, json=body)
            assert "Bearer" in refused.headers["www-authenticate"]
            problem(refused, 401)
            for scope, token in tokens.items():
                response = server.client.request(method, path, json=body, headers=bearer(token))
                if scope in {needed, "admin"}:
                    assert response.status_code == status, (path, scope, response.text)
                else:
                    assert needed in problem(response, 403)["detail"]
        for scope, token in tokens.items():  # any key will do
            assert server.client.get("/metrics", headers={"X-API-Key": token}).status_code == 200, scope
        problem(server.client.get("/metrics"), 401)
        for path in ("/health", "/ready", "/docs", "/openapi.json"):
            assert server.client.get(path).status_code == 200
        good = tokens["score"]
        for bad in (good[:-1], good + "x", good.upper(), f"cs_{NOBODY[:12]}_{good.split('_')[2]}", "", "cs__"):
            problem(predict(server, **{"X-API-Key": bad}), 401)
        for scheme in ("Basic", "bearer:", "Token"):
            problem(predict(server, Authorization=f"{scheme} {good}"), 401)

        keys.revoke(good.split("_")[1])
        eventually(lambda: predict(server, **bearer(good)).status_code == 401, 15)
        assert predict(server, **bearer(tokens["admin"])).status_code == 200
        for scope in ("review", "admin"):
            keys.revoke(tokens[scope].split("_")[1])
        eventually(lambda: predict(server, **bearer(tokens["admin"])).status_code == 401, 15)
        problem(predict(server), 401)  # nothing opens again by that
        kept = bytes_under(home)  # the database with its companions, and the server's output
        assert b"of score" in kept
        for token in tokens.values():
            assert token.split("_", 2)[2].encode() not in kept


def printed_keys(server: Running) -> list[str]:
    return re.findall(r"cs_\w{12}_\S+", server.output)


def test_beyond_this_machine_a_key_is_printed_once_and_who_asks_too_often_waits(new_home: Callable[[], Path]) -> None:
    home = new_home()
    with running(home, "--host", "0.0.0.0", CREDIT_SCORING_RATE_LIMIT="2") as server:  # noqa: S104 - what is tested
        problem(predict(server), 401)
        server.stop()
        server.start()
        (one,) = printed_keys(server)  # not at every start
        with keys_of(home) as keys:
            other = keys.create("other", {"score"})
        answers = [predict(server, **bearer(one)) for _ in range(60)]
        assert [answer.status_code for answer in answers[:4]] == [200] * 4  # two seconds' worth at once
        refused = [answer for answer in answers if answer.status_code != 200]
        assert refused
        for answer in refused:
            assert "2 requests a second" in problem(answer, 429)["detail"]
            assert int(answer.headers["retry-after"]) >= 1
        eventually(lambda: predict(server, **bearer(other)).status_code == 200)
        time.sleep(int(refused[-1].headers["retry-after"]) + 0.5)
        assert predict(server, **bearer(one)).status_code == 200


VALUES = {"AMT_CREDIT": 123_456.75, "EXT_SOURCE_2": 0.615243, "NAME_HOUSING_TYPE": "Lighthouse keeper's"}


def tell_values(server: Running) -> None:
    """Send values that cannot be mistaken, in all ways, well and badly."""
    features = {"features": VALUES, "applicant": 314_159_265}
    for path in ("/predict", "/predict/explain"):
        assert server.client.post(path, json=features).status_code == 200
    assert server.client.post("/predict/batch", json={"applications": [features]}).status_code == 200
    application = {"application": VALUES | {"SK_ID_CURR": 314_159_265}}
    assert server.client.post("/applications/score", json=application).status_code == 200
    assert server.client.post("/simulate", json={"features": VALUES}).status_code == 200
    for name in ("AMT_CREDIT", "TARGET"):
        server.client.post("/predict", json={"features": VALUES | {name: "Lighthouse keeper's"}})


def values_in(output: str) -> list[str]:
    return [value for value in ("123456.75", "0.615243", "Lighthouse", "314159265") if value in output]


@pytest.fixture(scope="module")
def quiet(stocked: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server as it comes, that also tells who called for what."""
    home = tmp_path_factory.mktemp("quiet") / "home"
    shutil.copytree(stocked, home)
    with running(home, "--access-log") as server:
        yield server


def test_neither_are_values_told_to_the_operator_nor_what_goes_wrong_inside_to_the_caller(quiet: Running) -> None:
    tell_values(quiet)
    unreadable = Entry("decision", uuid.uuid4().hex, datetime.now(UTC), {}, Payload(inputs=b"0.615243 Lighthouse"))
    with open_log(f"sqlite:///{quiet.home / 'decisions.db'}") as log:
        log.append([unreadable])
    told = problem(quiet.client.get(f"/decisions/{unreadable.id}"), 500)
    assert told["detail"] == "the request could not be handled; the service's log says why"
    assert "Traceback" in quiet.output
    assert "POST /predict/batch" in quiet.output
    assert not values_in(quiet.output)
    assert predict(quiet).status_code == 200


def test_without_keys_only_this_machine_is_let_in_and_the_first_from_elsewhere_makes_a_key(quiet: Running) -> None:
    server = quiet
    with closing(sqlite3.connect(server.home / "decisions.db")) as database:
        for number, elsewhere in enumerate(ELSEWHERE):
            for name in ("localhost", "127.0.0.1", "[::1]", "LOCALHOST"):
                eventually(lambda name=name: predict(server, Host=f"{name}:{server.port}").status_code == 200)  # type: ignore[misc]
            assert len(printed_keys(server)) == number
            with ThreadPoolExecutor(4) as pool:  # at the same moment, too
                for response in pool.map(lambda _, headers=elsewhere: predict(server, **headers), range(8)):
                    problem(response, 401)
            *_, key = printed_keys(server)
            assert len(printed_keys(server)) == number + 1
            problem(predict(server), 401)  # nobody is let in without it any more
            eventually(lambda key=key, e=elsewhere: predict(server, **e, **bearer(key)).status_code == 200)  # type: ignore[misc]
            assert server.client.get("/decisions", headers=bearer(key)).status_code == 200
            with database:
                database.execute("DELETE FROM api_keys")  # as if there had never been one


def test_a_log_that_somebody_tampered_with_takes_no_more_decisions(quiet: Running) -> None:
    assert predict(quiet).status_code == 200
    with closing(sqlite3.connect(quiet.home / "decisions.db")) as database, database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute("DELETE FROM log_head")
    for response in (predict(quiet), quiet.client.get("/ready")):
        assert "decision log does not fit" in problem(response, 503)["detail"]
    assert quiet.client.get("/health").status_code == 200


@pytest.fixture(scope="module")
def liberal(stocked: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that allows what is not allowed otherwise, but is impatient."""
    home = tmp_path_factory.mktemp("liberal") / "home"
    shutil.copytree(stocked, home)
    with running(
        home,
        CREDIT_SCORING_LOG_FEATURES="1",
        CREDIT_SCORING_UNKNOWN_FEATURES="warn",
        CREDIT_SCORING_CORS_ORIGINS=f'["{OFFICE}"]',
        CREDIT_SCORING_TIMEOUT="3",
    ) as server:
        yield server


def test_feature_values_are_in_the_output_where_that_is_set(liberal: Running) -> None:
    tell_values(liberal)
    assert len(values_in(liberal.output)) == 4


def test_an_unknown_name_is_only_warned_about_where_that_is_set(liberal: Running) -> None:
    known = liberal.client.post("/predict/explain", json=THREE_SCORES).json()
    more = {"features": THREE_SCORES["features"] | {"EXT_SORCE_1": 0.9}}
    told = liberal.client.post("/predict/explain", json=more).json()
    assert told["p_default"] == known["p_default"]
    (warning,) = [one for one in told["warnings"] if one["code"] == "unknown_feature"]
    assert warning["field"] == "features.EXT_SORCE_1"
    assert "did you mean EXT_SOURCE_1" in warning["message"]
    again = liberal.client.get(f"/decisions/{told['decision_id']}/replay").json()
    assert (again["same_p_default"], again["same_features"], again["same_reasons"]) == (True, True, True)


@pytest.mark.parametrize(("origin", "allowed"), [(OFFICE, OFFICE), ("https://elsewhere.example", None), ("null", None)])
def test_pages_of_named_sites_may_call_and_no_others(liberal: Running, origin: str, allowed: str | None) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    before = liberal.client.options("/predict", headers={"Origin": origin} | asked)
    assert before.is_success is (allowed is not None)
    unknown = liberal.client.get("/nowhere", headers={"Origin": origin})
    for response in (before, predict(liberal, Origin=origin), unknown):
        assert response.headers.get("access-control-allow-origin") == allowed
        assert "access-control-allow-credentials" not in response.headers


def test_slow_bodies_are_cut_off_and_hold_up_nobody(liberal: Running) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 64\r\n\r\n"
    began = time.monotonic()
    with ExitStack() as stack:
        address = ("127.0.0.1", liberal.port)
        slow = [stack.enter_context(socket.create_connection(address, timeout=30)) for _ in range(50)]
        for one in slow:
            one.sendall(head + b'{"features": {"EXT_SO')
        assert predict(liberal).status_code == 200
        assert time.monotonic() - began < 3 + 10
        for one in slow:
            answer = b""
            while b'"status":504' not in answer and (more := one.recv(65_536)):
                answer += more
            assert not answer or answer.startswith(b"HTTP/1.1 504 ")
    assert time.monotonic() - began < 3 + 20
    assert predict(liberal).status_code == 200
    assert liberal.client.get("/ready").status_code == 200
