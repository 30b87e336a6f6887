"""A watch told as HTML: the verdict first, then what moved, what the model is worth now, and what the codes mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import NamedTuple

from credit_scoring.bundle.manifest import Metric
from credit_scoring.monitoring.checks import CHECKS
from credit_scoring.monitoring.drift import Drift, Finding, Moves
from credit_scoring.monitoring.told import FIGURE_NAMES
from credit_scoring.monitoring.watch import WatchReport

SHOWN = 30
_LIMITS = (
    "<p>Expected is what the calibrated PDs promise before outcomes are known. It cannot see that defaults have come "
    "to depend otherwise on the features (concept drift): that shows only in outcomes.</p>"
)
_OF_ALL = {"p_default": "PD", "decision": "decisions"}


class Cell(NamedTuple):
    """One cell of a table: HTML, and its class."""

    html: str
    kind: str = ""


def summary(report: WatchReport, *, meanings: Mapping[str, str], made_at: str) -> str:
    """Return the page's first part, HTML without a head; every figure of it is the report's.

    Parameters
    ----------
    meanings
        What each feature means, by name.
    """
    found = report.drift
    return "\n".join(
        [
            "<h1>Drift report</h1>",
            _made_of(report, made_at),
            _verdict(report),
            _rule(found),
            _whole(found),
            *_findings(report.findings, meanings),
            *_worth(report),
            *_concepts(found),
            *_codes(),
        ]
    )


def _verdict(report: WatchReport) -> str:
    found, alarms = report.drift, report.alarms
    notices, checks = len(report.findings) - alarms, found.checks + len(report.performance)
    counted = f"of {checks:,} checks, {_counted(alarms, 'alarm')} and {_counted(notices, 'notice')}"
    kind, said = (
        ("alarm", f"Alarm: the applications have changed by more than the limits allow; {counted}.")
        if alarms
        else ("notice", f"Notice: something has moved, by less than an alarm; {counted}.")
        if notices
        else ("steady", f"No drift found: {counted}.")
    )
    few = (
        f" There are too few applications for {_counted(found.too_few, 'check')}: a shift there may go unseen."
        if found.too_few
        else ""
    )
    return f'<p class="verdict {kind}"><strong>{said}</strong>{few}</p>'


def _made_of(report: WatchReport, made_at: str) -> str:
    rows = f"{report.drift.rows:,} applications against {report.drift.reference_rows:,} of training"
    return f'<p class="about">Model {escape(report.model[:16])}: {rows}. Made {escape(made_at)}.</p>'


def _rule(found: Drift) -> str:
    return (
        "<p>A check finds a shift only if it is both large, by the limit of its code, and beyond chance: without "
        "drift at most one window in a hundred gives any alarm or notice (each check may err with "
        f"probability {found.level:.1e}). The reference is the profile of all training applications.</p>"
    )


def _whole(found: Drift) -> str:
    rows = [
        [Cell(_OF_ALL[one.kind]), Cell(f"{one.psi:.3f}", "number"), Cell(_verdict_of(one), "severity")]
        for one in found.watched
        if one.kind in _OF_ALL
    ]
    return _table("What the model says", ("", "PSI", "verdict"), rows)


def _verdict_of(one: Moves) -> str:
    return " ".join(sorted(set(one.verdicts.values()))).replace("_", " ")


def _findings(findings: Sequence[Finding], meanings: Mapping[str, str]) -> list[str]:
    if not findings:
        return []
    head = ("severity", "code", "what moved", "measure", "value", "limit", "by chance", "weight in the model")
    rows = [_finding(one, meanings) for one in findings]
    title = "By severity, then by weight in the model"
    return ["<h2>What moved</h2>", _parted(title, head, rows, SHOWN, "more finding", "more findings")]


def _finding(one: Finding, meanings: Mapping[str, str]) -> list[Cell]:
    meaning = meanings.get(one.subject, "") if one.concept else _OF_ALL.get(one.subject, "")
    return [
        Cell(one.severity, f"severity {one.severity}"),
        Cell(f'<a href="#{one.code}">{one.code}</a>', "code"),
        Cell(f"{escape(one.subject)}<small>{escape(meaning)}</small>", "subject"),
        Cell(escape(one.measures)),
        Cell(f"{one.value:+.3f}", "number"),
        Cell(f"{one.limit:.3f}", "number"),
        Cell(f"{one.chance:.0e}" if one.chance >= 1e-99 else "&lt; 1e-99", "number"),
        Cell(_share(one.importance) if one.concept else "-", "number"),
    ]


def _worth(report: WatchReport) -> list[str]:
    rows = [
        [
            Cell(told),
            Cell(_metric(report.trained.get(name)), "number"),
            Cell(_metric(report.expected.get(name)), "number"),
        ]
        for name, told in FIGURE_NAMES.items()
    ]
    parts = [
        "<h2>What the model is worth now</h2>",
        _table(
            f"At the cut-off in force, {report.cutoff:.4f}, with 95 % intervals",
            ("figure", "training, out of fold", "expected now"),
            rows,
        ),
        _LIMITS,
    ]
    if (after := report.realised) is not None:
        realised = [
            [
                Cell(FIGURE_NAMES[name]),
                Cell(_metric(after.expected[name]), "number"),
                Cell(f"{value:.4f}", "number"),
                Cell("beyond the interval" if name in after.beyond else "within", "severity"),
            ]
            for name, value in after.realised.items()
        ]
        title = (
            f"Realised by {after.applications:,} applications with an outcome ({after.population}), "
            f"{after.defaults:,} of them in default"
        )
        parts.append(_table(title, ("figure", "expected of them", "realised", "verdict"), realised))
    return parts


def _concepts(found: Drift) -> list[str]:
    rows = [
        [
            Cell(escape(one.concept.replace("_", " ")), "subject"),
            Cell(f"{one.moved} of {one.features}", "number"),
            Cell(_share(one.importance), "number"),
            Cell(_share(one.importance_moved), "number"),
            Cell(f"{one.largest_psi:.3f}", "number"),
        ]
        for one in found.concepts
    ]
    head = ("concept", "features moved", "weight in the model", "weight that moved", "largest PSI")
    moved = sum(one.moved > 0 for one in found.concepts)
    title = "One source that breaks moves a whole concept"
    return [
        "<h2>By concept</h2>",
        _parted(title, head, rows, moved, "concept without a shift", "concepts without a shift"),
    ]


def _codes() -> list[str]:
    rows = [
        [
            Cell(f'<span id="{one.code}">{one.code}</span>', "code"),
            Cell(escape(one.measures)),
            Cell(f"{one.notice:g}", "number"),
            Cell(f"{one.alarm:g}", "number"),
            Cell(_marked(one.means)),
            Cell(_marked(one.advice)),
        ]
        for one in CHECKS
    ]
    head = ("code", "measure", "notice from", "alarm from", "what it means", "what to do")
    title = "As in the documentation, docs/reference/checks.md. A feature that the model never uses is a notice at most"
    return ["<h2>What the codes mean</h2>", _table(title, head, rows)]


def _marked(text: str) -> str:
    """Return the words of the documentation as HTML, each code a link to its row."""
    return re.sub(r"`(CS-[A-Z]\d\d)`", r'<a href="#\1">\1</a>', escape(text))


def _parted(title: str, head: Sequence[str], rows: Sequence[Sequence[Cell]], shown: int, one: str, more: str) -> str:
    """Return a table of the first rows, and what unfolds to one of the others."""
    first, rest = rows[:shown], rows[shown:]
    told = f"{len(rest):,} {one if len(rest) == 1 else more}"
    parts = [_table(title, head, first)] if first else []
    parts += [f"<details><summary>{told}</summary>{_table(told, head, rest)}</details>"] if rest else []
    return "\n".join(parts)


def _table(caption: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    body = [list(row) for row in rows]
    numbers = [cell.kind == "number" for cell in body[0]] if body else [False] * len(head)
    titles = "".join(
        f'<th scope="col"{_class("number" if number else "")}>{escape(title)}</th>'
        for title, number in zip(head, numbers, strict=True)
    )
    lines = ["".join(f"<td{_class(cell.kind)}>{cell.html}</td>" for cell in row) for row in body]
    inside = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return (
        f'<div class="wide"><table><caption>{escape(caption)}</caption>\n'
        f"<thead><tr>{titles}</tr></thead>\n<tbody>\n{inside}\n</tbody></table></div>"
    )


def _share(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 or not share else "&lt; 0.1%"


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _metric(metric: Metric | None) -> str:
    return "-" if metric is None else f"{metric.value:.4f} [{metric.lower:.4f}, {metric.upper:.4f}]"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
