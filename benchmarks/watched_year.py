"""A simulated year in a real decision log, decided in batches and watched month by month; no server, so a large one.

    python benchmarks/watched_year.py HOME [--applications 1000] [--drift '7:relation EXT_SOURCE_2 1'] [--after 90]

HOME holds a published champion, and is not written to. Applications, drift and outcomes are those of
`simulate-traffic`; decisions are scored in one go and recorded without inputs, and each month ends with its outcomes
and a pass of the watch. Printed is, a month, the cost that all its applications realise (the simulation knows all
outcomes) beside the one expected, and the alerts. At the end each pass is made again: as nothing but what was known
then counts, each must find the same, and leave the alerts alone (but for that of the last month, which is today's).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from credit_scoring.adapters.decision_log.ids import new_id
from credit_scoring.adapters.decision_log.log import DecisionLog, open_log
from credit_scoring.adapters.decision_log.values import pack_values
from credit_scoring.adapters.watch_book import WatchBook
from credit_scoring.bundle.published import PublishedBundles
from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.record import Entry, Outcome, Payload
from credit_scoring.features.assemble import assemble
from credit_scoring.monitoring.performance import Realised, realised_performance
from credit_scoring.monitoring.reference import Reference
from credit_scoring.monitoring.told import told_alert
from credit_scoring.scoring.score import score
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.schema import APPLICATION_ID
from credit_scoring.traffic.calendar import Drawn, Plan, drawn_months
from credit_scoring.traffic.changes import parsed
from credit_scoring.traffic.kept import Kept
from credit_scoring.watch_log import record_pass, watch_decisions


def decided(bundle: Bundle, drawn: Drawn) -> tuple[pl.DataFrame, list[Entry]]:
    """Return what is decided on a month's applications, with their outcomes, and the entries that tell it."""
    with TemporaryDirectory() as scratch:
        kept = Kept(Path(scratch))
        kept.add(drawn.tables)
        kept.write([])
        with read_tables(scratch) as tables:
            matrix = assemble(tables.of("application_test"))
    told = pl.DataFrame(
        {
            APPLICATION_ID: [one.id for one in drawn.applications],
            "at": [one.at for one in drawn.applications],
            "defaulted": [float(one.defaulted) for one in drawn.applications],
        }
    )
    matrix = told.select(APPLICATION_ID).join(matrix, on=APPLICATION_ID, how="left", maintain_order="left")
    made = score(bundle, matrix).decisions
    rows = told.with_columns(made["p_default"], made["decision"], id=pl.Series([new_id() for _ in drawn.applications]))
    packed = pack_values(bundle.model.encoder.encode(matrix))
    return rows, [
        Entry(
            "decision",
            row["id"],
            row["at"],
            {
                "p_default": row["p_default"],
                "decision": row["decision"],
                "bundle": bundle.digest,
                "caller": "benchmark",
            },
            Payload(b"{}", values, b"", row[APPLICATION_ID]),
        )
        for row, values in zip(rows.iter_rows(named=True), packed, strict=True)
    ]


def ripe(rows: pl.DataFrame, after: timedelta, drawn: Drawn) -> Iterator[Outcome]:
    """Yield the outcomes that become known in a month: of the approved."""
    known = (pl.col("at") + after).is_between(drawn.begins, drawn.ends, closed="right")
    for row in rows.filter(known, decision="approve").iter_rows(named=True):
        yield Outcome(decision=row["id"], defaulted=bool(row["defaulted"]), observed_on=(row["at"] + after).date())


def realised(bundle: Bundle, rows: pl.DataFrame) -> Realised:
    """Return what became of all applications, beside what was expected of them."""
    at = bundle.policy.cutoff, bundle.policy.costs
    return realised_performance(
        rows["p_default"].to_numpy(), rows["defaulted"].to_numpy(), *at, spread=Reference.of(bundle).spread
    )


def told(name: str, found: Realised) -> str:
    cost, beyond = found.expected["cost"], ", ".join(found.beyond) or "-"
    expected = f"{cost.value:.3f} [{cost.lower:.3f}, {cost.upper:.3f}]"
    return f"| {name} | {found.realised['cost']:.3f} | {expected} | {beyond} |"


def year(bundle: Bundle, plan: Plan, log: DecisionLog, book: WatchBook) -> None:
    rows, first = pl.DataFrame(), min((one.month for one in plan.changes), default=plan.months + 1)
    print("| month | realised cost | expected cost | beyond their intervals | alerts |", "|---" * 5 + "|", sep="\n")
    for drawn in drawn_months(plan):
        new, entries = decided(bundle, drawn)
        rows = pl.concat([rows, new.with_columns(month=drawn.number)])
        log.append(entries)
        log.outcomes(list(ripe(rows, plan.labels_after, drawn)), drawn.ends, "benchmark")
        found = watch_decisions(bundle, log, drawn.begins, drawn.ends)
        _, happened = record_pass(book, bundle, 1, found, drawn.ends)
        alerts = "; ".join(map(told_alert, (*happened.opened, *happened.closed))) or "-"
        print(told(f"{drawn.begins:%Y-%m}", realised(bundle, new)), alerts, "|", flush=True)
    for name, some in (("before the drift", pl.col("month") < first), ("since the drift", pl.col("month") >= first)):
        if not (part := rows.filter(some)).is_empty():
            print(told(name, realised(bundle, part)), "|")
    passes, alerts_then = book.passes(), book.alerts()
    again = [record_pass(book, bundle, 1, watch_decisions(bundle, log, one.since, one.until), one.at) for one in passes]
    same = sum(one == other for one, (other, _) in zip(passes, again, strict=True))
    kept = book.alerts() == alerts_then
    print(f"\nmade again: {same} of {len(passes)} passes find the same; alerts as they were: {kept}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--applications", type=int, default=1_000, help="a month")
    parser.add_argument("--drift", action="append", default=[], help="as simulate-traffic takes it")
    parser.add_argument("--after", type=int, default=90, help="days until an outcome is known")
    options = parser.parse_args()
    _, bundle = PublishedBundles(options.home / "models").deciding()
    plan = Plan(
        applications=options.applications,
        changes=tuple(map(parsed, options.drift)),
        labels_after=timedelta(days=options.after),
    )
    with TemporaryDirectory() as scratch:
        log = open_log(f"sqlite:///{scratch}/decisions.db")
        with log as opened, WatchBook(f"sqlite:///{scratch}/watch.db") as book:
            year(bundle, plan, opened, book)


if __name__ == "__main__":
    main()
