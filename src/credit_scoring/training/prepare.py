"""What is trained on: the eight tables' feature matrix, or any lender's single-table file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import polars as pl
import yaml

from credit_scoring.bundle.manifest import FeatureCard
from credit_scoring.domain.errors import DataError
from credit_scoring.domain.text import Text
from credit_scoring.features.assemble import catalogue
from credit_scoring.features.shards import matrices
from credit_scoring.tables.frames import Tables
from credit_scoring.tables.matrix import read_matrix
from credit_scoring.tables.roles import MOST_LEVELS, absent, conformed, kind_of, outcome, with_id
from credit_scoring.tables.schema import APPLICATION_ID, OUTCOME
from credit_scoring.training.development import TrainingSet

_LABEL_KEYS = ("en", "fr", "concept", "unit", "kind")
_LABEL_KINDS = ("number", "category", "unused")


def home_credit_set(
    tables: Tables, rows: dict[str, int], *, on_family: Callable[[str], None] | None = None
) -> TrainingSet:
    """Return the labelled applications of the tables with every feature."""
    with matrices(tables.of("application_train"), on_family=on_family) as parts:
        matrix = pl.concat(parts).sort(APPLICATION_ID)
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
    """Return a single-table file as a training set, and notices of what the user should know about its columns.

    Every column but target and id is a feature: numbers and truth values as they are, texts as categories. Kept
    out, with a notice, are dates, columns without a name, with one value only, or of texts with more than 100
    different values. `labels` is a YAML file that maps a column to its meaning (``column: text`` or
    ``column: {en:, fr:, concept:, unit:, kind:}``); ``kind`` is ``number``, ``category`` (for numbers that are
    codes) or ``unused``.

    Raises
    ------
    DataError
        If the file, the target or the labels cannot be used.
    """
    raw = read_matrix(path)
    if target not in raw.columns:
        raise absent(target, raw.columns)
    if id_column == target:
        raise DataError(f"{target!r} cannot be both the target and the key")
    _require_free_names(raw.columns, id_column)
    told = _labels(labels)
    if unknown := sorted(set(told) - set(raw.columns)):
        raise DataError(f"{labels} names columns that {path.name} lacks: {', '.join(map(repr, unknown[:10]))}")
    frame, key = with_id(raw, id_column)
    frame = frame.with_columns(outcome(frame[target], bad))
    kinds, notices = _kinds(frame.drop(key, target), told, keyed=id_column is not None)
    if not kinds:
        raise DataError(f"{path} has no column to learn from{''.join(f'; {notice}' for notice in notices)}")
    kept = conformed(frame.select(key, *kinds, target), kinds)
    cards = tuple(_card(name, kind, told.get(name, {})) for name, kind in kinds.items())
    return TrainingSet(kept, cards, "matrix", key, target, {path.name: frame.height}), notices


def _require_free_names(columns: list[str], id_column: str | None) -> None:
    """Raise `DataError` if a column has a name that scoring writes."""
    if id_column in {"p_default", "decision", "reasons_en", "reasons_fr"} or "p_default" in columns:
        name = "p_default" if "p_default" in columns else id_column
        raise DataError(f"rename the column {name!r}: it is what the model's own output is called")


def _kinds(
    frame: pl.DataFrame, told: Mapping[str, Mapping[str, str]], *, keyed: bool
) -> tuple[dict[str, Literal["number", "category"]], list[str]]:
    """Return the kind of each column to learn from, and notices of those kept out or suspect."""
    kinds: dict[str, Literal["number", "category"]] = {}
    notices = []
    for name in frame.columns:
        column = frame[name]
        kind = told.get(name, {}).get("kind") or kind_of(column)
        if kind == "unused":
            continue
        different = column.n_unique() if kind in {"number", "category"} else 0
        if not name or name.startswith("Unnamed: "):
            notices.append(f"column {frame.columns.index(name) + 1} is kept out: it has no name, as an index has none")
        elif kind == "date":
            notices.append(f"{name} is kept out: it holds dates; give the days from it to the application instead")
        elif kind not in {"number", "category"}:
            notices.append(f"{name} is kept out: it holds {kind}, not numbers or texts")
        elif different < 2:
            notices.append(f"{name} is kept out: it has the same value on every row")
        elif kind == "category" and column.drop_nulls().n_unique() > MOST_LEVELS:
            hint = "; if it is the key, name it with --id" if different == column.len() and not keyed else ""
            notices.append(f"{name} is kept out: it has over {MOST_LEVELS} different texts{hint}")
        else:
            kinds[name] = "number" if kind == "number" else "category"
            if not keyed and kind == "number" and different == column.len() and _whole(column):
                notices.append(f"{name} has another whole number on every row: if it is the key, name it with --id")
    return kinds, notices


def _whole(column: pl.Series) -> bool:
    return column.dtype == pl.Float64 and bool((column % 1 == 0).all())


def _card(name: str, kind: Literal["number", "category"], told: Mapping[str, str]) -> FeatureCard:
    english = told.get("en", name)
    return FeatureCard(
        name=name,
        kind=kind,
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
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} cannot be read: it is not UTF-8 text; save it as UTF-8") from error
    except yaml.YAMLError as error:
        told = " ".join(str(error).replace(' in "<unicode string>",', "").split())
        raise DataError(f"{path} is not YAML: {told}") from error
    if not isinstance(content, dict):
        raise DataError(f"{path} must map column names to texts, as in `age: age of the client`")
    return {_column(name, path): _label(name, value, path) for name, value in content.items()}


def _column(name: object, path: Path) -> str:
    if isinstance(name, bool) or name is None:
        raise DataError(f"{path}: put the column name that YAML reads as {name} in quotes")
    return str(name)


def _label(name: object, value: object, path: Path) -> dict[str, str]:
    label: dict[Any, Any] = value if isinstance(value, dict) else {"en": value}
    if strange := sorted(str(key) for key in label if key not in _LABEL_KEYS):
        raise DataError(f"{path}: {name} has {', '.join(strange)}; known are {', '.join(_LABEL_KEYS)}")
    for key, text in label.items():
        if not isinstance(text, str | int | float) or isinstance(text, bool):
            raise DataError(f"{path}: {name} has {text!r} as {key}, not a text; put it in quotes if it is one")
    if (kind := label.get("kind", "number")) not in _LABEL_KINDS:
        raise DataError(f"{path}: {name} has the kind {kind!r}; known are {', '.join(_LABEL_KINDS)}")
    return {str(key): str(text) for key, text in label.items()}
