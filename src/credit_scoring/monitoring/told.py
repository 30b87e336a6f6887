"""A watch told as lines of text."""

from __future__ import annotations

from credit_scoring.bundle.manifest import Metric
from credit_scoring.monitoring.alerts import Alert
from credit_scoring.monitoring.drift import Drift, Finding
from credit_scoring.monitoring.passes import Pass
from credit_scoring.monitoring.watch import WatchReport

SHOWN = 15
FIGURE_NAMES = {  # of each of FIGURES, in their order
    "auc": "AUC",
    "defaults_detected": "defaults detected",
    "decline_rate": "decline rate",
    "bad_rate_approved": "bad rate, approved",
    "cost": "cost per applicant",
}


def told(report: WatchReport) -> str:
    """Return what moved, by severity, and the figures to expect beside those of training."""
    return "\n".join([*_moved(report), *_concepts(report.drift), "", *_figures(report), *_vintages(report)])


def told_pass(made: Pass) -> str:
    """Return one line on a pass."""
    period = f"{made.since:%Y-%m-%d %H:%M} to {made.until:%Y-%m-%d %H:%M}"
    shares = ", ".join(f"{name} {count / made.total:.1%}" for name, count in made.decisions.items() if made.total)
    alarms = sum(one.severity == "alarm" for one in made.findings)
    counts = f"{_counted(alarms, 'alarm')}, {_counted(len(made.findings) - alarms, 'notice')}"
    decisions = _counted(made.total, "decision") + (f" ({shares})" if shares else "")
    return f"{period}  version {made.version}  {decisions}: {counts}"


def told_alert(alert: Alert) -> str:
    """Return one line on an alert."""
    state = "open since" if alert.closed is None else "closed"
    features = (
        f" ({_counted(len(alert.subjects), 'feature')}, most {alert.worst})" if alert.worst != alert.subject else ""
    )
    value = f"{alert.measures} {alert.value:+.3f} (limit {alert.limit:.3f})"
    return f"alert {state} {alert.closed or alert.opened:%Y-%m-%d}: {alert.code} {alert.subject}{features}: {value}"


def _moved(report: WatchReport) -> list[str]:
    found, findings, alarms = report.drift, report.findings, report.alarms
    checked = f"{found.reference_rows:,} of training, {found.checks + len(report.performance):,} checks"
    counts = f"{_counted(alarms, 'alarm')}, {_counted(len(findings) - alarms, 'notice')}"
    lines = [f"{found.rows:,} applications against {checked}: {counts}"]
    if findings:
        width = max(len(one.subject) for one in findings[:SHOWN])
        lines += [_finding(one, width) for one in findings[:SHOWN]]
    if (more := len(findings) - SHOWN) > 0:
        lines.append(f"  and {more} more: credit-scoring drift -o report.json lists all")
    if found.too_few:
        lines.append(f"  too few applications for {_counted(found.too_few, 'check')}: a shift there may go unseen")
    return lines


def _finding(one: Finding, width: int) -> str:
    weight = f", {one.importance:.1%} of the model" if one.concept else ""
    place = f"{one.severity:<6}  {one.code}  {one.subject:<{width}}"
    return f"  {place}  {one.measures} {one.value:+.3f} (limit {one.limit:.3f}){weight}"


def _concepts(found: Drift) -> list[str]:
    moved = [one for one in found.concepts if one.moved][:5]
    if not moved:
        return []
    parts = [f"{one.concept} {one.moved} of {one.features} ({one.importance_moved:.1%})" for one in moved]
    return [f"  features moved, by concept (weight in the model): {', '.join(parts)}"]


def _figures(report: WatchReport) -> list[str]:
    after = report.realised
    head = f"  {'':<20}{'training':<26}{'expected now':<26}"
    lines = [f"At the cut-off in force, {report.cutoff:.4f} (95 % intervals; expected as the PDs say):", head.rstrip()]
    lines += [
        f"  {told:<20}{_metric(report.trained.get(name)):<26}{_metric(report.expected.get(name))}".rstrip()
        for name, told in FIGURE_NAMES.items()
    ]
    if after is not None:
        lines.append(f"Realised by {after.applications:,} applications ({after.population}), expected of the same:")
        lines += [
            f"  {FIGURE_NAMES[name]:<20}{value:<26.4f}{_metric(after.expected[name])}"
            + ("  beyond" if name in after.beyond else "")
            for name, value in after.realised.items()
        ]
    return lines


def _vintages(report: WatchReport) -> list[str]:
    if not report.vintages:
        return []
    lines = ["By month of the decision, bad rate of the approved (mature: four of five outcomes known):"]
    for one in report.vintages[-SHOWN:]:
        rate = one.realised.realised.get("bad_rate_approved") if one.realised else None
        expected = _metric(one.realised.expected.get("bad_rate_approved") if one.realised else None)
        shown = "-" if rate is None else f"{rate:.4f}"
        known = f"{one.known:,} of {one.approved:,} known{', mature' if one.mature else ''}"
        lines.append(f"  {one.month}  {known:<34}realised {shown:<10}expected {expected}")
    return lines


def _metric(metric: Metric | None) -> str:
    return "-" if metric is None else f"{metric.value:.4f} [{metric.lower:.4f}, {metric.upper:.4f}]"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
