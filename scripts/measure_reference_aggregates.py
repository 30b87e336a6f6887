"""Measure on the real rows the aggregates that the synthetic tables are drawn from.

``CREDIT_SCORING_REAL_DATA=… python -m scripts.measure_reference_aggregates`` writes
``src/credit_scoring/tables/synthetic/reference_aggregates.json``. No row goes in: every share, atom and
quantile bin has at least 20 clients behind it, the ends of a distribution are the mean of its outermost 20.
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scripts.reference_distributions import measure, scores
from scripts.reference_variables import application, bureau, coded, payments, per_client, previous, read, sizes_of

from credit_scoring.tables.synthetic import contracts, spec
from credit_scoring.tables.synthetic.aggregates import parse, prepared
from credit_scoring.tables.synthetic.application import applications, draw
from credit_scoring.tables.synthetic.bureau import drawn_credits
from credit_scoring.tables.synthetic.normal import correlated, probability
from credit_scoring.tables.synthetic.previous import requests
from credit_scoring.tables.synthetic.tables import Frame, Table

OUT = Path(__file__).parents[1] / "src/credit_scoring/tables/synthetic/reference_aggregates.json"
FILES = {
    "application": "application_train",
    **{name: name for name in ("bureau", "bureau_balance", "previous_application", "POS_CASH_balance")},
    **{name: name for name in ("installments_payments", "credit_card_balance")},
}


def pairwise(s: Any, t: Any) -> tuple[Any, Any]:
    """Return the covariance of the columns of s with those of t over the rows where both are known, and these."""
    a, b = ~np.isnan(s), ~np.isnan(t)
    x, y = np.where(a, s, 0.0), np.where(b, t, 0.0)
    a, b = a.astype(float), b.astype(float)
    n = np.maximum(a.T @ b, 1.0)
    cov = (x.T @ y) / n - ((x.T @ b) / n) * ((a.T @ y) / n)
    return cov, n


def nearest(matrix: Any, floor: float = 0.005) -> Any:
    """Return the correlation matrix that clipping the eigenvalues gives."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    fixed = (vectors * np.clip(values, floor, None)) @ vectors.T
    scale = np.sqrt(np.diag(fixed))
    return fixed / scale[:, None] / scale[None, :]


def assembled(rho: Any, applications: int) -> Any:
    """Return the nearest correlation: of the applications, then of the histories given them.

    The histories are measured on fewer clients, so they yield.
    """
    own = nearest(rho[:applications, :applications])
    cross = rho[applications:, :applications]
    slope = cross @ np.linalg.inv(own + 0.02 * np.eye(applications))
    explained = np.einsum("ij,jk,ik->i", slope, own, slope)
    slope = slope * np.sqrt(np.minimum(1.0, 0.9 / explained))[:, None]
    explained = slope @ own @ slope.T
    room = 1.0 - np.diag(explained)
    rest = nearest_to(rho[applications:, applications:] - explained, room)
    cross = slope @ own
    return np.block([[own, cross.T], [cross, explained + rest]])


class Joint:
    """Correlations of client scores with those of rows, through what the rows of a client share.

    A row's score is a share ``loading`` of its client's trait and a rest of its own. The product of two different
    rows of a client estimates what their traits have in common, that of one row's scores all.
    """

    def __init__(self, tables: dict[str, Table], sizes: dict[str, int]) -> None:
        self.tables, self.sizes = tables, sizes

    def lifted(self, name: str, frame: Frame) -> Any:
        """Return scores over their variance: their covariance is, to first order, that of the normals behind them."""
        s = scores(self.tables[name], frame, self.sizes)
        return (s - np.nanmean(s)) / np.nanvar(s)

    def rows(self, names: list[str], frame: Frame, client: Any, clients: int) -> tuple[Any, Any, Any, Any]:
        """Return loadings, between-client correlations, residual covariances and client means (NaN without rows)."""
        t = np.column_stack([self.lifted(n, frame) for n in names])
        known = (~np.isnan(t)).astype(float)
        x = np.nan_to_num(t)
        k = len(names)
        total = np.zeros((clients, k))
        seen = np.zeros((clients, k))
        np.add.at(total, client, x)
        np.add.at(seen, client, known)
        same = np.zeros((clients, k, k))
        both = np.zeros((clients, k, k))
        for i in range(k):
            for j in range(k):
                same[:, i, j] = np.bincount(client, weights=x[:, i] * x[:, j], minlength=clients)
                both[:, i, j] = np.bincount(client, weights=known[:, i] * known[:, j], minlength=clients)
        products = total[:, :, None] * total[:, None, :] - same
        pairs = seen[:, :, None] * seen[:, None, :] - both
        weight = np.where(pairs > 0, 1 / np.sqrt(np.maximum(pairs, 1)), 0.0)
        between = (products * weight).sum(0) / np.maximum((pairs * weight).sum(0), 1)
        row = same.sum(0) / np.maximum(both.sum(0), 1)
        loading = np.sqrt(np.clip(np.diag(between), 0.02, 0.95))
        correlation = np.clip(between / np.outer(loading, loading), -0.95, 0.95)
        np.fill_diagonal(correlation, 1.0)
        rest = np.clip(row, -0.95, 0.95)
        np.fill_diagonal(rest, 1.0)
        rest = rest - np.outer(loading, loading) * correlation
        mean = np.where(seen > 0, total / np.maximum(seen, 1), np.nan)
        return loading, correlation, nearest_to(rest, 1 - loading**2), mean


def nearest_to(matrix: Any, diagonal: Any) -> Any:
    """Return the nearest covariance matrix with that diagonal."""
    scale = np.sqrt(diagonal)
    inner = np.clip(matrix / np.outer(scale, scale), -0.97, 0.97)
    np.fill_diagonal(inner, 1.0)
    return nearest(inner) * np.outer(scale, scale)


def main() -> None:
    real = Path(os.environ["CREDIT_SCORING_REAL_DATA"])
    result: dict[str, Any] = {}
    frame, names, labelled, ids, target = measure_application(real, result)
    result["columns"] = {name: read(real / "all_tables", file).columns for name, file in FILES.items()}
    measure_histories(real, result, frame, names, labelled, ids, target)
    OUT.write_text(json.dumps(result, separators=(",", ":")))
    print(OUT, OUT.stat().st_size)


def measure_application(real: Path, result: dict[str, Any]) -> Any:
    train = read(real / "application_only", "application_train").with_columns(shifted=pl.lit(0))
    test = read(real / "application_only", "application_test").with_columns(shifted=pl.lit(1))
    both = pl.concat([train, test], how="diagonal_relaxed")
    target = both["TARGET"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    labelled = (both["shifted"] == 0).to_numpy()
    frame, names = coded(application(both), target, labelled)
    tables = measure(spec.APPLICATION, frame, np.arange(len(both)), names, sizes_of(names))
    tables["target"]["cells"][""] = {"i": [0, 1], "p": [91927, 8073]}  # of the full data
    result["tables"] = tables
    return frame, names, labelled, both["SK_ID_CURR"].to_numpy(), target


def measure_histories(
    real: Path, result: dict[str, Any], frame: Frame, names: Any, labelled: Any, ids: Any, target: Any
) -> None:
    five = pl.DataFrame({"SK_ID_CURR": ids, "at": np.arange(len(ids))})
    chosen = pl.concat([read(real / "five_tables", f"application_{k}").select("SK_ID_CURR") for k in ("train", "test")])
    five = chosen.join(five, on="SK_ID_CURR", maintain_order="left")
    at = five["at"].to_numpy()
    clients = five["SK_ID_CURR"].to_numpy()
    number = {c: i for i, c in enumerate(clients.tolist())}

    def of(keys: Any) -> Any:
        return np.array([number.get(key, -1) for key in keys.tolist()])

    y = target[at]

    def level(raw: dict[str, Any], client: Any) -> Frame:
        part, more = coded(raw, y[client], np.ones(len(client), bool))
        names.update(more)
        return part

    everyone = np.arange(len(clients))
    client_frame = {**{k: v[at] for k, v in frame.items()}, **level(per_client(real, five), everyone)}
    folder = real / "five_tables"
    data = {}
    for key, table, make in (("bureau", "bureau", bureau), ("previous", "previous_application", previous)):
        part = read(folder, table)
        client = of(part["SK_ID_CURR"].to_numpy())
        part, client = part.filter(client >= 0), client[client >= 0]
        data[key] = ({**level(make(part), client), "covered": client_frame["covered"][client]}, client)
    made, curr, contract = payments(read(real / "all_tables", "installments_payments"))
    client = of(curr)
    keep = client >= 0
    made = {
        k: [x for x, w in zip(v, keep, strict=True) if w] if isinstance(v, list) else v[keep] for k, v in made.items()
    }
    client, contract = client[keep], contract[keep]
    data["payment"] = (level(made, client), client)
    sizes = sizes_of(names)
    result["tables"] |= measure(spec.CLIENT, client_frame, everyone, names, sizes)
    lists = {"bureau": spec.BUREAU, "previous": spec.PREVIOUS, "payment": spec.PAYMENT}
    for key, variables in lists.items():
        result["tables"] |= measure(variables, data[key][0], data[key][1], names, sizes)
    correlate(result, frame, labelled, client_frame, data, contract, sizes)


LISTS = {"bureau": spec.BUREAU, "previous": spec.PREVIOUS, "payment": spec.PAYMENT}


def correlate(
    result: dict[str, Any], frame: Frame, labelled: Any, client_frame: Frame, data: Any, contract: Any, sizes: Any
) -> None:
    """Write the correlations of the scores: as measured, then corrected by what a drawn population gives."""
    every = (*spec.APPLICATION, *spec.CLIENT, *spec.BUREAU, *spec.PREVIOUS, *spec.PAYMENT)
    joint = Joint(parse(result["tables"], every), sizes)
    names = {
        "application": [v.name for v in spec.APPLICATION if v.scored],
        "client": [v.name for v in spec.CLIENT if v.scored],
    }
    names |= {key: [v.name for v in variables if v.scored] for key, variables in LISTS.items()}
    a = len(names["application"])
    rows = {}
    for key in LISTS:
        loading, between, rest, mean = joint.rows(names[key], data[key][0], data[key][1], len(client_frame["age"]))
        rows[key] = {"loading": loading, "between": between, "mean": mean}
        result.setdefault("rest", {})[key] = [round(1000 * x) for i, row in enumerate(rest) for x in row[: i + 1]]
        result.setdefault("shift", {})[key] = [0] * len(loading)
        result.setdefault("scale", {})[key] = [1000] * len(loading)
        if key == "payment":
            result["contract_loading"] = contract_loading(joint, names[key], data[key][0], contract, loading)
    train = {k: v[labelled] for k, v in frame.items()}
    s = np.column_stack([joint.lifted(n, train) for n in names["application"]])
    known = client_frame["shifted"] == 0
    aim, error, load = measured(joint, names, client_frame, rows, known)
    own, count = pairwise(s, s)
    spread = np.nanstd(s, axis=0)
    aim[:a, :a], error[:a, :a] = own, np.outer(spread, spread) / np.sqrt(count)
    aim = aim * aim**2 / (aim**2 + 0.15 * error**2 + 1e-12)  # what is within its error shrinks to nothing
    np.fill_diagonal(aim, 1.0)
    result["scored"] = [n for part in names.values() for n in part]
    result["loading"] = [round(1000 * x) for x in load[len(load) - sum(len(names[k]) for k in LISTS) :]]
    guess = aim.copy()
    for turn in range(TURNS):
        guess = np.clip(guess, -0.97, 0.97)
        np.fill_diagonal(guess, 1.0)
        fixed = assembled(guess, a)
        result["correlation"] = [round(1000 * x) for i, row in enumerate(fixed) for x in row[:i]]
        got = drawn(result, joint, names, turn)
        off = np.where(error < 0.2, aim - got, 0.0) * (1 - np.eye(len(aim)))
        print(turn, "rms", rms(off), "of the target", rms(off[a - 1]), "of the applications", rms(off[:a, :a]))
        guess = fixed + 0.5 * off


def rms(x: Any) -> float:
    return float(np.sqrt(np.mean(np.square(x))).round(4))


def measured(joint: Joint, names: Any, client_frame: Frame, rows: Any, known: Any) -> tuple[Any, Any, Any]:
    """Return correlations of the client scores and the rows' traits, their standard errors, and the loadings."""
    t = np.column_stack([joint.lifted(n, client_frame) for n in [*names["application"], *names["client"]]])
    t[~known, names["application"].index("target")] = np.nan
    everything = np.column_stack([t, *(rows[key]["mean"] for key in LISTS)])
    load = np.concatenate([np.ones(t.shape[1]), *(rows[key]["loading"] for key in LISTS)])
    cov, count = pairwise(everything, everything)
    spread = np.nanstd(everything, axis=0) / load
    rho = cov / np.outer(load, load)
    start = t.shape[1]
    for key in LISTS:
        size = len(rows[key]["loading"])
        rho[start : start + size, start : start + size] = rows[key]["between"]
        start += size
    return rho, np.outer(spread, spread) / np.sqrt(count), load


TURNS, DRAWN = 3, 80_000


def drawn(result: dict[str, Any], joint: Joint, names: Any, turn: int) -> Any:
    """Return the same correlations of a population drawn from the aggregates, and set the rows' shift and scale."""
    made = prepared(result)
    rng = np.random.default_rng([7, turn])
    z = correlated(DRAWN, made.root, rng)
    clients = applications(made, z, np.zeros(DRAWN, np.int64), rng)
    shares = {name: probability(z[:, i]) for i, name in enumerate(made.scored)}
    draw(spec.CLIENT, made, shares, clients, rng)
    credit, owner = drawn_credits(made, z, clients, rng)
    asked, asker = requests(made, z, clients, rng)
    loans = contracts.begun(asked, asker, np.arange(len(asker)))
    paid = contracts.payments(made, loans, z, rng)
    split = contracts.split_payments(made, loans, z, paid[0], rng)
    values = list(made.tables["payment.split"].values)
    payment = {"payment.late": paid[3], "payment.split": np.where(split, values.index(1), values.index(0))}
    data = {"bureau": (credit, owner), "previous": (asked, asker), "payment": (payment, loans.client[paid[0]])}
    has_card = np.zeros(DRAWN, bool)
    has_card[asker[asked["approved"] & asked["card"]]] = True
    for name in ("card_used", "card_limit", "card_load"):
        clients[name] = np.where(has_card, clients[name], np.nan)
    covered = np.array(made.tables["covered"].values)[clients["covered"]] == 1
    for name in ("behind", "unknown"):
        clients[name] = np.where(covered & (clients["credits"] > 0), clients[name], np.nan)
    rows = {}
    for key in LISTS:
        _, between, _, mean = joint.rows(names[key], data[key][0], data[key][1], DRAWN)
        scores_ = made.rows[key]
        rows[key] = {"loading": scores_.loading, "between": between, "mean": mean}
        trait = z[data[key][1]][:, scores_.traits]
        shift = scores_.loading * trait.mean(0)
        scale = np.sqrt(scores_.loading**2 * trait.var(0) + 1 - scores_.loading**2)
        result["shift"][key] = [round(1000 * x) for x in shift]
        result["scale"][key] = [round(1000 * x) for x in scale]
    got, _, _ = measured(joint, names, clients, rows, np.ones(DRAWN, bool))
    return got


def contract_loading(joint: Joint, names: list[str], frame: Frame, contract: Any, loading: Any) -> list[int]:
    """Return what payments of one contract share beyond what payments of one client share."""
    _, number = np.unique(contract, return_inverse=True)
    inner, *_ = joint.rows(names, frame, number, number.max() + 1)
    return [round(1000 * np.sqrt(max(b**2 - a**2, 0.0))) for a, b in zip(loading, inner, strict=True)]


if __name__ == "__main__":
    main()
