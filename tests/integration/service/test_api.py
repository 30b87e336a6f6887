"""What callers get: the reference project's endpoints, every documented example, every refusal."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import polars as pl
import pytest
from tests.running import THREE_SCORES, Running
from tests.told import assert_told_in_both

from credit_scoring.domain.errors import Fault
from credit_scoring.domain.text import Text

pytestmark = pytest.mark.slow

BODIES = (
    "/predict",
    "/predict/explain",
    "/predict/batch",
    "/applications/score",
    "/applicants/standing",
    "/applicants/relation",
    "/simulate",
    "/outcomes",
)


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """Return the problem that a refusal carries; it must be one."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = response.json()
    assert told["status"] == status
    assert len(told["detail"]) > 10
    return told


def refused_in_both(server: Running, path: str, form: str = "application/json", **body: Any) -> dict[str, Any]:
    """Return the refusal of a body; it must tell the same in French, and English to whoever does not ask for that."""

    def asked(**language: str) -> httpx.Response:
        return server.client.post(path, headers={"Content-Type": form, **language}, **body)

    english = problem(asked(), 422)
    response = asked(**{"Accept-Language": "fr-CH, fr;q=0.9, en;q=0.8"})
    french = problem(response, 422)
    assert (response.headers["content-language"], response.headers["vary"]) == ("fr", "Accept-Language")
    assert [fault["field"] for fault in french["faults"]] == [fault["field"] for fault in english["faults"]]
    assert_told_in_both(
        Fault(one["field"], Text(one["problem"], other["problem"]))
        for one, other in zip(english["faults"], french["faults"], strict=True)
    )
    assert all(fault["problem"] in french["detail"] for fault in french["faults"])
    assert (french["type"], french["title"]) == (english["type"], english["title"])
    for other in ("de", "en-GB, fr;q=0.5", "*"):
        response = asked(**{"Accept-Language": other})
        assert response.json() == english
        assert response.headers["content-language"] == "en"
    return english


def test_health_ready_and_model(server: Running) -> None:
    assert server.client.get("/health").json() == {"status": "ok"}
    info = server.client.get("/model/info").json()
    assert server.client.get("/ready").json()["model"] == info["digest"]
    assert info["version"] == 1
    assert info["policy"]["approve_bad"] == 10.0
    assert info["policy"]["theoretical_cutoff"] == pytest.approx(1 / 11)
    assert info["out_of_fold"]["metrics"]["auc"]["lower"] < info["out_of_fold"]["metrics"]["auc"]["value"]
    score = next(one for one in info["features"] if one["name"] == "EXT_SOURCE_2")
    assert 0 <= score["seen"][0] < score["seen"][1] <= 1
    french = server.client.get("/model/info", headers={"Accept-Language": "fr-FR"}).json()
    assert next(f for f in french["features"] if f["name"] == "EXT_SOURCE_2")["meaning"] != score["meaning"]


def test_the_reference_projects_request_works_as_it_is_typed(server: Running) -> None:
    told = server.client.post("/predict", json=THREE_SCORES).json()
    assert 0 < told["p_default"] < 1
    assert told["decision"] in {"approve", "refer", "decline"}
    assert told["distance_to_cutoff"] == told["cutoff"] - told["p_default"]
    assert 0 < told["coverage"] < 0.9
    better = {"features": {name: value + 0.2 for name, value in THREE_SCORES["features"].items()}}
    assert server.client.post("/predict", json=better).json()["p_default"] < told["p_default"]


def test_an_explanation_adds_up_and_is_told_in_the_readers_language(server: Running) -> None:
    english = server.client.post("/predict/explain", json=THREE_SCORES).json()
    told = english["baseline"] + sum(english["contributions"].values())
    assert told == pytest.approx(english["margin"], abs=1e-9)
    assert english["p_default"] == server.client.post("/predict", json=THREE_SCORES).json()["p_default"]
    assert english["reasons"]
    assert all("raises the risk" in reason["text"] for reason in english["reasons"])
    answered = server.client.post("/predict/explain", json=THREE_SCORES, headers={"Accept-Language": "fr"})
    assert (answered.headers["content-language"], answered.headers["vary"]) == ("fr", "Accept-Language")
    assert "vary" not in server.client.post("/predict", json=THREE_SCORES).headers
    french = answered.json()
    assert all("augmente le risque" in reason["text"] for reason in french["reasons"])
    assert [r["contribution"] for r in french["reasons"]] == [r["contribution"] for r in english["reasons"]]


def test_every_example_of_the_documentation_works(server: Running) -> None:
    document = server.client.get("/openapi.json").json()
    tried = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            if "example" in content and "{" not in path:
                response = server.client.request(method, path, json=content["example"])
                assert response.status_code < 300, (path, response.text)
                tried += 1
    assert tried == len(BODIES)
    assert server.client.get("/docs").status_code == 200


@pytest.mark.parametrize(
    ("features", "field", "told"),
    [
        ({"EXT_SORCE_1": 0.5}, "features.EXT_SORCE_1", "did you mean EXT_SOURCE_1"),
        ({"EXT_SOURCE_1": "0.5"}, "features.EXT_SOURCE_1", "must be a number"),
        ({"AMT_CREDIT": True}, "features.AMT_CREDIT", "must be a valid number"),
        ({"AMT_CREDIT": {"value": 1}}, "features.AMT_CREDIT", "must be a valid number"),
        ({"AMT_CREDIT": [1]}, "features.AMT_CREDIT", "must be a valid number"),
        ({"AMT_CREDIT": -1.0}, "features.AMT_CREDIT", "below 0"),
        ({"DAYS_BIRTH": 12_000}, "features.DAYS_BIRTH", "above 0"),
        ({"CODE_GENDER": 1}, "features.CODE_GENDER", "must be text"),
        ({"TARGET": 1}, "features.TARGET", "no feature has this name"),
    ],
)
def test_a_wrong_feature_is_named(server: Running, features: dict[str, Any], field: str, told: str) -> None:
    found = refused_in_both(server, "/predict", json={"features": features})
    assert [fault["field"] for fault in found["faults"]] == [field]
    assert told in found["faults"][0]["problem"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"features": {"EXT_SOURCE_1": NaN}}', 422),
        (b'{"features": {"EXT_SOURCE_1": -Infinity}}', 422),
        (b'{"features": {"EXT_SOURCE_1": 1e999}}', 422),
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[]", 422),
        (b'"text"', 422),
        (b'{"feature": {}}', 422),
        (b'{"features": {}, "more": 1}', 422),
        (b'{"features": {}, "applicant": "100001"}', 422),
        (b"[" * 100_000, 400),
        (b'{"features": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}", 400),
        (b'{"features": {"EXT_SOURCE_1": ' + b"9" * 5_000 + b"}}", 400),
        (b'{"features": {"AMT_CREDIT": "' + b"x" * 10_000_000 + b'"}}', 413),
    ],
)
def test_a_body_that_cannot_be_meant_is_refused(server: Running, body: bytes, status: int) -> None:
    for path in ("/predict", "/predict/explain"):
        problem(server.client.post(path, content=body, headers={"Content-Type": "application/json"}), status)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/applications/score", {"application": {"AMT_CREDT": 1.0, "DAYS_BIRTH": 1.0, "CODE_GENDER": 1.0}}),
        (
            "/applications/score",
            {"application": {"SK_ID_CURR": 1}, "bureau": [{"SK_ID_CURR": 7, "AMT_CREDIT_SUM": "1"}]},
        ),
        ("/predict/batch", {"applications": [{"features": {"AMT_CREDIT": -1.5}}, {"features": {"TARGET": 1}}]}),
        ("/predict/batch", {"applications": []}),
        ("/simulate", {"features": {"AMT_CREDIT": 1_000.0}, "changes": {"CODE_GENDER": "F"}}),
        ("/simulate", {"features": {"AMT_CREDIT": 1_000.0}, "changes": {"TERM": 12}}),
        ("/simulate", {}),
        ("/outcomes", {"outcomes": [{"applicant": 1, "defaulted": "yes", "observed_on": "soon"}, {"more": 1}]}),
        ("/applicants/standing", {"like": 1}),
    ],
)
def test_a_refusal_is_told_in_the_callers_language(server: Running, path: str, body: dict[str, Any]) -> None:
    assert refused_in_both(server, path, json=body)["faults"]


def test_an_address_that_is_wrong_is_told_in_the_callers_language_too(server: Running) -> None:
    wrong = ("/applicants?limit=0", "/decisions?since=soon", "/decisions/x")
    missing = ("/applicants/999999999", f"/decisions/{'0' * 32}")
    for path, status in (dict.fromkeys(wrong, 422) | dict.fromkeys(missing, 404)).items():
        english = problem(server.client.get(path), status)
        response = server.client.get(path, headers={"Accept-Language": "fr"})
        assert problem(response, status)["detail"] != english["detail"]
        assert response.headers["content-language"] == "fr"


def test_what_is_only_known_in_english_does_not_say_to_be_french(server: Running) -> None:
    response = server.client.get("/nowhere", headers={"Accept-Language": "fr"})
    assert problem(response, 404) == problem(server.client.get("/nowhere"), 404)
    assert "content-language" not in response.headers


def test_a_large_body_that_does_not_announce_itself_is_refused_too(server: Running) -> None:
    def parts() -> Any:
        for _ in range(200):
            yield b" " * 10_000

    response = server.client.post("/predict", content=parts(), headers={"Content-Type": "application/json"})
    problem(response, 413)


def test_a_form_of_another_site_is_not_read(server: Running) -> None:
    body = json.dumps(THREE_SCORES)
    problem(server.client.post("/predict", content=body, headers={"Content-Type": "text/plain"}), 415)
    problem(server.client.post("/predict", content=body), 415)


def test_applications_that_arrive_together_are_answered_as_alone_and_a_faulty_one_alone_is_refused(
    server: Running,
) -> None:
    def sent(number: int) -> dict[str, Any]:
        credit = {"SK_ID_BUREAU": 1, "CREDIT_ACTIVE": "Active", "DAYS_CREDIT": -100 * number, "AMT_CREDIT_SUM": 9e4}
        application = {"SK_ID_CURR": 7, "AMT_CREDIT": 1e5 * number, "AMT_ANNUITY": 9e3, "DAYS_BIRTH": -14_000}
        if number == 3:
            application["DAYS_BIRTH"] = 14_000
        return {"application": application, "bureau": [credit] * (number % 3 > 0)}

    def asked(number: int) -> httpx.Response:
        return server.client.post("/applications/score", json=sent(number))

    numbers = range(1, 13)
    with ThreadPoolExecutor(len(numbers)) as threads:
        together = list(threads.map(asked, numbers))
    for number, response in zip(numbers, together, strict=True):
        if number == 3:
            assert "DAYS_BIRTH" in problem(response, 422)["detail"]
        else:
            alone = asked(number).json()
            assert response.json() | {"decision_id": alone["decision_id"]} == alone


def test_unknown_addresses_methods_and_ids_are_problems(server: Running) -> None:
    problem(server.client.get("/nowhere"), 404)
    problem(server.client.get("/predict"), 405)
    problem(server.client.get("/applicants/1"), 404)
    problem(server.client.get("/applicants/a"), 422)
    problem(server.client.get(f"/decisions/{'0' * 32}"), 404)
    problem(server.client.get("/decisions/x/replay"), 422)


def test_a_strange_value_is_scored_with_a_warning(server: Running) -> None:
    features = {"AMT_CREDIT": 9e9, "CODE_GENDER": "unheard of", "EXT_SOURCE_2": 0.5}
    told = server.client.post("/predict", json={"features": features}).json()
    warnings = {(one["code"], one["field"]) for one in told["warnings"]}
    assert ("out_of_range", "AMT_CREDIT") in warnings
    assert ("unseen_category", "CODE_GENDER") in warnings
    assert not any("CONTACTS" in field for _, field in warnings)  # nothing was said of contacts


def test_what_is_not_told_is_missing_and_not_zero(server: Running) -> None:
    told = server.client.post("/predict/explain", json=THREE_SCORES).json()
    record = server.client.get(f"/decisions/{told['decision_id']}").json()
    assert set(record["features"]) == {name for name in record["features"] if "EXT_SOURCE" in name}
    assert record["inputs"] == THREE_SCORES


def test_a_batch_is_answered_as_asked(server: Running) -> None:
    rows = [{"EXT_SOURCE_2": 0.1 * number, "AMT_CREDIT": 100_000.0, "CODE_GENDER": "F"} for number in range(1, 8)]
    asked = {"applications": [{"features": row, "applicant": 7_000 + n} for n, row in enumerate(rows)]}
    as_json = server.client.post("/predict/batch", json=asked).json()["predictions"]
    alone = [server.client.post("/predict", json={"features": row}).json() for row in rows]
    assert [one["p_default"] for one in as_json] == [one["p_default"] for one in alone]
    frame = pl.DataFrame(rows).insert_column(0, pl.Series("SK_ID_CURR", range(7_000, 7_007)))
    for form, write, read in (
        ("application/vnd.apache.parquet", pl.DataFrame.write_parquet, pl.read_parquet),
        ("application/vnd.apache.arrow.stream", pl.DataFrame.write_ipc_stream, pl.read_ipc_stream),
    ):
        body = _bytes(frame, write)
        response = server.client.post("/predict/batch", content=body, headers={"Content-Type": form})
        assert response.headers["content-type"] == form
        found = read(response.content)
        assert found["p_default"].to_list() == [one["p_default"] for one in alone]
        assert found["SK_ID_CURR"].to_list() == list(range(7_000, 7_007))
        as_asked = {"Content-Type": form, "Accept": "application/json"}
        again = server.client.post("/predict/batch", content=body, headers=as_asked).json()["predictions"]
        assert [one["decision"] for one in again] == [one["decision"] for one in alone]


def _bytes(frame: pl.DataFrame, write: Any) -> bytes:
    import io  # noqa: PLC0415

    out = io.BytesIO()
    write(frame, out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "form", "status"),
    [
        (b"PAR1", "application/vnd.apache.parquet", 400),
        (b"", "application/vnd.apache.arrow.stream", 400),
        (b'{"applications": []}', "application/json", 422),
        (b'{"applications": [{"features": {}}, {"features": {"NO": 1}}]}', "application/json", 422),
    ],
)
def test_a_batch_that_cannot_be_read_is_refused(server: Running, content: bytes, form: str, status: int) -> None:
    problem(server.client.post("/predict/batch", content=content, headers={"Content-Type": form}), status)


@pytest.mark.parametrize(
    ("columns", "field"), [({"AMT_CREDIT": [True]}, "AMT_CREDIT"), ({"SK_ID_CURR": [1.5]}, "SK_ID_CURR")]
)
def test_a_column_of_another_type_is_named(server: Running, columns: dict[str, Any], field: str) -> None:
    content = _bytes(pl.DataFrame(columns), pl.DataFrame.write_parquet)
    found = refused_in_both(server, "/predict/batch", "application/vnd.apache.parquet", content=content)
    assert [fault["field"] for fault in found["faults"]] == [field]


def test_nothing_is_embedded_cached_or_open_to_other_sites(server: Running) -> None:
    response = server.client.post("/predict", json=THREE_SCORES, headers={"Origin": "https://elsewhere.example"})
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in response.headers


def test_metrics_tell_what_was_decided(server: Running) -> None:
    server.client.post("/predict", json=THREE_SCORES)
    text = server.client.get("/metrics").text
    assert "credit_scoring_decisions_total{decision=" in text
    for name in ("request_seconds", "p_default", "coverage", "warnings", "log_lag_seconds", "champion_version"):
        assert f"credit_scoring_{name}" in text
