"""What a caller supplies by name, turned into the feature values that the model sees, by the training expressions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import compress

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.errors import FaultyInputError
from credit_scoring.features.application import derived_features
from credit_scoring.features.assemble import catalogue
from credit_scoring.features.spec import Stages, stages
from credit_scoring.scoring.inputs import NUMERIC, Inputs, Value, is_sentinel
from credit_scoring.scoring.score import coverage_without

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
SHAPES_KEPT = 256
# To improve a plan, or to wake threads for it, takes longer than to compute a few rows by it.
_AS_WRITTEN = pl.QueryOptFlags.none()


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """All that follows from which names were supplied, in the order they came.

    ``are_numbers`` says which of the supplied values are numbers, ``inputs`` are their columns among all inputs;
    ``categories`` pairs places with names. Numbers in ``kept`` go to the model's columns ``kept_to`` as they are;
    ``computed`` are the model's features that expressions give, and ``told`` says of each of the model's features
    whether anything tells it; ``covered`` those told by every source.
    """

    names: tuple[str, ...]
    are_numbers: tuple[bool, ...]
    inputs: Integers
    lower: Floats
    upper: Floats
    kept: Integers
    kept_to: Integers
    categories: tuple[tuple[int, str], ...]
    computed: frozenset[str]
    told: Booleans
    covered: Booleans
    coverage: float


@dataclass(frozen=True, slots=True, eq=False)
class Supplied:
    """One application's checked features. ``numbers`` are in the order they came, missing as NaN.

    ``ranks`` are model columns and the ranks of categories; ``unseen`` are categories that training never saw, which
    the model takes as missing.
    """

    shape: Shape
    numbers: Floats
    ranks: tuple[tuple[int, float], ...] = ()
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Plan:
    roots: Integers
    names: tuple[str, ...]
    stages: Stages
    outputs: tuple[pl.Expr, ...]
    columns: Integers


class Intake:
    """Checks supplied features and computes what follows from them. Made once a bundle; safe to share by threads.

    Inputs are the raw application columns and every built feature of the catalogue (of another lender's portfolio:
    the model's own features). A feature that is supplied by name stands as supplied; one with a source that is supplied
    is computed; all others are missing.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._encoder = bundle.model.encoder
        self._column = {name: number for number, name in enumerate(self._encoder.features)}
        self._ranks = {
            name: {level: float(rank) for rank, level in enumerate(levels)}
            for name, levels in self._encoder.categories.items()
        }
        self.inputs = Inputs(bundle.manifest)
        self._sentinels = {c.name for c in self.inputs.raw.values() if c.sentinels and c.kind == "number"}
        self._rowwise = {f.name: f for f in derived_features() if self.inputs.raw and f.name in self._column}
        self._selected = {name: e for name, e in self._expressions().items() if name in self._column}
        self._roots = self._sources()
        self._shape = lru_cache(SHAPES_KEPT)(self._make_shape)
        self._plan = lru_cache(SHAPES_KEPT)(self._make_plan)
        self._plan(frozenset(self._roots))  # made now, so that the first application does not wait for it

    @property
    def asked(self) -> tuple[str, ...]:
        """Return the inputs that tell all the model can use, in catalogue order."""
        roots = frozenset().union(*self._roots.values())
        own = {name for name in self._encoder.features if name not in self._roots}
        return tuple(name for name in self.inputs.kinds if name in roots or name in own)

    def _flags(self) -> dict[str, str]:
        return {column.flag: name for name, column in self.inputs.raw.items() if column.flag}

    def _expressions(self) -> dict[str, pl.Expr]:
        """Return what follows from inputs in one step: relations, and raw columns with sentinels from themselves."""
        if not self.inputs.raw:
            return {}
        related = {n: f.expression for n, f in catalogue().items() if n.startswith("RELATION__")}
        return related | {name: pl.col(name) for name in (*self._sentinels, *self._flags())}

    def _sources(self) -> dict[str, frozenset[str]]:
        """Return, by computed feature, the inputs that it follows from."""
        roots = {name: frozenset(e.meta.root_names()) for name, e in self._selected.items()}
        roots |= {flag: frozenset({name}) for flag, name in self._flags().items() if flag in roots}
        own = {name: frozenset(s.partition(".")[2] for s in f.sources) for name, f in self._rowwise.items()}
        return roots | own

    def following(self, names: Iterable[str]) -> frozenset[str]:
        """Return the model's features that are computed from any of the inputs `names`, these left out."""
        changed = set(names)
        return frozenset(name for name, roots in self._roots.items() if roots & changed) - changed

    def accept(self, features: Mapping[str, Value], *, field: str = "features") -> Supplied:
        """Return the checked features; an explicit null is known to be missing.

        Parameters
        ----------
        field
            Where the features stand in what was sent, for the faults.

        Raises
        ------
        FaultyInputError
            Naming each unknown feature (with the nearest name), value of a wrong type, infinity, or value outside the
            bounds that the schema sets.
        """
        names = tuple(features)
        if not features.keys() <= self.inputs.kinds.keys():
            unknown = [name for name in names if name not in self.inputs.kinds]
            raise FaultyInputError(self.inputs.unknown(unknown, field))
        shape = self._shape(names)
        sent = list(features.values())
        numbers = list(compress(sent, shape.are_numbers))
        if not set(map(type, numbers)) <= NUMERIC:
            raise FaultyInputError(self.inputs.mistyped(features, field))
        values = np.array(numbers, dtype=np.float64)
        if ((values < shape.lower) | (values > shape.upper)).any():
            named = list(compress(names, shape.are_numbers))
            if faults := self.inputs.outside(named, values, shape.lower, shape.upper, field):
                raise FaultyInputError(faults)
        ranks, unseen = [], []
        for place, name in shape.categories:
            value = sent[place]
            if value is None:
                continue
            if not isinstance(value, str):
                raise FaultyInputError(self.inputs.mistyped(features, field))
            rank = self._ranks.get(name, {}).get(value)
            if rank is not None:
                ranks.append((self._column[name], rank))
            elif name in self._ranks and not (name in self.inputs.raw and is_sentinel(name, value)):
                unseen.append(name)
        return Supplied(shape, values, tuple(ranks), tuple(unseen))

    def varied(self, supplied: Supplied, changes: Mapping[str, Value]) -> Supplied:
        """Return what was supplied with other numbers in some of its names, which are not checked."""
        shape, numbers = supplied.shape, supplied.numbers.copy()
        for name, value in changes.items():
            numbers[np.flatnonzero(shape.inputs == self.inputs.number[name])] = (
                np.nan if value is None else float(value)
            )
        return replace(supplied, numbers=numbers)

    def values(self, supplied: Sequence[Supplied]) -> Floats:
        """Return the model's feature values, shape (n_applications, n_features), missing as NaN.

        One application gives the same bits alone as among any others.
        """
        values = np.full((len(supplied), len(self._encoder.features)), np.nan)
        if computed := frozenset().union(*{one.shape.computed for one in supplied}):
            inputs = np.full((len(supplied), len(self.inputs.number)), np.nan)
            for row, one in enumerate(supplied):
                inputs[row, one.shape.inputs] = one.numbers
            self._compute(inputs, computed, values)
            if len({id(one.shape) for one in supplied}) > 1:
                values[~np.stack([one.shape.told for one in supplied])] = np.nan
        for row, one in enumerate(supplied):
            values[row, one.shape.kept_to] = one.numbers[one.shape.kept]
            for column, rank in one.ranks:
                values[row, column] = rank
        return values

    def _compute(self, inputs: Floats, wanted: frozenset[str], values: Floats) -> None:
        if not wanted:
            return
        plan = self._plan(wanted)
        rows = pl.from_numpy(inputs[:, plan.roots], schema=list(plan.names), orient="row").lazy()
        for stage in plan.stages:
            rows = rows.with_columns_seq(stage)
        found = rows.select_seq(plan.outputs).collect(engine="in-memory", optimizations=_AS_WRITTEN)
        values[:, plan.columns] = found.to_numpy()

    def _make_plan(self, wanted: frozenset[str]) -> _Plan:
        outputs = [name for name in self._encoder.features if name in wanted]
        roots = sorted({root for name in outputs for root in self._roots[name]}, key=self.inputs.number.__getitem__)
        prepared = [
            expression
            for root in roots
            for expression in (
                self.inputs.raw[root].cleaned() if root in self.inputs.raw else [pl.col(root).fill_nan(None)]
            )
        ]
        *before, final = stages(self._rowwise[name] for name in outputs if name in self._rowwise)
        last = {expression.meta.output_name(): expression for expression in final}
        return _Plan(
            np.array([self.inputs.number[root] for root in roots], dtype=np.int64),
            tuple(roots),
            (tuple(prepared), *before),
            tuple(self._selected[name].alias(name) if name in self._selected else last[name] for name in outputs),
            np.array([self._column[name] for name in outputs], dtype=np.int64),
        )

    def _make_shape(self, names: tuple[str, ...]) -> Shape:
        supplied = set(names)
        are_numbers = tuple(self.inputs.kinds[name] == "number" for name in names)
        numeric = list(compress(names, are_numbers))
        computed = {
            name
            for name, roots in self._roots.items()
            if (name not in supplied or name in self._sentinels) and not supplied.isdisjoint(roots)
        }
        kept = [i for i, name in enumerate(numeric) if name in self._column and name not in computed]
        lower, upper = self.inputs.bounds(numeric)
        covered = supplied | {name for name, roots in self._roots.items() if supplied.issuperset(roots)}
        features = self._encoder.features
        return Shape(
            names=names,
            are_numbers=are_numbers,
            inputs=np.array([self.inputs.number[name] for name in numeric], dtype=np.int64),
            lower=lower,
            upper=upper,
            kept=np.array(kept, dtype=np.int64),
            kept_to=np.array([self._column[numeric[i]] for i in kept], dtype=np.int64),
            categories=tuple((i, name) for i, name in enumerate(names) if self.inputs.kinds[name] != "number"),
            computed=frozenset(computed),
            told=np.array([name in supplied or name in computed for name in features]),
            covered=np.array([name in covered for name in features]),
            coverage=coverage_without(self._bundle, [name for name in features if name not in covered]),
        )
