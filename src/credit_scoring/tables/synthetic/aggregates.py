"""The measured aggregates, ready to draw from."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_scoring.tables.synthetic.normal import Floats, correlated
from credit_scoring.tables.synthetic.spec import (
    APPLICATION,
    BINS,
    BUREAU,
    CLIENT,
    PAYMENT,
    PREVIOUS,
    Variable,
)
from credit_scoring.tables.synthetic.tables import Table


@dataclass(frozen=True)
class Aggregates:
    """Tables by variable, the number of categories by parent, and the scores' correlations."""

    tables: Mapping[str, Table]
    sizes: Mapping[str, int]
    scored: tuple[str, ...]
    root: Floats  # lower triangular: root @ root.T is the correlation of the scores
    columns: Mapping[str, tuple[str, ...]]  # Kaggle's, by table
    rows: Mapping[str, "RowScores"]  # by history: how the scores of its rows hang on the client's
    contract_loading: Mapping[str, float]  # what payments of a contract share beyond those of its client


@dataclass(frozen=True)
class RowScores:
    """Scores of a client's rows: ``loading`` times the client's trait, and a rest whose covariance is root @ root.T."""

    names: tuple[str, ...]
    traits: tuple[int, ...]  # where the traits stand among the client's scores
    loading: Floats
    root: Floats
    shift: Floats  # clients with many rows differ: what this moves the mean of all rows' scores by, and
    scale: Floats  # what it multiplies their deviation by

    def draw(self, z: Floats, client: NDArray[np.int64], rng: np.random.Generator) -> Floats:
        """Return a score per row and name; ``client`` says whose row it is."""
        own = correlated(len(client), self.root, rng)
        return (z[client][:, self.traits] * self.loading + own - self.shift) / self.scale


def parse(raw: Mapping[str, Any], variables: Iterable[Variable]) -> dict[str, Table]:
    """Return the tables of ``variables`` from their JSON form."""
    tables = {}
    for variable in variables:
        one = raw[variable.name]
        cells, missing = {}, {}
        for key, cell in one["cells"].items():
            if "p" in cell:
                cells[key] = _categories(cell, one["cells"][""], len(one["values"]))
            else:
                cells[key] = (np.array(cell["u"], np.float64) / 1e4, np.array(cell["v"], np.float64))
                missing[key] = float(cell.get("m", 0.0))
        tables[variable.name] = Table(variable, tuple(one.get("values", ())), cells, missing)
    return tables


def _categories(cell: Mapping[str, Any], whole: Mapping[str, Any], size: int) -> tuple[Floats, Floats]:
    """Return cumulative shares and codes; what a cell leaves out shares its rest as in the whole."""
    shares, spare = np.zeros(size), np.zeros(size)
    shares[cell["i"]] = cell["p"]
    spare[whole["i"]] = whole["p"]
    spare[cell["i"]] = 0.0
    rest = max(1e5 - shares.sum(), 0.0)
    if cell is not whole and spare.sum() > 0:
        shares += rest * spare / spare.sum()
    codes = np.flatnonzero(shares)
    total = np.cumsum(shares[codes])
    return total / total[-1], codes.astype(np.float64)


def triangle(values: Iterable[float], size: int) -> Floats:
    """Return the correlation matrix whose rows below the diagonal are ``values`` in thousandths."""
    matrix = np.eye(size)
    matrix[np.tril_indices(size, -1)] = np.array(list(values)) / 1000.0
    return matrix + np.tril(matrix, -1).T


def root_of(correlation: Floats) -> Floats:
    """Return a root of the correlation matrix, after lifting what rounding left below zero."""
    values, vectors = np.linalg.eigh(correlation)
    lifted = (vectors * np.clip(values, 1e-6, None)) @ vectors.T
    scale = np.sqrt(np.diag(lifted))
    root = np.linalg.cholesky(lifted / np.outer(scale, scale))
    return np.round(root, 7).astype(np.float64)  # the last digits differ by machine


@cache
def load() -> Aggregates:
    """Return the aggregates that the package carries."""
    text = resources.files("credit_scoring.tables.synthetic").joinpath("reference_aggregates.json").read_text("utf-8")
    return prepared(json.loads(text))


def prepared(raw: Mapping[str, Any]) -> Aggregates:
    """Return the aggregates from their JSON form."""
    tables = parse(raw["tables"], (*APPLICATION, *CLIENT, *BUREAU, *PREVIOUS, *PAYMENT))
    sizes = {name: len(table.values) for name, table in tables.items()}
    sizes |= {name: len(edges) + 2 for name, (_, edges) in BINS.items()} | {"shifted": 2}
    scored = tuple(raw["scored"])
    root = root_of(triangle(raw["correlation"], len(scored)))
    columns = {name: tuple(names) for name, names in raw["columns"].items()}
    rows = {key: _row_scores(raw, scored, key, names) for key, names in HISTORIES.items()}
    contract = {name: share / 1000.0 for name, share in zip(HISTORIES["payment"], raw["contract_loading"], strict=True)}
    return Aggregates(tables, sizes, scored, root, columns, rows, contract)


HISTORIES = {
    key: tuple(variable.name for variable in variables if variable.scored)
    for key, variables in (("bureau", BUREAU), ("previous", PREVIOUS), ("payment", PAYMENT))
}


def _row_scores(raw: Mapping[str, Any], scored: tuple[str, ...], key: str, names: tuple[str, ...]) -> RowScores:
    traits = tuple(scored.index(name) for name in names)
    first = len(scored) - len(raw["loading"])
    loading = np.array([raw["loading"][trait - first] for trait in traits]) / 1000.0
    rest = np.zeros((len(names), len(names)))
    rest[np.tril_indices(len(names))] = np.array(raw["rest"][key]) / 1000.0
    scale = np.sqrt(np.maximum(1.0 - loading**2, 1e-6))
    inner = (rest + np.tril(rest, -1).T) / np.outer(scale, scale)
    shift, spread = (np.array(raw[part][key]) / 1000.0 for part in ("shift", "scale"))
    return RowScores(names, traits, loading, scale[:, None] * root_of(inner), shift, spread)
