"""A challenge told as lines of text: the verdict, the rules it follows from, and what was measured."""

from __future__ import annotations

from collections.abc import Iterator

from credit_scoring.bundle.manifest import Metric
from credit_scoring.monitoring.challenger import Comparison, SwapSide
from credit_scoring.monitoring.promotion import Challenge, Judgement, Rule
from credit_scoring.monitoring.slices import Slice

_VERDICTS = {
    "promote": "PROMOTE: the challenger may be promoted; a person does, with `credit-scoring model promote {version}`",
    "wait": "WAIT: nothing speaks against the challenger, but not enough for it yet",
    "refuse": "REFUSE: the challenger must not be promoted",
}
_STATES = {"passed": "passed", "failed": "FAILED", "too_few": "too few to tell", "not_judged": "not judged"}
_FIGURES = {
    "auc": "AUC",
    "cost": "cost per application",
    "brier": "Brier score",
    "calibration_slope": "calibration slope",
    "calibration_intercept": "calibration intercept",
    "decline_rate": "decline rate",
    "bad_rate_approved": "bad rate, approved",
}
_OF_APPROVED = (
    "Only the approved have outcomes: figures are of applications that the champion approved. They cannot show what "
    "would have become of those it declined; where the challenger lets such in, the champion's PDs speak for them."
)


def told(challenge: Challenge) -> str:
    """Return the verdict first, then each rule, then what both models are worth on the same applications."""
    found = challenge.comparison
    return "\n".join(
        [
            *_verdict(challenge.judgement, found),
            "",
            *_population(found),
            *_figures(found),
            "",
            *_swap(found),
            *_slices(found),
        ]
    )


def _verdict(judgement: Judgement, found: Comparison) -> list[str]:
    version = found.challenger.version
    head = f"Challenger version {version} against champion version {found.champion.version}"
    return [f"{head}: {_VERDICTS[judgement.verdict].format(version=version)}", *map(_rule, judgement.rules)]


def _rule(rule: Rule) -> str:
    value = "" if rule.value is None else f" {rule.value:.4g}"
    about = f"; {rule.about}" if rule.about else ""
    consequence = f" -> {rule.if_failed}" if rule.state == "failed" else ""
    return (
        f"  {rule.code}  {_STATES[rule.state]:<15}  {rule.measures}:{value} (limit: {rule.limit}){about}{consequence}"
    )


def _population(found: Comparison) -> list[str]:
    known = f"{found.known:,} with a known outcome are compared, {found.defaults:,} defaults; 95 % intervals, paired."
    line = f"{found.applications:,} applications ({found.compared_on}), of which {known}"
    return [line] if found.population == "all" else [line, _OF_APPROVED]


def _figures(found: Comparison) -> Iterator[str]:
    if not found.figures:
        yield "  no figure can be told: there are no outcomes yet, or all are alike"
    else:
        yield f"  {'':<23}{'champion':<28}{'challenger':<28}{'difference'}"
    for name, one in found.figures.items():
        row = f"{_metric(one.champion):<28}{_metric(one.challenger):<28}{_signed(one.difference)}"
        yield f"  {_FIGURES[name]:<23}{row}"
    if found.promised is not None:
        yield f"  {'defaults / promised':<23}{_metric(found.promised[0]):<28}{_metric(found.promised[1])}"
    if found.cost is not None and found.population == "approved":
        yield f"  cost of all that it changes, by the champion's PDs where nothing is known: {_signed(found.cost)}"
    by_champion, by_challenger = map(_signed, found.expected_cost)
    yield f"  expected change in cost, no outcome needed: {by_champion} as the champion's PDs say,"
    yield f"    {by_challenger} as the challenger's say; each flatters its own"
    then = " and ".join(f"{psi:.3f}" for psi in found.stability)
    yield f"  PSI of the PD since development: {then}; between the two: {found.psi_between:.3f}"


def _swap(found: Comparison) -> list[str]:
    swap = found.swap
    return [
        f"Both approve {swap.both_approve:,}, both decline {swap.both_decline:,}.",
        f"  the challenger lets in {_side(swap.let_in)}",
        f"  the challenger turns away {_side(swap.turned_away)}",
    ]


def _side(side: SwapSide) -> str:
    if side.bad_rate is None:
        return f"{side.applications:,}, no outcome known"
    return f"{side.applications:,}, bad rate {_metric(side.bad_rate)} of {side.known:,} known"


def _slices(found: Comparison) -> Iterator[str]:
    if not found.slices:
        return
    yield "By groups, champion -> challenger:"
    width = max(len(_name(one)) for one in found.slices)
    for one in found.slices:
        parts = [
            f"approved {one.champion.approval_rate:.1%} -> {one.challenger.approval_rate:.1%}",
            f"bad rate {_rate(one.champion.bad_rate_approved)} -> {_rate(one.challenger.bad_rate_approved)}",
        ]
        if one.champion.auc is not None and one.challenger.auc is not None:
            parts.append(f"AUC {one.champion.auc:.3f} -> {one.challenger.auc:.3f}")
        yield f"  {_name(one):<{width}}  {one.applications:>9,}  {', '.join(parts)}"


def _name(one: Slice) -> str:
    return f"{one.attribute} {one.value}"


def _rate(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.1%}"


def _metric(metric: Metric) -> str:
    return f"{metric.value:.4f} [{metric.lower:.4f}, {metric.upper:.4f}]"


def _signed(metric: Metric) -> str:
    return f"{metric.value:+.4f} [{metric.lower:+.4f}, {metric.upper:+.4f}]"
