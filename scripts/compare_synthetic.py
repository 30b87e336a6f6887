"""Compare synthetic tables with the real ones and write ``docs/synthetic-data.md``.

``CREDIT_SCORING_REAL_DATA=… python scripts/compare_synthetic.py [--full]``; ``--full`` also times the full
size. The page holds aggregates only.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import polars as pl
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from credit_scoring.tables.synthetic import synthesize

KEY, TARGET = "SK_ID_CURR", "TARGET"
PAGE = Path(__file__).parents[1] / "docs" / "synthetic-data.md"
FULL_ROWS = {
    "bureau": 1.72e6,
    "bureau_balance": 27.3e6,
    "previous_application": 1.67e6,
    "POS_CASH_balance": 10.0e6,
    "installments_payments": 13.6e6,
    "credit_card_balance": 3.84e6,
}


def read(folder: Path, stem: str) -> pl.DataFrame:
    path = folder / f"{stem}.parquet"
    return pl.read_parquet(path) if path.exists() else pl.read_csv(folder / f"{stem}.csv", infer_schema_length=None)


class Histories:
    """The applications of a folder that are labelled, and the rows of their histories."""

    def __init__(self, folder: Path, rows: slice = slice(None)) -> None:
        self.folder = folder
        self.applications = read(folder, "application_train")[rows]
        self.ids = self.applications[KEY].implode()
        self.bad = self.applications[TARGET].cast(pl.Int8).to_numpy()

    def has(self, stem: str) -> bool:
        """Return whether the folder has the table."""
        return any((self.folder / f"{stem}{suffix}").exists() for suffix in (".csv", ".parquet"))

    def table(self, stem: str) -> pl.DataFrame:
        """Return the table's rows of these applications."""
        rows = read(self.folder, stem)
        if stem == "bureau_balance":
            own = self.table("bureau").select("SK_ID_BUREAU", KEY)
            return rows.join(own, on="SK_ID_BUREAU", how="inner")
        return rows.filter(pl.col(KEY).is_in(self.ids))


# --- distances -------------------------------------------------------------------------------------


def values(column: pl.Series) -> Any:
    return np.sort(column.drop_nulls().cast(pl.Float64).to_numpy())


def distance(one: pl.Series, other: pl.Series) -> float:
    """Kolmogorov-Smirnov distance of numbers, total variation distance of categories, of what is not missing."""
    if one.dtype == pl.String:
        shares = [s.drop_nulls().alias("v").value_counts(normalize=True) for s in (one, other)]
        both = shares[0].join(shares[1], on="v", how="full", coalesce=True).fill_null(0.0)
        return float((both["proportion"] - both["proportion_right"]).abs().sum() / 2)
    x, y = values(one), values(other)
    if not len(x) or not len(y):
        return float(len(x) != len(y))
    grid = np.concatenate([x, y])
    return float(np.abs(np.searchsorted(x, grid, "right") / len(x) - np.searchsorted(y, grid, "right") / len(y)).max())


def shown(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def quantiles(column: pl.Series) -> str:
    if column.dtype == pl.String:
        top = column.drop_nulls().value_counts(sort=True).head(2)
        return " · ".join(f"{name} {100 * n / max(len(column.drop_nulls()), 1):.0f} %" for name, n in top.iter_rows())
    x = values(column)
    return " · ".join(shown(float(q)) for q in np.quantile(x, [0.05, 0.25, 0.5, 0.75, 0.95])) if len(x) else "–"


def columns_of(real: pl.DataFrame, made: pl.DataFrame) -> tuple[list[str], list[float]]:
    """Return one line per column, the farthest first, and the distances."""
    rows = []
    for name in real.columns:
        if name.startswith("SK_ID_") or name == TARGET:
            continue
        d = distance(real[name], made[name])
        missing = [100 * frame[name].null_count() / max(len(frame), 1) for frame in (real, made)]
        texts = [quantiles(frame[name]) for frame in (real, made)]
        rows.append((d, f"| {name} | {d:.3f} | {missing[0]:.1f} | {missing[1]:.1f} | {texts[0]} | {texts[1]} |"))
    rows.sort(key=lambda row: -row[0])
    return [line for _, line in rows], [d for d, _ in rows]


# --- models ----------------------------------------------------------------------------------------


def matrix(frame: pl.DataFrame) -> Any:
    data = frame.drop(KEY, TARGET, strict=False).with_columns(pl.col(pl.String).cast(pl.Categorical)).to_pandas()
    data.columns = [name.replace(":", " –") for name in data.columns]  # LightGBM takes no colon
    return data.astype({c: float for c in data.columns if str(data[c].dtype) != "category"})


def joined(data: Histories, known: pl.DataFrame) -> Any:
    return matrix(pl.concat([data.applications, known.drop(KEY)], how="horizontal"))


def boosted(x: Any, bad: Any) -> float:
    """AUC out of five folds of one LightGBM with fixed parameters."""
    out = np.zeros(len(bad))
    for fit, left in StratifiedKFold(5, shuffle=True, random_state=0).split(x, bad):
        model = lightgbm.LGBMClassifier(
            n_estimators=300,
            learning_rate=0.03,
            num_leaves=16,
            colsample_bytree=0.2,
            reg_lambda=50,
            min_child_samples=70,
            n_jobs=2,
            verbose=-1,
        )
        out[left] = model.fit(x.iloc[fit], bad[fit]).predict_proba(x.iloc[left])[:, 1]
    return float(roc_auc_score(bad, out))


def scores_only(applications: pl.DataFrame, bad: Any) -> float:
    """AUC out of five folds of a logistic regression on the three EXT_SOURCE and whether they are missing."""
    x = applications.select(pl.col("^EXT_SOURCE_.$").cast(pl.Float64)).to_numpy()
    missing = np.isnan(x)
    x = np.hstack([np.where(missing, np.nanmedian(x, axis=0), x), missing])
    model = LogisticRegression(C=10.0, max_iter=500)
    return float(roc_auc_score(bad, cross_val_predict(model, x, bad, cv=5, method="predict_proba")[:, 1]))


def told_apart(one: pl.DataFrame, other: pl.DataFrame, rows: int = 8000) -> tuple[float, list[str]]:
    """AUC of a LightGBM that tells the rows apart, and the columns it goes by."""
    parts = [frame.sample(min(rows, len(frame)), seed=1, shuffle=True) for frame in (one, other)]
    x = matrix(pl.concat(parts, how="diagonal_relaxed"))
    second = np.repeat([0, 1], [len(part) for part in parts])
    fit = np.random.default_rng(0).random(len(second)) < 0.7
    model = lightgbm.LGBMClassifier(n_estimators=200, n_jobs=2, verbose=-1).fit(x[fit], second[fit])
    gain = model.booster_.feature_importance("gain")
    top = [str(x.columns[i]) for i in np.argsort(-gain)[:8]]
    return float(roc_auc_score(second[~fit], model.predict_proba(x[~fit])[:, 1])), top


def aggregates(data: Histories) -> pl.DataFrame:
    """Return a few dozen plain aggregates of the histories, a row per application."""
    out = data.applications.select(KEY)
    for stem, expressions in AGGREGATES.items():
        if data.has(stem):
            rows = data.table(stem).group_by(KEY).agg(pl.len().alias(f"{stem}: rows"), *expressions)
            out = out.join(rows, on=KEY, how="left", maintain_order="left")
    return out.with_columns(pl.col(pl.Float64).replace([float("inf"), float("nan")], None))


def share(condition: pl.Expr, name: str) -> pl.Expr:
    return condition.mean().alias(name)


c = pl.col
LATE = c("DAYS_ENTRY_PAYMENT") - c("DAYS_INSTALMENT")
AGGREGATES: dict[str, list[pl.Expr]] = {
    "bureau": [
        share(c("CREDIT_ACTIVE") == "Active", "credits: share active"),
        c("DAYS_CREDIT").mean().alias("credits: mean days since"),
        c("DAYS_CREDIT").max().alias("credits: days since last"),
        (c("AMT_CREDIT_SUM_DEBT").sum() / (c("AMT_CREDIT_SUM").sum() + 1)).alias("credits: debt to sum"),
        c("AMT_CREDIT_SUM").mean().alias("credits: mean sum"),
        c("AMT_CREDIT_MAX_OVERDUE").mean().alias("credits: overdue"),
        c("DAYS_CREDIT_ENDDATE").max().alias("credits: last end"),
        share(c("CREDIT_TYPE") == "Credit card", "credits: share cards"),
    ],
    "bureau_balance": [
        share(c("STATUS").is_in(["1", "2", "3", "4", "5"]), "months: past due"),
        share(c("STATUS") == "C", "months: closed"),
    ],
    "previous_application": [
        share(c("NAME_CONTRACT_STATUS") == "Refused", "requests: share refused"),
        share(c("NAME_CONTRACT_STATUS") == "Approved", "requests: share approved"),
        c("DAYS_DECISION").mean().alias("requests: mean days since"),
        c("DAYS_DECISION").max().alias("requests: days since last"),
        c("AMT_ANNUITY").mean().alias("requests: mean annuity"),
        c("AMT_APPLICATION").mean().alias("requests: mean amount"),
        (c("AMT_APPLICATION") / c("AMT_CREDIT")).mean().alias("requests: asked to granted"),
        c("CNT_PAYMENT").mean().alias("requests: mean term"),
        c("RATE_DOWN_PAYMENT").mean().alias("requests: down payment"),
        share(c("NAME_YIELD_GROUP") == "high", "requests: share high yield"),
    ],
    "POS_CASH_balance": [
        share(c("SK_DPD") > 0, "POS: share past due"),
        c("CNT_INSTALMENT_FUTURE").mean().alias("POS: left to pay"),
    ],
    "installments_payments": [
        share(LATE > 0, "instalments: share late"),
        LATE.mean().alias("instalments: mean days late"),
        LATE.max().alias("instalments: most days late"),
        share(c("AMT_PAYMENT") < c("AMT_INSTALMENT"), "instalments: share in part"),
        c("AMT_INSTALMENT").mean().alias("instalments: mean amount"),
    ],
    "credit_card_balance": [
        (c("AMT_BALANCE") / (c("AMT_CREDIT_LIMIT_ACTUAL") + 1)).mean().alias("cards: balance to limit"),
        share(c("AMT_BALANCE") > 0, "cards: share in use"),
        c("CNT_DRAWINGS_ATM_CURRENT").mean().alias("cards: cash drawings"),
        share(c("SK_DPD") > 0, "cards: share past due"),
    ],
}


def alone(frame: pl.DataFrame, bad: Any) -> dict[str, tuple[float, float]]:
    """AUC of each numeric column alone, and its standard error."""
    out = {}
    for name in frame.columns:
        if name in (KEY, TARGET) or not frame[name].dtype.is_numeric():
            continue
        x = frame[name].cast(pl.Float64).to_numpy()
        known = ~np.isnan(x)
        if known.sum() > 300 and bad[known].sum() > 25 and len(np.unique(x[known])) > 1:
            out[name] = (float(roc_auc_score(bad[known], x[known])), float(np.sqrt(1 / 12 / bad[known].sum())))
    return out


def rank_correlations(frame: pl.DataFrame, names: list[str]) -> Any:
    ranks = frame.select(pl.col(names).cast(pl.Float64).rank()).to_pandas()
    return ranks.corr(min_periods=200).to_numpy()


# --- the page --------------------------------------------------------------------------------------


class Page:
    """Markdown, line by line."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, *lines: str) -> None:
        """Add lines, and an empty one."""
        self.lines.extend([*lines, ""])

    def table(self, head: str, rows: list[str]) -> None:
        """Add a table."""
        self.add(head, "|" + " --- |" * (head.count("|") - 1), *rows)


def models(page: Page, real: Path, made: Path) -> None:
    """Write the AUC that the same models get on both."""
    lines = []
    whole = read(made, "application_train")

    def line(text: str, on_real: float, on_made: list[float]) -> None:
        lines.append(f"| {text} | {on_real:.4f} | {np.mean(on_made):.4f} ({np.std(on_made):.4f}) |")

    labelled = Histories(real / "application_only")
    n = len(labelled.bad)
    parts = [Histories(made, slice(i * n, (i + 1) * n)) for i in range(min(3, len(whole) // n))]
    line(
        f"three EXT_SOURCE, logistic regression, {n:,} rows",
        scores_only(labelled.applications, labelled.bad),
        [scores_only(p.applications, p.bad) for p in parts],
    )
    line(
        f"application columns, LightGBM, {n:,} rows",
        boosted(matrix(labelled.applications), labelled.bad),
        [boosted(matrix(p.applications), p.bad) for p in parts],
    )
    for name in ("five_tables", "all_tables"):
        data = Histories(real / name)
        known = aggregates(data)
        n = len(data.bad)
        found = []
        for i in range(4):
            part = Histories(made, slice(i * n, (i + 1) * n))
            found.append((part, aggregates(part).select(known.columns)))
        line(
            f"application columns, {n:,} rows of `{name}`",
            boosted(matrix(data.applications), data.bad),
            [boosted(matrix(p.applications), p.bad) for p, _ in found],
        )
        line(
            "the same and the histories' aggregates",
            boosted(joined(data, known), data.bad),
            [boosted(joined(p, a), p.bad) for p, a in found],
        )
        line(
            "the histories' aggregates alone",
            boosted(matrix(known), data.bad),
            [boosted(matrix(a), p.bad) for p, a in found],
        )
    page.add(
        "## The same model on both",
        "AUC out of five folds; on synthetic rows the mean of disjoint samples of the same size (their spread).",
    )
    page.table("| model | real | synthetic |", lines)
    part = Histories(made)
    with_history = boosted(joined(part, aggregates(part)), part.bad)
    page.add(
        f"On all {len(part.bad):,} synthetic applications the application columns give "
        f"{boosted(matrix(part.applications), part.bad):.4f}, "
        f"with the aggregates {with_history:.4f}, the EXT_SOURCE alone "
        f"{scores_only(part.applications, part.bad):.4f}; "
        "published figures of the full real data are 0.759, 0.78 to 0.79 and 0.723."
    )


def relations(page: Page, real: Path, made: Path) -> None:
    """Write what each column alone says about default, and how columns hang together."""
    labelled, other = Histories(real / "application_only"), Histories(made)
    found, drawn = alone(labelled.applications, labelled.bad), alone(other.applications, other.bad)
    both = [n for n in found if n in drawn]
    rms = np.sqrt(np.mean([(found[n][0] - drawn[n][0]) ** 2 for n in both]))
    noise = np.sqrt(np.mean([found[n][1] ** 2 for n in both]))
    page.add(
        "## Each column alone against default",
        f"Application columns: the AUC of {len(both)} numeric columns differ by {rms:.4f} (root mean square); "
        f"chance on the real side alone is {noise:.4f}.",
    )
    show = sorted(both, key=lambda n: -abs(found[n][0] - 0.5))[:20]
    page.table(
        "| column | real (± standard error) | synthetic |",
        [f"| {n} | {found[n][0]:.3f} ± {found[n][1]:.3f} | {drawn[n][0]:.3f} |" for n in show],
    )
    rows = []
    for name in ("five_tables", "all_tables"):
        data = Histories(real / name)
        known, mine = alone(aggregates(data), data.bad), alone(aggregates(other), other.bad)
        only = [n for n in known if n in mine and (name == "five_tables" or n.startswith("instalments"))]
        rows += [f"| {n} | {known[n][0]:.3f} ± {known[n][1]:.3f} | {mine[n][0]:.3f} |" for n in only]
    page.add("Aggregates of the histories (of `five_tables`; instalments of `all_tables`):")
    page.table("| aggregate | real (± standard error) | synthetic |", rows)
    names = [n for n in both if labelled.applications[n].n_unique() > 4]
    a, b = rank_correlations(labelled.applications, names), rank_correlations(other.applications, names)
    upper = np.triu_indices(len(names), 1)
    gap = (a - b)[upper]
    gap = gap[~np.isnan(gap)]
    apart = [(abs(a[i, j] - b[i, j]), names[i], names[j], a[i, j], b[i, j]) for i, j in zip(*upper, strict=True)]
    far = sorted((pair for pair in apart if not np.isnan(pair[0])), reverse=True)[:8]
    page.add(
        "## Rank correlations",
        f"{len(names)} numeric application columns, {len(gap):,} pairs: root mean square difference "
        f"{np.sqrt(np.mean(gap**2)):.4f}, {100 * np.mean(np.abs(gap) > 0.1):.1f} % of the pairs are off by more than "
        "0.1. "
        "The farthest:",
    )
    page.table("| columns | real | synthetic |", [f"| {x}, {y} | {r:.2f} | {s:.2f} |" for _, x, y, r, s in far])


def adversary(page: Page, real: Path, made: Path) -> None:
    """Write how well a model tells real from synthetic, and train from test."""
    train, other = read(real / "application_only", "application_train"), read(made, "application_train")
    auc, top = told_apart(train.drop(TARGET), other.drop(TARGET))
    data = Histories(real / "five_tables")
    part = Histories(made, slice(0, len(data.bad)))
    known = aggregates(data)
    history, by = told_apart(known, aggregates(part).select(known.columns))
    pairs = ((train, real / "application_only"), (other, made))
    shift = [told_apart(frame.drop(TARGET), read(folder, "application_test"))[0] for frame, folder in pairs]
    page.add(
        "## Told apart",
        f"A LightGBM tells a real application from a synthetic one with AUC {auc:.3f} (0.5: it cannot); it goes by "
        f"{', '.join(top)}. "
        f"By the histories' aggregates the AUC is {history:.3f}, going by {', '.join(by)}. "
        "**So conclude nothing about borrowers from these tables**; use them to test that code works, that it scales "
        "and "
        "that a model behaves.",
        f"application_train against application_test: {shift[0]:.3f} real, {shift[1]:.3f} synthetic.",
    )


def marginals(page: Page, real: Path, made: Path) -> None:
    """Write each column of each table."""
    other = Histories(made)
    summary, details = [], []
    for stem in ("application_train", *FULL_ROWS):
        folder = {"application_train": "application_only", "installments_payments": "all_tables"}.get(
            stem, "five_tables"
        )
        data = Histories(real / folder)
        a, b = (
            (data.applications, other.applications)
            if stem == "application_train"
            else (data.table(stem), other.table(stem))
        )
        lines, d = columns_of(a, b.select(a.columns))
        counts = [len(x) / len(y.bad) for x, y in ((a, data), (b, other))]
        zero = [100 * (1 - x[KEY].n_unique() / len(y.bad)) for x, y in ((a, data), (b, other))]
        near = f"{len(d)} | {np.median(d):.3f} | {np.quantile(d, 0.9):.3f} | {max(d):.3f}"
        summary.append(f"| {stem} | {near} | {counts[0]:.1f} | {counts[1]:.1f} | {zero[0]:.1f} | {zero[1]:.1f} |")
        details.append((stem, lines))
    page.add(
        "## Columns",
        "Distance: Kolmogorov-Smirnov for numbers, total variation for categories, 0 equal, 1 apart. Rows per labelled "
        "client and clients without any, of the development sample and of the synthetic tables; where the sample "
        "differs "
        "from the full data (27.3 M rows of bureau_balance, 13.6 M instalments), the synthetic tables follow "
        "the full data.",
    )
    page.table(
        "| table | columns | median distance | 90 % | largest | rows per client, real | synthetic | "
        "without rows %, real | synthetic |",
        summary,
    )
    for stem, lines in details:
        page.add(f"### {stem}", "Missing in %; 5, 25, 50, 75 and 95 % quantiles, or the two most common categories.")
        page.table("| column | distance | missing real | missing synthetic | real | synthetic |", lines)


def sizes(page: Page, full: bool) -> None:
    """Write time and memory of runs in processes of their own."""
    rows = []
    for applications in (3_075, 30_751, *((307_511,) if full else ())):
        for file_format in ("csv", "parquet"):
            with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
                code = (
                    "import re, sys; from pathlib import Path; from credit_scoring.tables.synthetic import synthesize; "
                    "out, n, kind = sys.argv[1:]; "
                    "print(sum(synthesize(Path(out) / 'd', applications=int(n), seed=1, file_format=kind).values())); "
                    "print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])"
                )
                begin = time.perf_counter()
                done = subprocess.run(
                    [sys.executable, "-c", code, folder, str(applications), file_format],
                    check=True,
                    capture_output=True,
                    text=True,
                )
                seconds = time.perf_counter() - begin
                size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e9
            rows_made, peak = (int(word) for word in done.stdout.split())
            made = f"{applications:,} | {rows_made:,} | {file_format}"
            rows.append(f"| {made} | {seconds:.0f} s | {peak / 1e6:.2f} GB | {size:.2f} GB |")
    page.add(
        "## Time and memory",
        f"On {os.cpu_count()} cores, shared with other work. Memory is the peak of a process of its own.",
    )
    page.table("| applications | rows in all | format | time | memory | size |", rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=62_241, help="synthetic applications to compare")
    parser.add_argument("--full", action="store_true", help="time the full size too")
    options = parser.parse_args()
    real = Path(os.environ["CREDIT_SCORING_REAL_DATA"])
    page = Page()
    page.lines.extend(HEAD.strip().splitlines())
    page.add("")
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "made"
        synthesize(made, applications=options.rows, seed=20, file_format="parquet")
        models(page, real, made)
        relations(page, real, made)
        adversary(page, real, made)
        sizes(page, options.full)
        page.lines.extend(SHORT.strip().splitlines())
        page.add("")
        marginals(page, real, made)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text("\n".join(page.lines).replace("\n\n\n", "\n\n").rstrip() + "\n", encoding="utf-8")
    print(PAGE)


HEAD = """
# Synthetic data, compared with the real rows

`credit-scoring data synth OUT --applications N --seed S` makes the eight Home Credit tables at any size. No row
in them is real: they are drawn from
`src/credit_scoring/tables/synthetic/reference_aggregates.json`, which
`scripts/measure_reference_aggregates.py` measures on the development rows. Every share, atom and quantile bin
in it has at least 20 clients behind it; the ends of a distribution are means of the outermost 20. This page is
written by `scripts/compare_synthetic.py`.

## How rows are drawn

* **A client is a point of a normal distribution** of about 95 correlated scores: one per application quantity,
  one per count of history rows, one per trait that a client's history rows share, and one for default. Each
  score is the place of a quantity in its distribution *given* a few others (occupation given income, gender and
  education; the annuity's ratio given contract, insurance and price, …). The correlations are measured on the
  real rows, then corrected until a drawn population gives them back. So whatever moves default in the real rows
  moves it here, as strongly as measured.
* **A history row** has the client's trait as part of its scores, in the share that the real rows of one client
  have in common.
* **Contracts are run**: an approved request becomes a contract with due dates, payments that are late or split,
  a balance that counts down, and an end by plan or ahead of it; a card is drawn on, charged and paid month by
  month; a bureau credit moves from status to status until it closes. Relations that hold in the real files hold
  by construction.
* **Contracts older than the 96-month window** have rows but no previous application, as in the real files.
* **3.4 %** of the clients are a second application of another one's person, as in the full data.
* A chunk of 10,000 clients has random numbers of its own (seed, number of the chunk), and is forgotten once
  written. Equal arguments give equal bytes. A larger run does not begin with the rows of a smaller one: the
  ratio of train to test moves who is in a chunk's test share. History tables come chunk by chunk, shuffled
  inside a chunk.

## Drift

`Drift(test_shift=1.0)`: application_test differs from application_train as in the real files; 0 makes them
alike. A share of the clients is drawn from the second population, all their distributions together.
`Drift(monthly=0.5, months=12)`: the applications of application_train are spread over 12 months, and in month
*m* (0 first) a share 0.5 · *m* / 11 of them comes from the shifted population. The real data has no calendar,
and application_train no column for one, so the month goes to a ninth file, `application_month` (`SK_ID_CURR`,
`MONTH`): split by it and feed the parts to monitoring in turn. The shift is in the applicants, not in how they
default: given what is known of a client, default stays as likely as before.
"""

SHORT = """
## Where it falls short

* Dependence is pairwise and, beyond the cells, monotone: an interaction of three columns that is not in a
  cell's definition is lost. A model gains less from interactions than on the real rows, and more from plain
  sums.
* The histories' link to default rests on 5,624 labelled clients (2,217 for instalments): its standard errors
  are large, and what lies within them is shrunk. What only shows in a window of time (the last year's lateness,
  the last months' card balance) is not modelled apart from the level.
* Within a client, rows are exchangeable apart from what a contract's own course imposes: no trend of lateness,
  no refinancing of one contract by the next, no memory of a refusal.
* Cards are simulated from a handful of rates, not fitted: amounts drawn, minimum instalments and past-due days
  are of the right size, no more. Days past due of 400 and more come from a fixed share of contracts and say
  nothing about default.
* `AMT_*` of history tables lie on the right grid of 0.045, but not on the price list: amounts repeat less often
  than in the real rows.
* The building's average, mode and median come from one score each with noise, not from one building.
* `bureau_balance` has no credit that is missing from `bureau`.
* The rare (an income of 117 million, a gender XNA, five enquiries in an hour) is left out or smoothed.
"""


if __name__ == "__main__":
    main()
