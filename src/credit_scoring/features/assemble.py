"""The only join: one row an application, every feature, always in the same order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Literal

import polars as pl

from credit_scoring.domain.errors import DataError
from credit_scoring.features.application import derived_features, raw_features
from credit_scoring.features.bureau import bureau, bureau_balance
from credit_scoring.features.credit_card import credit_card
from credit_scoring.features.directions import direction_of
from credit_scoring.features.installments import installments
from credit_scoring.features.pos_cash import pos_cash
from credit_scoring.features.previous import previous
from credit_scoring.features.relation import relation_features
from credit_scoring.features.spec import Family, Feature, Frames, Stages, stages
from credit_scoring.tables.schema import APPLICATION_ID, OUTCOME, schema

Engine = Literal["auto", "in-memory"]


@cache
def families() -> tuple[Family, ...]:
    """Return the history families, in matrix order."""
    return (bureau(), bureau_balance(), previous(), installments(), pos_cash(), credit_card())


@cache
def catalogue() -> Mapping[str, Feature]:
    """Return every feature by name, in the order of the matrix's columns.

    Raises
    ------
    DataError
        If two features share a name.
    """
    features = [*raw_features(), *derived_features()]
    for family in families():
        features += family.features
    known = {feature.name: feature for feature in features}
    features += relation_features(known)
    known = {f.name: replace(f, direction=direction_of(f.name)) for f in features}
    if len(known) != len(features):
        raise DataError("two features share a name")
    return MappingProxyType(known)


def assemble(
    frames: Frames, *, on_family: Callable[[str], None] | None = None, engine: Engine = "auto"
) -> pl.DataFrame:
    """Return one row for each row of ``frames["application"]``, sorted by ``SK_ID_CURR``.

    Columns are the key, every feature of the catalogue in its order (Float64, or String for categories), and
    ``TARGET`` last where the applications have it. A feature of an absent table is missing; a client without
    rows in a table has counts of 0 and everything else missing. `engine` is Polars': for a few applications that are in
    memory, the one of that name is quicker.
    """
    applications = frames["application"].sort(APPLICATION_ID).collect(engine=engine)
    # Of a few equal values Polars may have made one, by whose reciprocal it multiplies where it should divide.
    applications = pl.DataFrame(applications.get_columns())
    for stage in _derived():
        applications = applications.with_columns(stage)
    outcome = [OUTCOME] if OUTCOME in applications.columns else []
    parts = [applications]
    for family in families():
        if on_family is not None:
            on_family(family.name)
        parts.append(_aggregated(family, frames, applications.select(APPLICATION_ID), engine))
    matrix = pl.concat(parts, how="horizontal").with_columns(_related())
    return matrix[[APPLICATION_ID, *catalogue(), *outcome]]


def _aggregated(family: Family, frames: Frames, keys: pl.DataFrame, engine: Engine) -> pl.DataFrame:
    """Return the features of `family` alone, a row for each of `keys` in their order."""
    if not all(table in frames for table in family.tables):
        missing = pl.Series(dtype=pl.Float64).extend_constant(None, keys.height)
        return pl.DataFrame({feature.name: missing for feature in family.features})
    aggregates, filled = _expressions(family.name)
    grouped = family.rows(frames).group_by(APPLICATION_ID).agg(aggregates).collect(engine=engine)
    return keys.join(grouped, on=APPLICATION_ID, how="left", maintain_order="left").select(filled)


# One application must be quick: its expressions are made once.
@cache
def _derived() -> Stages:
    return stages(derived_features())


@cache
def _expressions(family: str) -> tuple[tuple[pl.Expr, ...], tuple[pl.Expr, ...]]:
    """Return the features of a family by name: over the rows of a group, and then over the applications."""
    features = next(found for found in families() if found.name == family).features
    aggregates = tuple(feature.expression.cast(pl.Float64).alias(feature.name) for feature in features)
    filled = tuple(
        # Whether a highest value is 0.0 or -0.0 would depend on the order of rows.
        pl.col(f.name).fill_null(0.0)
        if f.is_count
        else pl.when(pl.col(f.name) == 0.0).then(0.0).otherwise(pl.col(f.name)).alias(f.name)
        for f in features
    )
    return aggregates, filled


@cache
def _related() -> tuple[pl.Expr, ...]:
    return tuple(f.expression.alias(name) for name, f in catalogue().items() if name.startswith("RELATION__"))


def definitions_digest(names: Iterable[str]) -> str:
    """Return the SHA-256 of the definitions behind the features `names`: their expressions and rows.

    A bundle records it for its own features; code that would compute any of them otherwise gives another digest.
    Expressions are taken as Polars serialises them: as text, long constants are cut short.
    """
    known, wanted = catalogue(), _with_roots(names)
    empty = {
        name: pl.LazyFrame(
            schema={c.name: c.dtype for c in table.columns.values()} | dict.fromkeys(table.flags(), pl.Float64)
        )
        for name, table in schema().items()
    }
    parts = [
        name.encode() + b"".join(one.meta.serialize() for one in known[name].expressions()) for name in sorted(wanted)
    ]
    used = [family for family in families() if any(feature.name in wanted for feature in family.features)]
    parts += [family.rows(empty).serialize() for family in used]
    for table in schema().values():
        parts += [expression.meta.serialize() for c in table.columns.values() for expression in c.cleaned()]
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


def _with_roots(names: Iterable[str]) -> set[str]:
    """Return `names` and the features that these are made from."""
    known, wanted = catalogue(), set(names)
    for name in tuple(wanted):
        if name.startswith("RELATION__"):
            wanted |= set(known[name].expression.meta.root_names()) & set(known)
    return wanted
