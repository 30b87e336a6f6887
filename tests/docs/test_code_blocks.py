"""Every code block of the documentation runs, or says above itself why it does not.

The marker is a comment on the line before the block, which no page shows: ``<!-- no-run: the reason -->``. The shell
blocks of a page run in one shell, in order, in a reader's home; the API is a real one.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
import typer
import yaml
from tests.docs.conftest import Reader

from credit_scoring.cli import app

# MLflow leaves database connections to the collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
ROOT = Path(__file__).parents[2]
PAGES = sorted(ROOT.glob("README*.md")) + sorted((ROOT / "docs").rglob("*.md"))
SHELL = ("", "bash", "sh")
_BLOCK = re.compile(
    r"(?:^<!-- no-run: (?P<reason>.+?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


class Block(NamedTuple):
    """A fenced block; ``reason`` says why it is not run, and is empty where it is."""

    page: Path
    language: str
    text: str
    reason: str


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = [Block(page, one["language"], one["text"], one["reason"] or "") for one in _BLOCK.finditer(text)]
    assert len(found) * 2 == len(re.findall(r"^\s*```", text, re.MULTILINE)), (
        f"{page.name}: a block is indented or not closed"
    )
    return found


BLOCKS = [block for page in PAGES for block in blocks_of(page)]
WITH_SHELL = sorted({block.page for block in BLOCKS if block.language in SHELL and not block.reason})


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_SHELL, ids=named)
def test_the_shell_blocks_of_a_page_run_in_order(page: Path, reader: Reader) -> None:
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.skip("needs bash and curl")
    shell = [block.text for block in blocks_of(page) if block.language in SHELL and not block.reason]
    script = "".join(["set -euxo pipefail\n", *shell]).replace("http://127.0.0.1:8000", reader.url)
    done = subprocess.run(
        ["bash"], input=script, cwd=reader.home, env=reader.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.language not in SHELL], ids=lambda one: one.page.stem)
def test_other_blocks_are_what_they_say(block: Block) -> None:
    if block.reason:
        return
    if block.language == "python":
        exec(compile(block.text, str(block.page), "exec"), {"__name__": "example"})  # noqa: S102
    elif block.language == "json":
        json.loads(block.text)
    else:
        assert block.language == "yaml"
        yaml.safe_load(block.text)


def test_blocks_run_and_reasons_are_told() -> None:
    assert len(WITH_SHELL) >= 5
    assert all(len(block.reason) > 10 for block in BLOCKS if block.reason)


def typed_commands() -> list[tuple[str, list[str]]]:
    """Return the arguments of each line that types our program, in blocks that run and in those that do not."""
    typed = []
    for block in BLOCKS:
        for line in block.text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True) if "credit-scoring " in line and block.language in SHELL else []
            for at, word in enumerate(words):
                if word == "credit-scoring" and not (at and words[at - 1].startswith("-")):
                    typed.append((f"{named(block.page)}: {line.strip()}", words[at + 1 :]))
    return typed


@pytest.mark.parametrize(("line", "words"), typed_commands(), ids=lambda one: one if isinstance(one, str) else "")
def test_every_typed_command_and_option_exists(line: str, words: list[str]) -> None:
    command = typer.main.get_command(app)
    while hasattr(command, "commands"):
        assert words, f"{line}: which command?"
        assert words[0] in command.commands, f"{line}: {words[0]}"
        command = command.commands[words.pop(0)]
    known = {name for parameter in command.params for name in parameter.opts}
    for word in words:
        if word in ("|", "||", "&&", ";", ">"):
            break
        assert not word.startswith("-") or word.partition("=")[0] in known, f"{line}: {word}"
