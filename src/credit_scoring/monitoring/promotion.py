"""The written policy of promotion: rules with stable codes, and the verdict that follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import NormalDist
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from credit_scoring.bundle.manifest import Metric
from credit_scoring.monitoring.challenger import Comparison
from credit_scoring.monitoring.slices import Difference, Slice

State = Literal["passed", "failed", "too_few", "not_judged"]
Verdict = Literal["promote", "wait", "refuse"]
_CHOSEN = "the champion approves all that are here, so that the rate can only fall: add some that it declined"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PromotionPolicy(_Record):
    """The limits of the rules; each has its reason in docs/explanation/promotion-policy.md.

    ``cost_tolerance`` is a share of the champion's cost; ``approval_fall`` and ``auc_fall`` are of slices with at least
    ``slice_applications``, and ``slice_defaults`` for the AUC; ``chance`` is how probably any slice may fail by chance.
    """

    least_defaults: int = Field(100, ge=1)
    cost_tolerance: float = Field(0.01, ge=0)
    slope: tuple[float, float] = (0.9, 1.1)
    promised: tuple[float, float] = (0.9, 1.1)
    approval_fall: float = Field(0.05, ge=0)
    auc_fall: float = Field(0.02, ge=0)
    slice_applications: int = Field(500, ge=2)
    slice_defaults: int = Field(50, ge=2)
    chance: float = Field(0.01, gt=0, lt=1)
    psi: float = Field(0.2, gt=0)


class Rule(_Record):
    """One rule applied: what it measured, against which limit, and what a failure means for the verdict."""

    code: str
    measures: str
    value: float | None
    limit: str
    state: State
    if_failed: Literal["wait", "refuse"]
    about: str = ""


class Judgement(_Record):
    """The verdict, and the rules it follows from."""

    verdict: Verdict
    rules: tuple[Rule, ...]
    policy: PromotionPolicy


class Challenge(_Record):
    """A comparison with its judgement: what is written to ``reports/challenge.json``."""

    at: str
    judgement: Judgement
    comparison: Comparison


def judge(found: Comparison, policy: PromotionPolicy | None = None, *, unsound: str = "") -> Judgement:
    """Return the verdict: refuse if a rule that refuses failed, wait if another did or could not tell, else promote.

    Parameters
    ----------
    unsound
        Why the challenger's bundle cannot be trusted; empty if it verifies and scores its golden rows as made.
    """
    policy = policy or PromotionPolicy()
    rules = (
        _enough(found, policy),
        *_costs(found, policy),
        *_calibration(found, policy),
        *_slices(found, policy),
        _stable(found, policy),
        Rule(
            code="CS-C09",
            measures="bundle verified, golden rows as made",
            value=None,
            limit="sound",
            state="failed" if unsound else "passed",
            if_failed="refuse",
            about=unsound,
        ),
    )
    failed = {rule.if_failed for rule in rules if rule.state == "failed"}
    doubtful = failed or any(rule.state == "too_few" for rule in rules)
    verdict: Verdict = "refuse" if "refuse" in failed else "wait" if doubtful else "promote"
    return Judgement(verdict=verdict, rules=rules, policy=policy)


def _enough(found: Comparison, policy: PromotionPolicy) -> Rule:
    enough = min(found.defaults, found.known - found.defaults) >= policy.least_defaults
    return Rule(
        code="CS-C01",
        measures="defaults among the known outcomes",
        value=found.defaults,
        limit=f"at least {policy.least_defaults}, and as many repaid",
        state="passed" if enough else "too_few",
        if_failed="wait",
    )


def _costs(found: Comparison, policy: PromotionPolicy) -> Iterator[Rule]:
    cost, base, auc = found.cost, found.champion_cost, found.figures.get("auc")
    told = cost is not None and base is not None and auc is not None
    worse: State = "too_few"
    better: State = "too_few"
    if cost is not None and base is not None and auc is not None:
        # The measured part alone refuses: what the champion's PDs say of those it declined is no outcome.
        dearer = found.figures["cost"].difference.lower > 0
        worse = "passed" if cost.upper <= policy.cost_tolerance * base else "failed" if dearer else "too_few"
        # Of those that the champion approved, its own AUC is too low: it has spread them less.
        ranks_better = found.population == "all" and auc.difference.lower > 0
        better = "passed" if cost.upper < 0 or ranks_better else "failed"
    yield Rule(
        code="CS-C02",
        measures="cost not worse: upper end of the difference, share of the champion's cost",
        value=cost.upper / base if told and cost and base else None,
        limit=f"at most {policy.cost_tolerance:+.1%}; refused if surely dearer",
        state=worse,
        if_failed="refuse",
    )
    yield Rule(
        code="CS-C03",
        measures="surely better in cost" + (" or AUC" if found.population == "all" else ""),
        value=auc.difference.lower if auc is not None and found.population == "all" else None,
        limit="an interval of the difference on the better side of 0",
        state=better,
        if_failed="wait",
    )


def _calibration(found: Comparison, policy: PromotionPolicy) -> Iterator[Rule]:
    slope = found.figures["calibration_slope"].challenger if found.figures else None
    promised = found.promised[1] if found.promised is not None else None
    told = (
        ("CS-C04", "calibration slope of the challenger", slope, policy.slope),
        ("CS-C05", "defaults over those its PDs promised", promised, policy.promised),
    )
    for code, measures, metric, limits in told:
        judged = found.population == "all"
        yield Rule(
            code=code,
            measures=measures,
            value=metric.value if metric is not None else None,
            limit=f"{limits[0]:g} to {limits[1]:g}, or an interval with 1 in it",
            state=_within(metric, limits) if judged else "not_judged",
            if_failed="refuse",
            about="" if judged else "chosen by the champion's PDs, the approved say nothing sure of the challenger's",
        )


def _within(metric: Metric | None, limits: tuple[float, float]) -> State:
    if metric is None:
        return "too_few"
    good = limits[0] <= metric.value <= limits[1] or metric.lower <= 1 <= metric.upper
    return "passed" if good else "failed"


def _slices(found: Comparison, policy: PromotionPolicy) -> Iterator[Rule]:
    large = [one for one in found.slices if one.applications >= policy.slice_applications]
    ranked = [
        (one, one.auc_difference)
        for one in large
        if one.auc_difference is not None
        and min(one.defaults, one.known - one.defaults) >= policy.slice_defaults
        and found.population == "all"
    ]
    approved = [(one, one.approval_rate_difference) for one in large]
    checks = len(approved) + len(ranked)
    reach = NormalDist().inv_cdf(1 - policy.chance / checks) if checks else 0.0
    approval = _fall("CS-C06", "approval rate, worst change of a group", approved, policy.approval_fall, reach)
    if found.population == "approved" and not found.swap.both_decline + found.swap.let_in.applications:
        approval = approval.model_copy(update={"state": "too_few", "about": _CHOSEN})
    yield approval
    yield _fall("CS-C07", "AUC, worst change of a group", ranked, policy.auc_fall, reach)


def _fall(code: str, measures: str, of: Sequence[tuple[Slice, Difference]], limit: float, reach: float) -> Rule:
    """Return the rule that no slice falls by more than `limit`, unless chance explains that it fell at all."""
    worst = min(of, key=lambda one: one[1].value, default=None)
    fallen = [one for one, moved in of if moved.value < -limit and moved.value + reach * moved.error < 0]
    doubtful = [one for one, moved in of if moved.value - reach * moved.error < -limit]
    about = f"fallen: {_named(fallen)}" if fallen else f"not excluded: {_named(doubtful)}" if doubtful else ""
    return Rule(
        code=code,
        measures=measures,
        value=worst[1].value if worst is not None else None,
        limit=f"at least {-limit:g}, beyond chance",
        state="failed" if fallen else "passed" if of else "not_judged",
        if_failed="refuse",
        about=about if of else "no group is large enough",
    )


def _named(of: Sequence[Slice]) -> str:
    return ", ".join(f"{one.attribute} {one.value}" for one in of)


def _stable(found: Comparison, policy: PromotionPolicy) -> Rule:
    psi = found.stability[1]
    return Rule(
        code="CS-C08",
        measures="PSI of the challenger's PD since its development",
        value=psi,
        limit=f"below {policy.psi:g}",
        state="passed" if psi < policy.psi else "failed",
        if_failed="refuse",
    )
