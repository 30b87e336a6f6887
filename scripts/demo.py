"""The main job on synthetic applications, as a user would type it: make, check, train, score."""

import shlex
import subprocess
import sys
import time
from pathlib import Path

DATA = Path("demo/data")
STEPS = (
    (
        "Make 10,000 synthetic applications with their histories (no real person is in them), a few seconds",
        ["data", "synth", str(DATA), "--applications", "10000", "--seed", "7"],
    ),
    ("Check every table against the schema, a few seconds", ["data", "check", str(DATA)]),
    (
        "Train: features, four candidates with 5-fold cross-validation, calibration, cut-off, registry; 2 to 4 minutes",
        ["train", str(DATA)],
    ),
    (
        "Score the applications that wait for a decision, with reasons, a few seconds",
        ["score", str(DATA), "--model", "champion", "-o", "demo/decisions.parquet", "--reasons"],
    ),
)


def main() -> None:
    start = time.monotonic()
    command = str(Path(sys.executable).with_name("credit-scoring"))
    for number, (what, arguments) in enumerate(STEPS, 1):
        print(f"\n[{number}/{len(STEPS)}] {what}", flush=True)
        if arguments[1] == "synth" and DATA.exists():
            print(f"      {DATA} is there from an earlier run and is used again", flush=True)
            continue
        print(f"      $ credit-scoring {shlex.join(arguments)}", flush=True)
        done = subprocess.run([command, *arguments], check=False)
        if done.returncode:
            sys.exit(done.returncode)
    print(
        f"\nDone in {time.monotonic() - start:.0f} s. What it made:\n"
        "  demo/data               the eight tables\n"
        "  models/                 the published champion, which is what decides\n"
        "  mlflow.db, mlartifacts/ the run, its candidates and figures\n"
        "  demo/decisions.parquet  a PD, a decision and reasons for each waiting application\n"
        "Look further:\n"
        "  . .venv/bin/activate\n"
        "  credit-scoring model show\n"
        "  mlflow ui --port 5000"
    )


if __name__ == "__main__":
    main()
