"""The figures of a training: ROC, calibration, cost curve, contributions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from numpy.typing import NDArray

from credit_scoring.decision.cost import CostMatrix, cost_curve
from credit_scoring.training.run import OutOfFold, Trained

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
EXPLAINED_ROWS = 1_000
SHOWN_FEATURES = 20
CALIBRATION_BINS = 10
CURVE_POINTS = 2_000


def save_figures(trained: Trained, folder: Path) -> list[Path]:
    """Write the figures as PNG files into `folder` and return their paths.

    ROC, calibration and cost curve are of out-of-fold PDs; the SHAP summary is of the final model on development
    applications.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest, policy = trained.bundle.manifest, trained.bundle.policy
    chosen = next(result for result in trained.candidates if result.candidate.name == manifest.candidate)
    drawn = {
        "roc": roc_figure(trained.candidates, trained.defaulted),
        "calibration": calibration_figure(chosen.p_default, trained.defaulted),
        "cost_curve": cost_figure(
            chosen.p_default, trained.defaulted, policy.costs, policy.cutoff, policy.cutoff_interval
        ),
    }
    paths = []
    for name, figure in drawn.items():
        paths.append(folder / f"{name}.png")
        figure.savefig(paths[-1], dpi=110)
    paths.append(folder / "shap_summary.png")
    _save_shap_summary(trained, paths[-1])
    return paths


def roc_figure(candidates: tuple[OutOfFold, ...], defaulted: Booleans) -> Figure:
    """Return the ROC curves of all candidates."""
    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.add_subplot()
    for result in candidates:
        order = np.argsort(-result.p_default, kind="stable")
        detected = np.cumsum(defaulted[order]) / defaulted.sum()
        alarms = np.cumsum(~defaulted[order]) / (~defaulted).sum()
        kept = _thinned(order.size)
        auc = result.evaluation.metrics["auc"]
        axes.plot(
            alarms[kept],
            detected[kept],
            label=f"{result.candidate.name}: AUC {auc.value:.3f} [{auc.lower:.3f}, {auc.upper:.3f}]",
        )
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":")
    axes.set(title="ROC, out of fold", xlabel="Good applicants refused (FPR)", ylabel="Defaults detected (TPR)")
    axes.legend(loc="lower right")
    return figure


def calibration_figure(p_default: Floats, defaulted: Booleans) -> Figure:
    """Return observed default rates against mean PDs in ten bins of equal size, with 95 % binomial intervals."""
    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.add_subplot()
    bins = np.array_split(np.argsort(p_default, kind="stable"), CALIBRATION_BINS)
    expected = np.array([p_default[rows].mean() for rows in bins if rows.size])
    observed = np.array([defaulted[rows].mean() for rows in bins if rows.size])
    sizes = np.array([rows.size for rows in bins if rows.size])
    error = 1.96 * np.sqrt(observed * (1 - observed) / sizes)
    axes.errorbar(expected, observed, yerr=error, fmt="o", capsize=3)
    limit = float(max(expected.max(), (observed + error).max())) * 1.05
    axes.plot([0, limit], [0, limit], color="grey", linestyle=":")
    axes.set(title="Calibration, out of fold", xlabel="Mean PD of the bin", ylabel="Observed default rate")
    return figure


def cost_figure(
    p_default: Floats, defaulted: Booleans, costs: CostMatrix, cutoff: float, interval: tuple[float, float]
) -> Figure:
    """Return the cost per applicant against the cut-off, with the chosen one, its interval and the theoretical one."""
    curve = cost_curve(p_default, defaulted, costs)
    kept = _thinned(curve.cutoffs.size - 1)
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(curve.cutoffs[kept], curve.costs[kept])
    axes.axvline(cutoff, color="tab:red", label=f"chosen {cutoff:.4f}")
    axes.axvspan(*interval, color="tab:red", alpha=0.15, label=f"95 % interval [{interval[0]:.4f}, {interval[1]:.4f}]")
    axes.axvline(
        costs.theoretical_cutoff,
        color="black",
        linestyle="--",
        label=f"theoretical {costs.theoretical_cutoff:.4f}",
    )
    axes.set(title="Cost of wrong decisions, out of fold", xlabel="Cut-off (PD)", ylabel="Cost per applicant")
    axes.set_xlim(0, min(1.0, 5 * costs.theoretical_cutoff))
    axes.legend()
    return figure


def _thinned(number: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, number - 1, min(number, CURVE_POINTS)).astype(np.int64))


def _save_shap_summary(trained: Trained, path: Path) -> None:
    """Draw SHAP's summary of a sample of development rows, from the served model's own contributions."""
    import matplotlib as mpl  # noqa: PLC0415 - slow to import, and chooses a backend

    mpl.use("Agg")
    import shap  # noqa: PLC0415 - slow to import
    from matplotlib import pyplot as plt  # noqa: PLC0415

    model = trained.bundle.model
    values = trained.values[:: max(1, trained.values.shape[0] // EXPLAINED_ROWS)][:EXPLAINED_ROWS]
    names = [name.replace("__", " ") for name in model.encoder.features]
    explanation = shap.Explanation(model.contributions(values)[:, :-1], data=values, feature_names=names)
    shap.plots.beeswarm(explanation, max_display=SHOWN_FEATURES, show=False)
    plt.gcf().savefig(path, dpi=110, bbox_inches="tight")
    plt.close("all")


def cost_curve_table(result: OutOfFold, defaulted: Booleans, costs: CostMatrix) -> pl.DataFrame:
    """Return the cost curve as a table, at most 2,000 cut-offs."""
    curve = cost_curve(result.p_default, defaulted, costs)
    kept = _thinned(curve.cutoffs.size - 1)
    return pl.DataFrame({"cutoff": curve.cutoffs[kept], "cost": curve.costs[kept]})
