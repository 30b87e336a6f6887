"""Ask a running API what a user would: is it ready, does it want a key, does the README's curl line get a decision.

``smoke_test.py URL`` with the key in CREDIT_SCORING_API_KEY; exits 1 with a sentence where something is amiss.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"
LOCAL = "http://127.0.0.1:8000"
START_SECONDS = 180


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=30) as response:  # noqa: S310 - an address given by hand
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def await_ready(url: str) -> float:
    """Return the seconds until the API could decide."""
    began = time.monotonic()
    while time.monotonic() - began < START_SECONDS:
        try:
            if status(f"{url}/ready") == 200:
                return time.monotonic() - began
        except OSError:
            pass
        time.sleep(0.2)
    sys.exit(f"smoke test: {url}/ready does not answer 200 within {START_SECONDS} s")


def readme_line(url: str) -> list[str]:
    """Return the README's request for a PD, as a command that asks `url`."""
    text = README.read_text(encoding="utf-8").replace("\\\n", " ")
    found = re.search(rf"^curl -s {re.escape(LOCAL)}/predict -H.*$", text, re.MULTILINE)
    if found is None:
        sys.exit("smoke test: README.md has no curl line for /predict")
    return shlex.split(found[0].replace(LOCAL, url))


def answer(command: list[str]) -> dict[str, object]:
    done = subprocess.run([*command, "--max-time", "60"], capture_output=True, text=True, check=False)
    try:
        told: dict[str, object] = json.loads(done.stdout)
    except ValueError:
        sys.exit(f"smoke test: {' '.join(command[:3])} gave no JSON: {done.stdout[:200]}{done.stderr[:200]}")
    return told


def main() -> None:
    url, key = sys.argv[1].rstrip("/"), os.environ.get("CREDIT_SCORING_API_KEY", "")
    took = await_ready(url)
    if status(f"{url}/health") != 200:
        sys.exit("smoke test: /health does not answer 200")
    if status(f"{url}/metrics") != 401:
        sys.exit("smoke test: anyone may ask without a key")
    told = f"smoke test: ready within {took:.1f} s; without a key it answers 401"
    if key:
        decided = answer([*readme_line(url), "-H", f"Authorization: Bearer {key}"])
        p_default = decided.get("p_default")
        if not isinstance(p_default, float) or not 0 < p_default < 1 or not decided.get("decision"):
            sys.exit(f"smoke test: no decision: {decided}")
        told += f"; the README's line gets PD {p_default:.4f}, {decided['decision']}"
    print(told)


if __name__ == "__main__":
    main()
