"""The main job on synthetic applications, as a user would type it: make, check, train, score, serve, look."""

import json
import os
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path

DATA = Path("demo/data")
PORT = int(os.environ.get("DEMO_PORT", "8000"))
DASHBOARD_PORT = int(os.environ.get("DEMO_DASHBOARD_PORT", "8501"))
STEPS = (
    (
        "Make 6,000 synthetic applications with their histories (no real person is in them), a few seconds",
        ["data", "synth", str(DATA), "--applications", "6000", "--seed", "7"],
    ),
    ("Check every table against the schema, a few seconds", ["data", "check", str(DATA)]),
    (
        "Train: features, four candidates with 3-fold cross-validation, calibration, cut-off, registry; 3 minutes",
        ["train", str(DATA), "--promote", "--folds", "3"],
    ),
    (
        "Score the applications that wait for a decision, with reasons, a few seconds",
        ["score", str(DATA), "--model", "champion", "-o", "demo/decisions.parquet", "--reasons"],
    ),
    ("Load these applicants into the feature store, a few seconds", ["applicants", "load", str(DATA)]),
)
SERVE = ["serve", "--port", str(PORT)]
DASHBOARD = ["dashboard", "--api", f"http://127.0.0.1:{PORT}", "--port", str(DASHBOARD_PORT)]
START_SECONDS = 90


def main() -> None:
    start = time.monotonic()
    command = str(Path(sys.executable).with_name("credit-scoring"))
    for number, (what, arguments) in enumerate(STEPS, 1):
        print(f"\n[{number}/{len(STEPS) + 1}] {what}", flush=True)
        if arguments[1] == "synth" and DATA.exists():
            print(f"      {DATA} is there from an earlier run and is used again", flush=True)
            continue
        print(f"      $ credit-scoring {shlex.join(arguments)}", flush=True)
        done = subprocess.run([command, *arguments], check=False)
        if done.returncode:
            sys.exit(done.returncode)
    print(f"\n[{len(STEPS) + 1}/{len(STEPS) + 1}] Serve the champion, and open the dashboard", flush=True)
    for arguments in (SERVE, DASHBOARD):
        print(f"      $ credit-scoring {shlex.join(arguments)}", flush=True)
    server, dashboard = (subprocess.Popen([command, *arguments]) for arguments in (SERVE, DASHBOARD))
    try:
        first = first_decision(server)
        wait_for_dashboard(dashboard)
        print(told(time.monotonic() - start, first), flush=True)
        if "--once" in sys.argv:
            return
        webbrowser.open(f"http://127.0.0.1:{DASHBOARD_PORT}")
        server.wait()
    except KeyboardInterrupt:
        print("\nstopped")
    finally:
        for process in (dashboard, server):
            process.terminate()
            process.wait()


def wait_for_dashboard(dashboard: subprocess.Popen[bytes]) -> None:
    """Return once the dashboard answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and dashboard.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{DASHBOARD_PORT}/_stcore/health", timeout=10):
                return
        except OSError:
            time.sleep(0.2)
    sys.exit(
        f"the dashboard did not start; is port {DASHBOARD_PORT} taken? Try another: DEMO_DASHBOARD_PORT=8502 make demo"
    )


def first_decision(server: subprocess.Popen[bytes]) -> dict[str, object]:
    """Return what the API says of the first applicant, once it answers."""
    url = f"http://127.0.0.1:{PORT}"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            sys.exit(f"the API did not start; is port {PORT} taken? Try another: DEMO_PORT=8001 make demo")
        try:
            with urllib.request.urlopen(f"{url}/applicants?limit=1", timeout=10) as response:  # noqa: S310 - our own
                key = json.load(response)["applicants"][0]["applicant"]
            asked = urllib.request.Request(f"{url}/applicants/{key}/score", method="POST")  # noqa: S310
            with urllib.request.urlopen(asked, timeout=10) as response:  # noqa: S310
                answer: dict[str, object] = json.load(response)
        except urllib.error.HTTPError as error:
            sys.exit(f"the API refused: {error.read().decode()}")
        except OSError:
            time.sleep(0.2)
        else:
            return answer | {"applicant": key}
    sys.exit("the API does not answer")


def told(seconds: float, first: dict[str, object]) -> str:
    """Return what was made, and what to try next."""
    decided = f"Applicant {first['applicant']} has PD {first['p_default']:.3f}: {first['decision']}."
    return (
        f"\nDone in {seconds:.0f} s. {decided}\n"
        "What it made:\n"
        "  demo/data               the eight tables\n"
        "  models/                 the published champion, which is what decides\n"
        "  mlflow.db, mlartifacts/ the run, its candidates and figures\n"
        "  demo/decisions.parquet  a PD, a decision and reasons for each waiting application\n"
        "  applicants/             the feature store, which the API searches\n"
        "  decisions.db            every decision the API makes\n"
        "Look further:\n"
        f"  http://127.0.0.1:{DASHBOARD_PORT}                              the dashboard, in English and French\n"
        f"  http://127.0.0.1:{PORT}/docs                         the API, to try in the browser\n"
        f"  curl http://127.0.0.1:{PORT}/applicants?limit=5\n"
        "  . .venv/bin/activate; credit-scoring model show; credit-scoring decisions verify\n"
        "  mlflow ui --port 5000\n"
        "API and dashboard serve until Ctrl-C."
    )


if __name__ == "__main__":
    main()
