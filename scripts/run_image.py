"""Run an unpacked image as its configuration says, on a read-only root, and smoke-test what answers.

``run_image.py ROOT SCRATCH`` inside new mount, network and process namespaces: SCRATCH/image.json is what
buildah tells of the image, SCRATCH/home what is mounted on its home. The command's log goes to SCRATCH/api.log.
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

START_SECONDS = 120


def mount_image(root: Path, scratch: Path) -> None:
    """Make the root read-only, but for the home and a temporary folder."""
    for command in (
        ["mount", "--make-rprivate", "/"],
        ["ip", "link", "set", "lo", "up"],
        ["mount", "--bind", str(root), str(root)],
        ["mount", "--bind", str(scratch / "home"), str(root / "data")],
        ["mount", "-t", "tmpfs", "tmpfs", str(root / "tmp")],
        ["mount", "-t", "proc", "proc", str(root / "proc")],
        ["mount", "--rbind", "/dev", str(root / "dev")],
        ["mount", "-o", "remount,bind,ro", str(root)],
    ):
        subprocess.run(command, check=True)


class Image:
    """Runs commands as the image's configuration says: its user, environment and folder."""

    def __init__(self, root: Path, config: dict[str, Any]) -> None:
        self._before = ["chroot", f"--userspec={config['User']}", str(root)]
        self._before += ["env", "-C", config["WorkingDir"], "-i", *config["Env"]]

    def command(self, arguments: list[str]) -> list[str]:
        """Return the command that runs `arguments` inside."""
        return self._before + arguments

    def output(self, *arguments: str) -> str:
        """Return what a command inside says on both streams, and nothing where it says nothing."""
        done = subprocess.run(self.command(list(arguments)), capture_output=True, text=True, check=False)
        return (done.stdout + done.stderr).strip()


def first_key(log: Path, api: subprocess.Popen[bytes]) -> str:
    """Return the key that the first start prints."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and api.poll() is None:
        if found := re.search(r"keep it: (\S+)", log.read_text(encoding="utf-8")):
            return found[1]
        time.sleep(0.1)
    sys.exit(f"container: the first start prints no key: {log.read_text(encoding='utf-8')}")


def main() -> None:
    root, scratch = Path(sys.argv[1]), Path(sys.argv[2])
    config = json.loads((scratch / "image.json").read_text(encoding="utf-8"))["Docker"]["config"]
    image = Image(root, config)
    mount_image(root, scratch)
    user = image.output("id", "-u")
    if not user.isdigit() or user == "0":
        sys.exit(f"container: runs as user {user}")
    for path in ("/written", "/opt/venv/written", "/etc/written"):
        if "Read-only file system" not in (said := image.output("touch", path)):
            sys.exit(f"container: {path} can be written: {said}")
    log = scratch / "api.log"
    with log.open("wb") as out:
        api = subprocess.Popen(image.command(config["Cmd"]), stdout=out, stderr=subprocess.STDOUT)
    try:
        key = first_key(log, api)
        asked = [sys.executable, str(Path(__file__).with_name("smoke_test.py")), "http://127.0.0.1:8000"]
        if subprocess.run(asked, env=os.environ | {"CREDIT_SCORING_API_KEY": key}, check=False).returncode:
            sys.exit(f"container: {log.read_text(encoding='utf-8')}")
        healthy = config["Healthcheck"]["Test"]
        if said := image.output(*healthy[1:]):
            sys.exit(f"container: the health check fails: {said}")
        for name in ("mlflow", "sklearn", "pip"):
            if "No module named" not in image.output("python3", "-c", f"import {name}"):
                sys.exit(f"container: the serving image carries {name}")
    finally:
        api.terminate()
        api.wait(timeout=60)
    print(f"container: the API answers as user {user} on a read-only root; its health check passes")


if __name__ == "__main__":
    main()
