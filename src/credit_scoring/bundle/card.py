"""A bundle told as text: what it is, how it was measured, what it costs."""

from __future__ import annotations

from credit_scoring.bundle.manifest import Evaluation, Manifest, Metric
from credit_scoring.bundle.store import Bundle
from credit_scoring.decision.cost import APPROVE_ALL


def _cutoff(value: float) -> str:
    return f"{value:.4f}" if value < APPROVE_ALL else "none (approves all)"


def _metric(metric: Metric) -> str:
    return f"{metric.value:.4f} [{metric.lower:.4f}, {metric.upper:.4f}]"


def _figures(title: str, evaluation: Evaluation) -> list[str]:
    lines = [f"{title}: {evaluation.applications:,} applications, {evaluation.defaults:,} defaults (95 % intervals)"]
    lines += [f"  {name:<24}{_metric(metric)}" for name, metric in evaluation.metrics.items()]
    for where, cutoff, metrics in (
        ("chosen", evaluation.cutoff, evaluation.at_cutoff),
        ("theoretical", evaluation.theoretical_cutoff, evaluation.at_theoretical_cutoff),
    ):
        told = ", ".join(f"{name} {_metric(metric)}" for name, metric in metrics.items())
        lines.append(f"  at the {where} cut-off {_cutoff(cutoff)}: {told}")
    return lines


def _compared(manifest: Manifest) -> list[str]:
    lines = ["Candidates, out of fold; difference to the chosen one (paired 95 % interval):"]
    for candidate in manifest.candidates:
        metrics = candidate.evaluation.metrics | candidate.evaluation.at_cutoff
        lines.append(
            f"  {candidate.name:<22} AUC {_metric(metrics['auc'])}  cost {_metric(metrics['cost'])}  "
            f"Brier {metrics['brier'].value:.4f}  calibration {candidate.calibration}"
        )
        if candidate.difference_to_chosen:
            told = ", ".join(
                f"{name} {metric.value:+.4f} [{metric.lower:+.4f}, {metric.upper:+.4f}]"
                for name, metric in candidate.difference_to_chosen.items()
            )
            lines.append(f"  {'':<22} {told}")
        else:
            lines.append(f"  {'':<22} chosen")
    return lines


def model_card(bundle: Bundle) -> str:
    """Return what the model is, how it compared and what it costs, as lines of text."""
    manifest, policy = bundle.manifest, bundle.policy
    origin = manifest.provenance
    rows = ", ".join(f"{name} {number:,}" for name, number in origin.data_rows.items())
    lower, upper = policy.cutoff_interval
    cutoff = (
        f"cut-off {_cutoff(policy.cutoff)} [{lower:.4f}, {_cutoff(upper)}] for costs {policy.approve_bad:g} : "
        f"{policy.decline_good:g} (theory {policy.costs.theoretical_cutoff:.4f})"
    )
    commit = origin.git_commit or "unknown"
    lines = [
        f"{manifest.candidate}, {len(manifest.features)} features, bundle {bundle.digest[:16]}",
        f"made {origin.created_at}, commit {commit}, seed {origin.seed}, {origin.threads} threads",
        f"data {origin.data_fingerprint[:16]}: {rows}",
        f"{cutoff}, calibration {bundle.model.calibrator.kind}",
        *_compared(manifest),
        *_figures("Out of fold", manifest.out_of_fold),
    ]
    if manifest.holdout is None:
        lines.append("No hold-out was judged: none was kept, or it holds only one outcome.")
    else:
        lines += _figures("Hold-out, opened once", manifest.holdout)
    return "\n".join(lines)
