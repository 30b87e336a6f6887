"""Check, without network, that the hashed locks are in step with pyproject.toml and with one another.

Exits 1 with one line for each fault found; `make lock` mends them.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("serve", "dashboard", "trainer", "train", "full", "dev", "postgres", "build", "bootstrap", "delivery")
APART = ("bootstrap", "delivery")  # tools that are never installed beside the project


@dataclass(frozen=True)
class Pin:
    """One line of a lock: a name, its only version, and how many hashes vouch for it."""

    name: str
    version: Version
    hashes: int


def read_pins(text: str) -> Iterator[Pin]:
    """Yield each pin of a lock; a name may have several, told apart by their markers."""
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        requirement, *hashes = re.split(r"\s+--hash=sha256:", line.strip())
        pinned = Requirement(requirement)
        (only,) = pinned.specifier
        yield Pin(canonicalize_name(pinned.name), Version(only.version), len(hashes))


def versions(pins: Iterable[Pin], name: str) -> set[Version]:
    """Return the versions that a lock holds of one package."""
    return {pin.version for pin in pins if pin.name == canonicalize_name(name)}


def listed(name: str) -> list[str]:
    """Return the requirements that a file of wishes states."""
    lines = (ROOT / f"requirements/{name}.in").read_text(encoding="utf-8").splitlines()
    return [wish for line in lines if (wish := line.partition("#")[0].strip())]


def wanted() -> dict[str, list[str]]:
    """Return, by lock, the requirements that pyproject.toml or a file of wishes states for it."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    base = pyproject["project"]["dependencies"]
    extras = pyproject["project"]["optional-dependencies"]
    groups = pyproject["dependency-groups"]
    full = base + [line for lines in extras.values() for line in lines]
    return {
        "serve": base + extras["serve"],
        "dashboard": base + extras["dashboard"],
        "trainer": base + [line for extra in ("serve", "train", "database", "kaggle") for line in extras[extra]],
        "train": base
        + [line for extra in ("serve", "dashboard", "train", "report", "notebook") for line in extras[extra]],
        "full": full,
        "dev": full + groups["dev"] + groups["docs"] + groups["bench"] + pyproject["build-system"]["requires"],
    } | {name: listed(name) for name in ("postgres", "build", "bootstrap", "delivery")}


def unmet(lines: Iterable[str], pins: list[Pin]) -> Iterator[str]:
    """Yield what a lock lacks of the requirements, or holds in a version that they exclude."""
    for wish in map(Requirement, lines):
        found = versions(pins, wish.name)
        if not found:
            yield f"lacks {wish.name}"
        for version in sorted(found):
            if not wish.specifier.contains(version, prereleases=True):
                yield f"has {wish.name} {version}, wanted is {wish}"


def unsound(text: str, pins: Iterable[Pin]) -> Iterator[str]:
    """Yield what would make a lock depend on one machine, or on trust."""
    if re.search(r"://|--index-url|--find-links", text):
        yield "names an address"
    for pin in pins:
        if not pin.hashes:
            yield f"has no hash for {pin.name}"


def apart(pins: Iterable[Pin], dev: list[Pin]) -> Iterator[str]:
    """Yield the pins that the development lock does not share."""
    for pin in pins:
        if pin.version not in versions(dev, pin.name):
            yield f"has {pin.name} {pin.version}, requirements/dev.txt has not"


def faults() -> Iterator[str]:
    """Yield a sentence for each fault."""
    texts = {lock: (ROOT / f"requirements/{lock}.txt").read_text(encoding="utf-8") for lock in LOCKS}
    pins = {lock: list(read_pins(text)) for lock, text in texts.items()}
    for lock, lines in wanted().items():
        found = [*unsound(texts[lock], pins[lock]), *unmet(lines, pins[lock])]
        if lock not in APART:
            found += apart(pins[lock], pins["dev"])
        yield from (f"requirements/{lock}.txt {fault}" for fault in found)
    if (ROOT / "requirements.txt").read_text(encoding="utf-8") != texts["train"]:
        yield "requirements.txt is not a copy of requirements/train.txt"


def main() -> int:
    """Print the faults; return 1 if there is any."""
    found = list(faults())
    for fault in found:
        print(f"{fault}; run `make lock`", file=sys.stderr)
    if not found:
        print(f"{len(LOCKS)} locks are in step with pyproject.toml")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
