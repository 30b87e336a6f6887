"""What is trained on: the eight tables' feature matrix, or any lender's single-table file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from credit_scoring.bundle.manifest import FeatureCard
from credit_scoring.domain.errors import DataError
from credit_scoring.domain.text import Text
from credit_scoring.features.assemble import assemble, catalogue
from credit_scoring.tables.matrix import MOST_LEVELS, outcome, read_matrix, with_id
from credit_scoring.tables.read import Tables
from credit_scoring.tables.schema import APPLICATION_ID, OUTCOME
from credit_scoring.training.run import TrainingSet


def home_credit_set(
    tables: Tables, rows: dict[str, int], *, on_family: Callable[[str], None] | None = None
) -> TrainingSet:
    """Return the labelled applications of the tables with every feature."""
    matrix = assemble(tables.of("application_train"), on_family=on_family)
    return TrainingSet(
        matrix=matrix,
        cards=tuple(FeatureCard.of(feature) for feature in catalogue().values()),
        portfolio="home_credit",
        id_column=APPLICATION_ID,
        outcome_column=OUTCOME,
        rows=rows,
    )


def matrix_set(
    path: Path,
    *,
    target: str,
    id_column: str | None = None,
    bad: str | None = None,
    labels: Path | None = None,
) -> tuple[TrainingSet, list[str]]:
    """Return a single-table file as a training set, and notices of columns that were kept out.

    Every column but target and id is a feature: numbers as they are, all else as categories. A text column with
    more than 100 different values is kept out. `labels` is a YAML file that maps a column to its meaning
    (``column: text`` or ``column: {en:, fr:, concept:, unit:}``).

    Raises
    ------
    DataError
        If the file, the target or the labels cannot be used.
    """
    frame, key = with_id(read_matrix(path), id_column)
    if target not in frame.columns:
        raise DataError(f"there is no column {target!r}; the file has {frame.columns}")
    frame = frame.with_columns(outcome(frame[target], bad))
    told = _labels(labels)
    if unknown := sorted(set(told) - set(frame.columns)):
        raise DataError(f"{labels} names columns that {path.name} lacks: {unknown}")
    cards, notices = [], []
    for name in frame.columns:
        if name in {key, target}:
            continue
        is_text = frame[name].dtype == pl.String
        if is_text and frame[name].n_unique() > MOST_LEVELS:
            notices.append(f"{name} is kept out: it has over {MOST_LEVELS} different texts")
            continue
        cards.append(_card(name, is_text=is_text, told=told.get(name, {})))
    if not cards:
        raise DataError(f"{path} has no column to learn from")
    kept = frame.select(key, *[card.name for card in cards], target)
    return TrainingSet(kept, tuple(cards), "matrix", key, target, {path.name: frame.height}), notices


def _card(name: str, *, is_text: bool, told: Mapping[str, str]) -> FeatureCard:
    english = told.get("en", name)
    return FeatureCard(
        name=name,
        kind="category" if is_text else "number",
        unit=told.get("unit", ""),
        concept=told.get("concept", name),
        meaning=Text(english, told.get("fr", english)),
        sources=(name,),
    )


def _labels(path: Path | None) -> dict[str, dict[str, str]]:
    if path is None:
        return {}
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise DataError(f"{path} cannot be read as YAML: {error}") from error
    if not isinstance(content, dict):
        raise DataError(f"{path} must map column names to texts")
    told = {str(name): value if isinstance(value, dict) else {"en": str(value)} for name, value in content.items()}
    allowed = {"en", "fr", "concept", "unit"}
    for name, value in told.items():
        if strange := set(value) - allowed:
            raise DataError(f"{path}: {name} has {sorted(map(str, strange))}; known are {sorted(allowed)}")
    return {name: {str(k): str(v) for k, v in value.items()} for name, value in told.items()}
