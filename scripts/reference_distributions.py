"""Distributions of the specification's variables within cells, with at least 20 clients behind every figure."""

from typing import Any

import numpy as np

from credit_scoring.tables.synthetic import spec
from credit_scoring.tables.synthetic.normal import mean_score
from credit_scoring.tables.synthetic.tables import Frame, Table, groups

FEWEST = 20
TAILS = np.array([0.001, 0.0025, 0.005, 0.01, 0.02, 0.98, 0.99, 0.995, 0.9975, 0.999])


def number_knots(x: Any, clients: Any, bins: int) -> tuple[list[float], list[float]]:
    """Return quantiles of x and its atoms; every knot interval holds at least 20 clients."""
    order = np.argsort(x, kind="stable")
    x, clients = x[order], clients[order]
    n = len(x)
    values, start, counts = np.unique(x, return_index=True, return_counts=True)
    enough = counts >= max(FEWEST, 0.004 * n)
    for i in np.flatnonzero(enough):
        enough[i] = len(np.unique(clients[start[i] : start[i] + counts[i]])) >= FEWEST
    atoms = np.flatnonzero(enough)
    most = 100 if bins > 20 else 20
    if len(atoms) > most:
        atoms = np.sort(atoms[np.argsort(-counts[atoms], kind="stable")[:most]])
    u: list[float] = []
    v: list[float] = []
    edges = np.unique(np.concatenate([np.linspace(0, 1, bins + 1), TAILS if n > 4000 else []]))

    def stretch(lo: int, hi: int, first: bool, last: bool) -> None:
        """Add knots within rows lo..hi, which hold no atom."""
        if hi - lo < FEWEST or len(np.unique(clients[lo:hi])) < FEWEST:
            return
        inner = [int(e * n) for e in edges if lo + FEWEST <= e * n <= hi - FEWEST]
        if first:
            u.append(lo / n)
            v.append(float(np.mean(x[lo : lo + FEWEST])))
        previous = lo
        for position in inner:
            if len(np.unique(clients[previous:position])) >= FEWEST:
                u.append(position / n)
                v.append(float(x[position]))
                previous = position
        if last:
            u.append(hi / n)
            v.append(float(np.mean(x[hi - FEWEST : hi])))

    at = 0
    for i in atoms:
        stretch(at, start[i], first=not u, last=False)
        u.extend([start[i] / n, (start[i] + counts[i]) / n])
        v.extend([float(values[i])] * 2)
        at = start[i] + counts[i]
    stretch(at, n, first=not u, last=True)
    v = np.maximum.accumulate(v).tolist() if v else [float(np.mean(x))]
    return (u or [0.5]), v


def shown(value: float) -> float:
    """Return six significant digits."""
    return float(f"{value:.6g}")


def number_cell(x: Any, clients: Any, bins: int, missing: bool) -> dict[str, Any] | None:
    known = ~np.isnan(x)
    absent = 1 - known.mean() if missing and len(np.unique(clients[~known])) >= FEWEST else 0.0
    if len(np.unique(clients[known])) < FEWEST:
        return {"m": 1.0, "u": [0.5], "v": [0.0]} if absent > 0.98 and len(x) >= 100 else None
    u, v = number_knots(x[known], clients[known], bins)
    cell: dict[str, Any] = {"u": [round(10_000 * a) for a in u], "v": [shown(b) for b in v]}
    if absent:
        cell["m"] = round(absent, 4)
    return cell


def category_cell(x: Any, clients: Any, size: int, root: Any, whole: bool) -> dict[str, Any] | None:
    """Return shares of the categories with 20 clients or more; the others share what is left as in the whole."""
    counts = np.bincount(x, minlength=size)
    for i in np.flatnonzero(counts):
        if len(np.unique(clients[x == i])) < FEWEST:
            counts[i] = 0
    if not counts.any():
        return None
    if root is None or not root.any():
        raise SystemExit("the whole comes first")
    shares = counts / len(x)
    if whole:  # a rare category's share is not told: all have that of 5 clients
        shares = root / root.sum()
    kept = np.flatnonzero(np.round(100_000 * shares) > 0)
    return {"i": kept.tolist(), "p": [round(100_000 * s) for s in shares[kept]]}


def measure_table(
    var: spec.Variable, frame: Frame, clients: Any, values: list[Any], sizes: dict[str, int]
) -> dict[str, Any]:
    """Return the distribution of one variable in each cell, and in each coarser cell, of its parents."""
    x = frame[var.name]
    present = x >= 0 if values else np.ones(len(x), bool) if var.missing else ~np.isnan(x)
    root = None
    if values:
        counts = np.bincount(x[present], minlength=len(values)).astype(float)
        root = np.where(counts >= FEWEST, counts, 5.0) / counts.sum()  # a rare category: its share is not told
    cells: dict[str, Any] = {}
    for depth in range(len(var.parents) + 1):
        part = spec.Variable(var.name, var.parents[:depth])
        for key, rows in groups(part, frame, sizes, len(x)):
            known = rows[present[rows]]
            n = len(np.unique(clients[known]))
            if depth and (len(known) < (150 if depth < 4 else 500) or n < 50):
                continue
            cell = (
                category_cell(x[known], clients[known], len(values), root, whole=depth == 0)
                if values
                else number_cell(x[known], clients[known], min(40 if depth == 0 else 14, max(4, n // 60)), var.missing)
            )
            if cell:
                cells[key] = cell
    if "" not in cells:
        raise SystemExit(f"{var.name}: too few rows")
    return {"values": values, "cells": cells} if values else {"cells": cells}


def measure(
    variables: Any, frame: Frame, clients: Any, names: dict[str, list[Any]], sizes: dict[str, int]
) -> dict[str, Any]:
    return {v.name: measure_table(v, frame, clients, names.get(v.name, []), sizes) for v in variables}


def scores(table: Table, frame: Frame, sizes: dict[str, int]) -> Any:
    """Return the normal score of each value within its cell; NaN where absent."""
    low, high = table.interval(frame[table.variable.name], frame, sizes)
    out = mean_score(np.nan_to_num(low, nan=0.5), np.nan_to_num(high, nan=0.5))
    return np.where(np.isnan(low) | np.isnan(high), np.nan, out)
