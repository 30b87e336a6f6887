"""The site has every page, every link and anchor in it leads somewhere, and it fetches nothing from elsewhere."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "zensical.toml"


def pages_in(entry: Any) -> list[str]:
    """Return the pages of a navigation entry, its parts included."""
    if isinstance(entry, str):
        return [entry]
    parts = entry.values() if isinstance(entry, dict) else entry
    return [page for part in parts for page in pages_in(part)]


def test_every_page_is_in_the_navigation_once() -> None:
    listed = pages_in(tomllib.loads(CONFIG.read_text(encoding="utf-8"))["project"]["nav"])
    docs = ROOT / "docs"
    assert sorted(listed) == sorted(str(page.relative_to(docs)) for page in docs.rglob("*.md"))


class Page(HTMLParser):
    """What a page links to, what it loads at once, and its anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        address = found.get("href") or found.get("src")
        if address and tag in ("script", "img", "link") and found.get("rel") != "canonical":
            self.loaded.append(address)
        elif address and tag == "a":
            self.links.append(address)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly from a copy, so that no other build is in the way."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(CONFIG, folder)
    shutil.copytree(ROOT / "docs", folder / "docs")
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--strict"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "build" / "site"


@pytest.mark.slow
def test_every_link_and_anchor_leads_somewhere_and_nothing_is_fetched(site: Path) -> None:
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html") if path.name != "404.html"}
    assert len(pages) > 30
    assert [one for page in pages.values() for one in page.loaded if urlsplit(one).netloc] == []
    dead = []
    for path, page in pages.items():
        for link in page.links:
            if urlsplit(link).scheme or urlsplit(link).netloc:
                continue
            address, anchor = urldefrag(unquote(link))
            target = (path.parent / address).resolve() if address else path
            known = pages[target].anchors if target in pages else {anchor} if target.is_file() else set()
            if anchor not in known:
                dead.append(f"{path.relative_to(site)}: {link}")
    assert dead == []
