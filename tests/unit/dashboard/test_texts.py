"""Every text is in both languages, says the same things, and is shown somewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from credit_scoring import dashboard
from credit_scoring.dashboard.words import texts
from credit_scoring.domain.text import LANGUAGES, Language
from credit_scoring.features.assemble import catalogue
from credit_scoring.wire.decisions import Flag, ReasonCode

ROOT = Path(dashboard.__path__[0])
SPEAKERS = {"words", "known", "waits", "self"}


def spoken() -> Iterator[tuple[str, str]]:
    """Yield each key that the code asks for as a regular expression, and where."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and speaker(node.func) in SPEAKERS:
                for key in patterns(node.args[0]):
                    yield key, f"{path.name}:{node.lineno}"


def speaker(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def patterns(key: ast.expr) -> Iterator[str]:
    """Yield the keys that an expression may be; what is put in an f-string may be anything without a dot."""
    if isinstance(key, ast.Constant):
        yield re.escape(str(key.value))
    elif isinstance(key, ast.IfExp):
        yield from patterns(key.body)
        yield from patterns(key.orelse)
    elif isinstance(key, ast.JoinedStr):
        yield "".join(
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[A-Za-z0-9_-]+" for part in key.values
        )


def test_both_languages_have_the_same_texts_with_the_same_values_put_in() -> None:
    english, french = texts("en"), texts("fr")
    assert set(english) == set(french)
    for key in english:
        assert places(english[key]) == places(french[key]), key


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_text_asked_for_exists_and_every_text_is_asked_for() -> None:
    asked = dict(spoken())
    known = set(texts("en"))
    assert len(asked) > 150
    missing = [f"{where}: {key}" for key, where in asked.items() if not any(re.fullmatch(key, one) for one in known)]
    assert missing == []
    unused = [one for one in known if not any(re.fullmatch(key, one) for key in asked)]
    assert unused == []


def test_whatever_the_api_may_answer_has_a_text() -> None:
    concepts = {feature.concept for feature in catalogue().values()}
    wanted = {f"concept.{one}" for one in concepts}
    wanted |= {f"reason_code.{one}" for one in get_args(ReasonCode)} | {f"flag.{one}" for one in get_args(Flag)}
    wanted |= {f"decision.{one}" for one in ("approve", "refer", "decline")}
    assert wanted <= set(texts("en"))
    assert {key for key in texts("en") if key.startswith("concept.")} <= wanted


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_carelessly_spaced(language: Language) -> None:
    for key, text in texts(language).items():
        assert text.strip() == text != "", key
        assert "  " not in text, key


def test_french_marks_stand_after_a_space_that_does_not_break() -> None:
    for key, text in texts("fr").items():
        bare = re.sub(r"`[^`]*`|\{[^}]*\}", "x", text)
        assert not re.search(r"[ \w](?<!\N{NO-BREAK SPACE})[;?!»%]|[ ]:|\w:(?!//)|«(?!\N{NO-BREAK SPACE})", bare), (
            f"{key}: {text}"
        )
