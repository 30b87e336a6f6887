"""Runs and registered versions in MLflow; promotion to the published bundles. The only importer of mlflow."""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Concatenate, ParamSpec, TypeVar

import polars as pl

from credit_scoring.bundle.manifest import Evaluation
from credit_scoring.bundle.published import Published, PublishedBundles
from credit_scoring.bundle.store import Bundle, load_bundle, save_bundle
from credit_scoring.domain.errors import BundleError, MissingExtraError, RegistryError
from credit_scoring.training.figures import cost_curve_table, save_figures
from credit_scoring.training.run import Trained

try:
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    from mlflow import MlflowClient
    from mlflow.artifacts import download_artifacts
    from mlflow.entities import Metric
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError
except ImportError as error:  # pragma: no cover - exercised by the minimal-install check
    raise MissingExtraError("train", "the model registry") from error

EXPERIMENT = "credit-scoring"
# The applications that a model was trained on stay in the registry: the served bundle names nobody.
APPLICATIONS, SEEN, SAMPLE = "applications", "seen.parquet", "reference_sample.parquet"
COMPARISON = "challenge.json"
CHAMPION, CHALLENGER = "champion", "challenger"
_PARENT = "mlflow.parentRunId"
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class RegisteredVersion:
    """A version in the registry; ``aliases`` may hold ``champion`` or ``challenger``."""

    version: int
    digest: str
    candidate: str
    created_at: str
    aliases: tuple[str, ...]
    auc: str
    cost: str


def _told(method: Callable[Concatenate[MlflowRegistry, P], T]) -> Callable[Concatenate[MlflowRegistry, P], T]:
    """Turn what MLflow and its database raise into one sentence that names the registry."""

    @wraps(method)
    def call(self: MlflowRegistry, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(self, *args, **kwargs)
        except (MlflowException, SQLAlchemyError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise RegistryError(_masked(f"the registry {self._uri} cannot be used: {reason}")) from error

    return call  # type: ignore[return-value] # the first parameter is positional only to mypy


def _masked(text: str) -> str:
    """Return `text` without the passwords of the addresses in it."""
    return re.sub(r"(://[^:/@\s]*):[^@/\s]*@", r"\1:***@", text)


class MlflowRegistry:
    """The registry of one model name, and the published bundles it promotes to."""

    def __init__(self, home: Path, published: PublishedBundles, *, tracking_uri: str, model_name: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._uri = tracking_uri or f"sqlite:///{home / 'mlflow.db'}"
        self._artifacts = None if self._uri.startswith("http") else (home / "mlartifacts").as_uri()
        self._name = model_name
        self._published = published
        self._connect()

    @_told
    def _connect(self) -> None:
        self._client = MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)
        self._client.get_experiment_by_name(EXPERIMENT)  # an outage shows before the work, not after
        self._finish_announcement()

    def record(self, trained: Trained, *, promote: bool, by: str = "") -> tuple[RegisteredVersion, Bundle]:
        """Log a training with its candidates, register its bundle, and return the version and the saved bundle.

        The first version becomes champion; a later one becomes challenger, unless `promote`. The bundle is
        published first, so that a registry that fails does not lose it.
        """
        with TemporaryDirectory(prefix="credit-scoring-") as scratch:
            save_bundle(trained.bundle, Path(scratch) / "bundle")
            bundle = self._published.publish(Path(scratch) / "bundle")
        try:
            return self._register(trained, bundle, promote=promote, by=by), bundle
        except RegistryError as error:
            kept = self._published.path(bundle.digest)
            raise RegistryError(f"{error}. The trained bundle is kept: score with --model {kept}") from error

    @_told
    def _register(self, trained: Trained, bundle: Bundle, *, promote: bool, by: str) -> RegisteredVersion:
        made_at = bundle.manifest.provenance.created_at
        run_id = self._client.create_run(self._experiment(), run_name=f"training-{made_at}").info.run_id
        try:
            version = self._log(run_id, trained, bundle)
        except BaseException:
            with suppress(Exception):  # the first failure is the one to tell
                self._client.set_terminated(run_id, status="FAILED")
            raise
        self._client.set_terminated(run_id)
        has_champion = self._published.pointer() is not None or CHAMPION in self._aliases()
        if promote or not has_champion:
            self.promote(version, by=by, reason="trained with --promote" if promote else "the first version")
        else:
            self._client.set_registered_model_alias(self._name, CHALLENGER, str(version))
            challenger = Published(model_name=self._name, version=version, digest=bundle.digest)
            self._published.challenge(challenger, by=by, reason="newly trained")
        return self.version(version)

    def _log(self, run_id: str, trained: Trained, bundle: Bundle) -> int:
        """Log the run, its candidates, figures and bundle; register the bundle and return its version."""
        with TemporaryDirectory(prefix="credit-scoring-") as scratch:
            save_figures(trained, Path(scratch))
            for result in bundle.manifest.candidates:
                candidate_run = self._client.create_run(
                    self._experiment(), run_name=result.name, tags={_PARENT: run_id}
                ).info.run_id
                for key, value in ({"calibration": result.calibration} | result.settings).items():
                    self._client.log_param(candidate_run, key, value)
                self._log_evaluation(candidate_run, "oof", result.evaluation)
                self._client.set_terminated(candidate_run)
            self._log_parent(run_id, trained)
            self._client.log_artifacts(run_id, scratch, "figures")
        with TemporaryDirectory(prefix="credit-scoring-") as scratch:  # of persons: kept here, never published
            trained.seen.write_parquet(Path(scratch) / SEEN)
            trained.reference_sample.write_parquet(Path(scratch) / SAMPLE)
            self._client.log_artifacts(run_id, scratch, APPLICATIONS)
        self._client.log_artifacts(run_id, str(self._published.path(bundle.digest)), "bundle")
        return self._create_version(run_id, bundle)

    @_told
    def versions(self) -> list[RegisteredVersion]:
        """Return every version, oldest first."""
        aliases = self._aliases()
        found = self._client.search_model_versions(f"name = '{self._name}'")
        made = [self._described(version, aliases) for version in found]
        return sorted(made, key=lambda version: version.version)

    def version(self, number: int) -> RegisteredVersion:
        """Return one version.

        Raises
        ------
        RegistryError
            If there is no such version.
        """
        known = {version.version: version for version in self.versions()}
        if number not in known:
            listed = ", ".join(map(str, known)) or "none: train a model first"
            raise RegistryError(f"there is no version {number}; registered are {listed}")
        return known[number]

    def resolve(self, name: str) -> int:
        """Return the version number that `name` means: ``champion``, ``challenger`` or a number."""
        if name.isdecimal():
            return self.version(int(name)).version
        for version in self.versions():
            if name in version.aliases:
                return version.version
        raise RegistryError(f"no version is called {name!r}; see `credit-scoring model list`")

    def fetch(self, number: int, folder: Path) -> Path:
        """Return where a version's verified bundle is: published already, or downloaded below `folder`."""
        wanted = self.version(number)
        with suppress(BundleError):
            path = self._published.path(wanted.digest)
            load_bundle(path, digest=wanted.digest)
            return path
        source = self._client.get_model_version(self._name, str(number)).source
        try:
            path = Path(download_artifacts(artifact_uri=source, dst_path=str(folder), tracking_uri=self._uri))
        except (MlflowException, OSError) as error:
            raise RegistryError(f"the artifacts of version {number} cannot be read from {source}: {error}") from error
        load_bundle(path, digest=wanted.digest)
        return path

    @_told
    def reference_sample(self, digest: str) -> pl.DataFrame:
        """Return the rows that were kept at training with the version whose bundle has `digest`.

        Raises
        ------
        RegistryError
            If there is no such version, or it has none.
        """
        run_id = self._run_of(digest)
        if run_id is None:
            raise RegistryError(
                f"the registry {_masked(self._uri)} holds no version of the model {digest[:16]}: "
                "train here, or give applications to draw beside the current ones with --reference DIR"
            )
        sample = self._applications(run_id, SAMPLE)
        if sample is None:
            raise RegistryError(
                f"the run {run_id} of the model {digest[:16]} keeps no sample of its applications: it was made "
                "before samples were kept, or it was deleted; train again, or give applications with --reference DIR"
            )
        return sample

    @_told
    def seen(self, digest: str) -> pl.DataFrame | None:
        """Return the applications that a bundle was trained on, as `Trained.seen`; ``None`` if it was not kept here."""
        run_id = self._run_of(digest)
        return None if run_id is None else self._applications(run_id, SEEN)

    @_told
    def log_comparison(self, digest: str, comparison: str) -> None:
        """Keep how a bundle compared with the champion, as JSON, with its run if it has one here; the latest counts."""
        if (run_id := self._run_of(digest)) is not None:
            self._client.log_text(run_id, comparison, COMPARISON)

    def _applications(self, run_id: str, file: str) -> pl.DataFrame | None:
        """Return what a run keeps of the applications it trained on, unless it has been deleted."""
        path = f"{APPLICATIONS}/{file}"
        if path not in {found.path for found in self._client.list_artifacts(run_id, APPLICATIONS)}:
            return None
        with TemporaryDirectory(prefix="credit-scoring-") as scratch:
            return pl.read_parquet(self._client.download_artifacts(run_id, path, scratch))

    def _run_of(self, digest: str) -> str | None:
        """Return the run of the latest version whose bundle has `digest`."""
        numbers = [version.version for version in self.versions() if version.digest == digest]
        return self._client.get_model_version(self._name, str(numbers[-1])).run_id if numbers else None

    @_told
    def promote(self, number: int, *, by: str = "", reason: str = "") -> None:
        """Publish a version and make it champion; the pointer is the moment it counts."""
        version = self.version(number)
        with TemporaryDirectory(prefix="credit-scoring-") as scratch:
            self._published.publish(self.fetch(number, Path(scratch)))
        new = Published(model_name=self._name, version=number, digest=version.digest)
        self._published.promote(new, by=by, reason=reason)
        self._finish_announcement()

    @_told
    def rollback(self, *, by: str = "", reason: str = "") -> RegisteredVersion:
        """Make the former champion champion again and return it.

        Raises
        ------
        RegistryError
            If there was none.
        """
        champion = self._published.roll_back(by=by, reason=reason)
        self._finish_announcement()
        return self.version(champion.version)

    def _finish_announcement(self) -> None:
        """Let the alias follow the pointer, also after a process was killed between the two."""
        with suppress(BundleError):  # a damaged pointer announces nobody; serving and promoting tell of it
            pointer = self._published.pointer()
            if pointer is None or pointer.announced or pointer.champion.model_name != self._name:
                return
            version = str(pointer.champion.version)
            self._client.set_registered_model_alias(self._name, CHAMPION, version)
            if self._aliases().get(CHALLENGER) == version:
                self._client.delete_registered_model_alias(self._name, CHALLENGER)
            self._published.announced(pointer.champion)

    def _experiment(self) -> str:
        found = self._client.get_experiment_by_name(EXPERIMENT)
        if found is not None:
            return str(found.experiment_id)
        return str(self._client.create_experiment(EXPERIMENT, artifact_location=self._artifacts))

    def _create_version(self, run_id: str, bundle: Bundle) -> int:
        manifest = bundle.manifest
        try:
            self._client.create_registered_model(self._name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        metrics = manifest.out_of_fold.metrics | manifest.out_of_fold.at_cutoff
        source = f"{self._client.get_run(run_id).info.artifact_uri}/bundle"
        tags = {
            "digest": bundle.digest,
            "candidate": manifest.candidate,
            "created_at": manifest.provenance.created_at,
            "oof_auc": f"{metrics['auc'].value:.4f}",
            "oof_cost": f"{metrics['cost'].value:.4f}",
        }
        made = self._client.create_model_version(self._name, source=source, run_id=run_id, tags=tags)
        return int(made.version)

    def _log_parent(self, run_id: str, trained: Trained) -> None:
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

    def _aliases(self) -> dict[str, str]:
        try:
            return {alias: str(v) for alias, v in self._client.get_registered_model(self._name).aliases.items()}
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return {}
            raise

    def _described(self, version: object, aliases: dict[str, str]) -> RegisteredVersion:
        tags: dict[str, str] = version.tags  # type: ignore[attr-defined]
        number = int(version.version)  # type: ignore[attr-defined]
        return RegisteredVersion(
            version=number,
            digest=tags.get("digest", ""),
            candidate=tags.get("candidate", ""),
            created_at=tags.get("created_at", ""),
            aliases=tuple(alias for alias, of in aliases.items() if of == str(number)),
            auc=tags.get("oof_auc", ""),
            cost=tags.get("oof_cost", ""),
        )
