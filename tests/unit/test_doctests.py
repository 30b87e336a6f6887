"""The examples in docstrings are true. Names that an example does not import are looked up in its module."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import credit_scoring

PACKAGE = Path(credit_scoring.__path__[0])
# Only these are imported: a module without examples may need much, and takes its time.
WITH_EXAMPLES = sorted(
    ".".join(("credit_scoring", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if ">>>" in path.read_text(encoding="utf-8")
)
BESIDE = {"np": np, "pl": pl}


def test_there_are_examples() -> None:
    assert "credit_scoring.tables.schema" in WITH_EXAMPLES


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_of_a_module_are_true(name: str) -> None:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "credit_scoring":
            raise
        pytest.skip(f"{name} needs {error.name}")
    tests = doctest.DocTestFinder(exclude_empty=True).find(module, name, extraglobs=BESIDE | vars(module))
    assert any(test.examples for test in tests), "the examples are not where doctest looks for them"
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    told: list[str] = []
    for test in tests:
        runner.run(test, out=told.append)
    assert told == [], "".join(told)
