"""Check that every relative link of Markdown files leads to a file, and every anchor to a heading of it.

``check_links.py FILE...``; exits 1 with one line for each dead link.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

_CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!\w+:)([^)\s]+)\)")
_HEADING = re.compile(r"^#+\s+(.*?)\s*#*$", re.MULTILINE)


def anchors(text: str) -> set[str]:
    """Return the anchors of a document's headings, made as GitHub makes them."""
    found: dict[str, int] = {}
    for heading in _HEADING.findall(_CODE.sub("", text)):
        told = re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*_]", lambda match: match[1] or "", heading)
        plain = re.sub(r"[^\w\- ]", "", told.lower()).replace(" ", "-")
        found[plain] = found.get(plain, -1) + 1
    return {name if count == 0 else f"{name}-{count}" for name, most in found.items() for count in range(most + 1)}


def dead(path: Path) -> Iterator[str]:
    """Yield the links of a document that lead nowhere."""
    for link in _LINK.findall(_CODE.sub("", path.read_text(encoding="utf-8"))):
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        if not target.exists():
            yield f"{path}: there is no {link}"
        elif anchor and target.suffix == ".md" and anchor not in anchors(target.read_text(encoding="utf-8")):
            yield f"{path}: {target.name} has no heading for #{anchor}"


def main() -> int:
    """Print the dead links; return 1 if there is any."""
    found = [fault for name in sys.argv[1:] for fault in dead(Path(name))]
    print("\n".join(found) or f"the links of {len(sys.argv) - 1} documents lead somewhere")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
