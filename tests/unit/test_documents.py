"""Every link leads somewhere, every command is told."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import typer

from credit_scoring.cli import app

ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def documents() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.splitlines()]


def test_every_relative_link_exists() -> None:
    found = [(path, link) for path in documents() for link in _LINK.findall(path.read_text(encoding="utf-8"))]
    assert len(found) > 5
    assert [f"{path.name}: {link}" for path, link in found if not (path.parent / link).exists()] == []


def commands(group: typer.Typer, before: str = "") -> list[str]:
    own = [
        f"{before}{command.name or (command.callback and command.callback.__name__)}"
        for command in group.registered_commands
    ]
    return own + [
        name
        for sub in group.registered_groups
        if sub.typer_instance
        for name in commands(sub.typer_instance, f"{before}{sub.name} ")
    ]


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = commands(app)
    assert len(found) >= 9
    for name in found:
        assert re.search(r"\b.*\b".join(name.split()), readme), name


def test_every_command_and_option_has_help() -> None:
    click_app = typer.main.get_command(app)
    groups = [click_app]
    while groups:
        command = groups.pop()
        groups += list(getattr(command, "commands", {}).values())
        assert command.help
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{command.name} {parameter.name}"
