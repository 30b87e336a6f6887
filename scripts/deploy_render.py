"""Deploy one commit to Render, ask what is live, and roll back if it does not answer as it should.

``deploy_render.py COMMIT`` with RENDER_API_KEY and RENDER_SERVICE_ID in the environment; without them it says so and
does nothing. CREDIT_SCORING_API_KEY is the key that the smoke test asks with.
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

RENDER = os.environ.get("RENDER_API_URL", "https://api.render.com/v1")
BETWEEN_SECONDS = float(os.environ.get("RENDER_POLL_SECONDS", "10"))
PATIENCE_SECONDS = 1800
FAILED = {"build_failed", "update_failed", "pre_deploy_failed", "canceled", "deactivated"}


class Service:
    """A service at Render, over its API."""

    def __init__(self, key: str, name: str) -> None:
        self._key, self._path = key, f"{RENDER}/services/{name}"

    def ask(self, path: str = "", body: object = None) -> Any:
        """Return what Render answers; with a body, to a POST."""
        request = urllib.request.Request(  # noqa: S310 - Render's address, or a test's
            self._path + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return json.load(response)

    def live(self) -> str | None:
        """Return the deploy that is live, if there is one."""
        deploys = [item["deploy"] for item in self.ask("/deploys?limit=50")]
        return next((str(one["id"]) for one in deploys if one["status"] == "live"), None)

    def await_live(self, deploy: str) -> bool:
        """Return whether a deploy went live."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            status = self.ask(f"/deploys/{deploy}")["status"]
            print(f"deploy: {deploy} {status}", flush=True)
            if status == "live" or status in FAILED:
                return bool(status == "live")
            time.sleep(BETWEEN_SECONDS)
        return False


def answers(url: str) -> bool:
    """Return whether the smoke test passes."""
    return subprocess.run([sys.executable, Path(__file__).with_name("smoke_test.py"), url], check=False).returncode == 0


def main() -> None:
    key, name = os.environ.get("RENDER_API_KEY", ""), os.environ.get("RENDER_SERVICE_ID", "")
    if not key or not name:
        print("skipped: RENDER_API_KEY and RENDER_SERVICE_ID are not both set")
        return
    service = Service(key, name)
    former = service.live()
    deploy = str(service.ask("/deploys", {"commitId": sys.argv[1]})["id"])
    if not service.await_live(deploy):
        sys.exit(f"deploy: {deploy} did not go live; what was live before still is")
    if answers(service.ask()["serviceDetails"]["url"]):
        return
    if former is None:
        sys.exit("deploy: the smoke test fails, and there is nothing to roll back to")
    back = str(service.ask("/rollback", {"deployId": former})["id"])
    restored = "is live again" if service.await_live(back) else "DID NOT COME BACK"
    sys.exit(f"deploy: the smoke test fails; {former} {restored}")


if __name__ == "__main__":
    main()
