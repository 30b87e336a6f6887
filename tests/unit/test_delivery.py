"""What is delivered beside the code speaks of metrics, settings, ports and a user that exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.running import running

from credit_scoring.service.metrics import Metrics
from credit_scoring.settings import Settings

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy/prometheus/alerts.yaml"
BOARD = ROOT / "deploy/grafana/dashboards/credit-scoring.json"
MANIFESTS = sorted(path for path in (ROOT / "deploy/kubernetes").glob("*.yaml") if path.stem != "kustomization")
DEPLOYED = [ROOT / name for name in ("Dockerfile", "compose.yaml", "render.yaml", "heroku.yml")] + MANIFESTS
USER = 10001
PORTS = {"api": 8000, "dashboard": 8501}


def expressions() -> list[str]:
    rules = [rule["expr"] for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    panels = json.loads(BOARD.read_text())["panels"]
    return rules + [target["expr"] for panel in panels for target in panel["targets"]]


def series() -> dict[str, set[str]]:
    """Return the series that the API counts, and the labels of each."""
    metrics = Metrics()
    found: dict[str, set[str]] = {}
    for family in metrics._registry.collect():
        collector = next(one for one, names in metrics._registry._collector_to_names.items() if family.name in names)
        labels = set(collector._labelnames)  # type: ignore[attr-defined]
        kinds = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"], "gauge": [""]}[family.type]
        found |= {f"{family.name}{kind}": labels | ({"le"} if kind == "_bucket" else set()) for kind in kinds}
    return found


def test_a_real_api_exports_what_rules_and_board_name(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        exposed = server.client.get("/metrics").text
    families = set(re.findall(r"^# TYPE (\S+) ", exposed, re.MULTILINE))
    names = {name for expression in expressions() for name in re.findall(r"\bcredit_scoring_\w+", expression)}
    assert len(names) > 8
    assert {name for name in names if not {name, re.sub(r"_(bucket|count|sum)$", "", name)} & families} == set()


def test_rules_and_board_ask_for_labels_that_there_are() -> None:
    exported, told = series(), expressions()
    assert len(told) > 20
    for expression in told:
        names = re.findall(r"\bcredit_scoring_\w+", expression)
        assert names or "up{" in expression, expression
        assert set(names) <= exported.keys(), expression
        labels = {
            label for inside in re.findall(r"\{([^}]*)\}", expression) for label in re.findall(r"(\w+)\s*[=!]", inside)
        }
        labels |= {label.strip() for inside in re.findall(r"by \(([^)]*)\)", expression) for label in inside.split(",")}
        known = set().union(*(exported[name] for name in names))
        assert labels <= known | {"job"}, expression


def settings() -> set[str]:
    prefix = Settings.model_config["env_prefix"]
    rooms = (ROOT / "src/credit_scoring" / room for room in ("client", "dashboard"))
    asking = "\n".join(path.read_text() for room in rooms for path in room.glob("*.py"))
    return {f"{prefix}{name}".upper() for name in Settings.model_fields} | set(
        re.findall(r'"(CREDIT_SCORING_\w+)"', asking)
    )


@pytest.mark.parametrize("path", DEPLOYED, ids=lambda path: path.name)
def test_every_setting_is_one(path: Path) -> None:
    assert set(re.findall(r"CREDIT_SCORING_\w+", path.read_text())) <= settings()


def documents() -> Iterator[dict[str, Any]]:
    for path in MANIFESTS:
        yield from yaml.safe_load_all(path.read_text())


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for one in documents():
        spec = one["spec"].get("jobTemplate", one)["spec"] if one["kind"] in {"Deployment", "CronJob"} else {}
        if "template" in spec:
            yield one["metadata"]["name"], spec["template"]["spec"]


def test_every_pod_runs_as_the_image_does_and_writes_only_what_is_mounted() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert f"USER {USER}:{USER}" in dockerfile
    found = dict(pods())
    assert len(found) == 3
    for spec in found.values():
        (container,) = spec["containers"]
        assert spec["securityContext"]["runAsUser"] == USER
        assert spec["securityContext"]["runAsNonRoot"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert not container["securityContext"]["allowPrivilegeEscalation"]
        assert {"requests", "limits"} <= container["resources"].keys()
        assert {"/tmp"} <= {mount["mountPath"] for mount in container["volumeMounts"]}  # noqa: S108


def test_ports_agree_from_image_to_service() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    kubernetes = list(documents())
    for name, port in PORTS.items():
        stage = dockerfile[dockerfile.index(f"FROM run AS {name}") :].split("\nFROM ")[0]
        assert set(re.findall(r"EXPOSE (\d+)", stage)) == {str(port)}
        assert re.findall(r"PORT:-(\d+)|'PORT', '(\d+)'", stage) == [("", str(port)), (str(port), "")]
        assert compose[name]["ports"] == [f"127.0.0.1:{port}:{port}"]
        (service,) = [one for one in kubernetes if one["kind"] == "Service" and one["metadata"]["name"].endswith(name)]
        assert service["spec"]["ports"][0]["port"] == port
        (container,) = dict(pods())[f"credit-scoring-{name}"]["containers"]
        assert container["ports"][0]["containerPort"] == port
        assert container["image"] == compose[name]["image"]


def test_no_password_and_no_key_is_written_down() -> None:
    for path in DEPLOYED:
        for line in path.read_text().splitlines():
            if found := re.search(r"(?i)^\s*(?:- )?[\w]*(?:password|secret|api_key)\w*:\s*(\S.*)$", line):
                assert found[1].startswith("${"), f"{path.name}: {line}"


def test_every_panel_tells_what_it_shows() -> None:
    panels = json.loads(BOARD.read_text())["panels"]
    assert len({panel["title"] for panel in panels}) == len(panels) > 8
    assert all(panel["description"] for panel in panels)
