"""What a training leaves in MLflow: a run with its candidates, figures, bundle, and the applications it was made on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from credit_scoring.adapters.mlflow_registry.connection import Metric, MlflowClient
from credit_scoring.bundle.manifest import Evaluation
from credit_scoring.training.figures import cost_curve_table, save_figures
from credit_scoring.training.run import Trained

EXPERIMENT = "credit-scoring"
# The applications that a model was trained on stay in the registry: the served bundle names nobody.
APPLICATIONS, SEEN, SAMPLE = "applications", "seen.parquet", "reference_sample.parquet"
COMPARISON, BUNDLE = "challenge.json", "bundle"
_PARENT = "mlflow.parentRunId"


class Runs:
    """The runs of the experiment; ``artifacts`` is where they keep files, or ``None`` if a server says it.

    What MLflow raises is left to the caller.
    """

    def __init__(self, client: MlflowClient, artifacts: str | None) -> None:
        self._client, self._artifacts = client, artifacts

    def check(self) -> None:
        """Ask MLflow for something, so that an outage shows before the work, not after."""
        self._client.get_experiment_by_name(EXPERIMENT)

    @contextmanager
    def opened(self, name: str) -> Iterator[str]:
        """Open a run and give its id; it ends as finished, or as failed if an error passes through."""
        run_id = str(self._client.create_run(self._experiment(), run_name=name).info.run_id)
        try:
            yield run_id
        except BaseException:
            with suppress(Exception):  # the first failure is the one to tell
                self._client.set_terminated(run_id, status="FAILED")
            raise
        self._client.set_terminated(run_id)

    def log(self, run_id: str, trained: Trained, bundle: Path) -> None:
        """Log a training with its candidates and figures, its applications, and the folder of its `bundle`."""
        with TemporaryDirectory(prefix="credit-scoring-") as scratch:
            save_figures(trained, Path(scratch))
            for result in trained.bundle.manifest.candidates:
                candidate_run = self._client.create_run(
                    self._experiment(), run_name=result.name, tags={_PARENT: run_id}
                ).info.run_id
                for key, value in ({"calibration": result.calibration} | result.settings).items():
                    self._client.log_param(candidate_run, key, value)
                self._log_evaluation(candidate_run, "oof", result.evaluation)
                self._client.set_terminated(candidate_run)
            self._log_choice(run_id, trained)
            self._client.log_artifacts(run_id, scratch, "figures")
        with TemporaryDirectory(prefix="credit-scoring-") as scratch:  # of persons: kept here, never published
            trained.seen.write_parquet(Path(scratch) / SEEN)
            trained.reference_sample.write_parquet(Path(scratch) / SAMPLE)
            self._client.log_artifacts(run_id, scratch, APPLICATIONS)
        self._client.log_artifacts(run_id, str(bundle), BUNDLE)

    def log_comparison(self, run_id: str, comparison: str) -> None:
        """Keep how the run's bundle compared with the champion, as JSON; the latest counts."""
        self._client.log_text(run_id, comparison, COMPARISON)

    def bundle(self, run_id: str) -> str:
        """Return the address of the bundle that a run keeps."""
        return f"{self._client.get_run(run_id).info.artifact_uri}/{BUNDLE}"

    def applications(self, run_id: str, file: str) -> pl.DataFrame | None:
        """Return what a run keeps of the applications it trained on, unless it has been deleted."""
        path = f"{APPLICATIONS}/{file}"
        if path not in {found.path for found in self._client.list_artifacts(run_id, APPLICATIONS)}:
            return None
        with TemporaryDirectory(prefix="credit-scoring-") as scratch:
            return pl.read_parquet(self._client.download_artifacts(run_id, path, scratch))

    def _experiment(self) -> str:
        found = self._client.get_experiment_by_name(EXPERIMENT)
        if found is not None:
            return str(found.experiment_id)
        return str(self._client.create_experiment(EXPERIMENT, artifact_location=self._artifacts))

    def _log_choice(self, run_id: str, trained: Trained) -> None:
        manifest, policy = trained.bundle.manifest, trained.bundle.policy
        parameters = {
            "candidate": manifest.candidate,
            "features": len(manifest.features),
            "seed": manifest.provenance.seed,
            "threads": manifest.provenance.threads,
            "cost_approve_bad": policy.approve_bad,
            "cost_decline_good": policy.decline_good,
            "git_commit": manifest.provenance.git_commit,
            "data_fingerprint": manifest.provenance.data_fingerprint,
        }
        for key, value in parameters.items():
            self._client.log_param(run_id, key, value)
        self._client.log_metric(run_id, "cutoff", policy.cutoff)
        self._log_evaluation(run_id, "oof", manifest.out_of_fold)
        if manifest.holdout is not None:
            self._log_evaluation(run_id, "holdout", manifest.holdout)
        chosen = next(r for r in trained.candidates if r.candidate.name == manifest.candidate)
        curve = cost_curve_table(chosen, trained.defaulted, policy.costs)
        self._client.log_text(run_id, curve.write_csv(), "cost_curve.csv")
        compared = [result.model_dump() for result in manifest.candidates]
        self._client.log_text(run_id, json.dumps(compared, indent=1), "candidates.json")

    def _log_evaluation(self, run_id: str, prefix: str, evaluation: Evaluation) -> None:
        parts = {
            "": evaluation.metrics | evaluation.at_cutoff,
            "_at_theoretical_cutoff": evaluation.at_theoretical_cutoff,
        }
        now = int(time.time() * 1000)
        logged = [
            Metric(f"{prefix}_{name}{suffix}{ending}", value, now, 0)
            for suffix, metrics in parts.items()
            for name, metric in metrics.items()
            for ending, value in (("", metric.value), ("_lower", metric.lower), ("_upper", metric.upper))
        ]
        self._client.log_batch(run_id, metrics=logged)
