"""What commands open: the terminal, the settings, the registry, a bundle, tables that keep their schema."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pydantic import ValidationError

from credit_scoring.bundle.published import PublishedBundles
from credit_scoring.bundle.store import Bundle, load_bundle
from credit_scoring.console import Terminal
from credit_scoring.domain.errors import DataError, MissingExtraError
from credit_scoring.settings import Settings
from credit_scoring.tables.frames import Tables
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.validate import validate

if TYPE_CHECKING:
    from credit_scoring.adapters.decision_log.log import DecisionLog
    from credit_scoring.adapters.mlflow_registry import MlflowRegistry

terminal = Terminal()


def read_settings() -> Settings:
    """Return the settings.

    Raises
    ------
    DataError
        If one of them is not valid.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise DataError(f"a CREDIT_SCORING_ setting is not valid: {wrong}") from error


def open_registry() -> MlflowRegistry:
    """Return the registry; MLflow is imported only here, as it is slow and optional."""
    from credit_scoring.adapters.mlflow_registry import MlflowRegistry  # noqa: PLC0415

    settings = read_settings()
    return MlflowRegistry(
        settings.home,
        PublishedBundles(settings.models),
        tracking_uri=settings.tracking_uri,
        model_name=settings.model_name,
    )


def who() -> str:
    """Return the operating system's name of whoever runs this; their number where they have no name, as in a pod."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


@contextmanager
def opened_bundle(model: str, *, portfolio: str | None = None) -> Iterator[tuple[Bundle, Path]]:
    """Open the bundle that `model` names, with its folder; the champion and folders need no MLflow."""
    with TemporaryDirectory(prefix="credit-scoring-") as scratch:
        if model == "champion":
            published = PublishedBundles(read_settings().models)
            bundle = published.champion()
            folder = published.path(bundle.digest)
        else:
            registered = model == "challenger" or model.isdecimal()
            registry = open_registry() if registered else None
            folder = registry.fetch(registry.resolve(model), Path(scratch)) if registry else Path(model)
            bundle = load_bundle(folder)
        if portfolio is not None and bundle.manifest.portfolio != portfolio:
            trained = {"home_credit": "the eight tables: give their folder", "matrix": "one table: give --matrix FILE"}
            raise DataError(f"the model {model} was trained on {trained[bundle.manifest.portfolio]}")
        yield bundle, folder


@contextmanager
def checked_tables(source: str, *, needed: str | None = None) -> Iterator[tuple[Tables, dict[str, int]]]:
    """Open tables, tell their notices and check them against the schema; give them with the rows of each.

    Raises
    ------
    DataError
        If the table `needed` is not there, or there are no applications.
    TableViolationsError
        If the tables break their schema.
    """
    with read_tables(source) as tables:
        for notice in tables.notices:
            terminal.notice(notice)
        if needed is not None and needed not in tables.frames:
            raise DataError(f"{source} holds no {needed}; it holds {', '.join(sorted(tables.frames))}")
        with terminal.step("Checking the tables") as bar:
            rows = validate(tables, on_table=lambda name: bar.at(name, 0, None))
            bar.made = f"{len(rows)} tables, {sum(rows.values()):,} rows, no violation"
        yield tables, rows


@contextmanager
def opened_decisions() -> Iterator[DecisionLog]:
    """Open the decision log."""
    with require_extra("serve", "the decision log"):
        from credit_scoring.bootstrap import opened_log  # noqa: PLC0415 - the serve extra
    with opened_log(read_settings()) as (log, _):
        yield log


@contextmanager
def require_extra(extra: str, purpose: str) -> Iterator[None]:
    """Tell which extra to install where an import fails for lack of it."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(extra, purpose) from error
