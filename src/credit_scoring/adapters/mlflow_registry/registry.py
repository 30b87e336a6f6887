"""Registered versions in MLflow: which is champion and which challenger; promotion to the published bundles."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from credit_scoring.adapters.mlflow_registry.connection import (
    MlflowClient,
    MlflowException,
    download_artifacts,
    masked,
    told,
)
from credit_scoring.adapters.mlflow_registry.runs import SAMPLE, SEEN, Runs
from credit_scoring.bundle.published import Published, PublishedBundles
from credit_scoring.bundle.store import Bundle, load_bundle, save_bundle
from credit_scoring.domain.errors import BundleError, RegistryError
from credit_scoring.training.run import Trained

CHAMPION, CHALLENGER = "champion", "challenger"


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


class MlflowRegistry:
    """The registry of one model name, and the published bundles it promotes to."""

    def __init__(self, home: Path, published: PublishedBundles, *, tracking_uri: str, model_name: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.uri = tracking_uri or f"sqlite:///{home / 'mlflow.db'}"
        self._artifacts = None if self.uri.startswith("http") else (home / "mlartifacts").as_uri()
        self._name = model_name
        self._published = published
        self._connect()

    @told
    def _connect(self) -> None:
        self._client = MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)
        self._runs = Runs(self._client, self._artifacts)
        self._runs.check()
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

    @told
    def _register(self, trained: Trained, bundle: Bundle, *, promote: bool, by: str) -> RegisteredVersion:
        made_at = bundle.manifest.provenance.created_at
        with self._runs.opened(f"training-{made_at}") as run_id:
            self._runs.log(run_id, trained, self._published.path(bundle.digest))
            version = self._create_version(run_id, bundle)
        has_champion = self._published.pointer() is not None or CHAMPION in self._aliases()
        if promote or not has_champion:
            self.promote(version, by=by, reason="trained with --promote" if promote else "the first version")
        else:
            self._client.set_registered_model_alias(self._name, CHALLENGER, str(version))
            challenger = Published(model_name=self._name, version=version, digest=bundle.digest)
            self._published.challenge(challenger, by=by, reason="newly trained")
        return self.version(version)

    @told
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
            path = Path(download_artifacts(artifact_uri=source, dst_path=str(folder), tracking_uri=self.uri))
        except (MlflowException, OSError) as error:
            raise RegistryError(f"the artifacts of version {number} cannot be read from {source}: {error}") from error
        load_bundle(path, digest=wanted.digest)
        return path

    @told
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
                f"the registry {masked(self.uri)} holds no version of the model {digest[:16]}: "
                "train here, or give applications to draw beside the current ones with --reference DIR"
            )
        sample = self._runs.applications(run_id, SAMPLE)
        if sample is None:
            raise RegistryError(
                f"the run {run_id} of the model {digest[:16]} keeps no sample of its applications: it was made "
                "before samples were kept, or it was deleted; train again, or give applications with --reference DIR"
            )
        return sample

    @told
    def seen(self, digest: str) -> pl.DataFrame | None:
        """Return the applications that a bundle was trained on, as `Trained.seen`; ``None`` if it was not kept here."""
        run_id = self._run_of(digest)
        return None if run_id is None else self._runs.applications(run_id, SEEN)

    @told
    def log_comparison(self, digest: str, comparison: str) -> None:
        """Keep how a bundle compared with the champion, as JSON, with its run if it has one here; the latest counts."""
        if (run_id := self._run_of(digest)) is not None:
            self._runs.log_comparison(run_id, comparison)

    def _run_of(self, digest: str) -> str | None:
        """Return the run of the latest version whose bundle has `digest`."""
        numbers = [version.version for version in self.versions() if version.digest == digest]
        return self._client.get_model_version(self._name, str(numbers[-1])).run_id if numbers else None

    @told
    def promote(self, number: int, *, by: str = "", reason: str = "") -> None:
        """Publish a version and make it champion; the pointer is the moment it counts."""
        version = self.version(number)
        with TemporaryDirectory(prefix="credit-scoring-") as scratch:
            self._published.publish(self.fetch(number, Path(scratch)))
        new = Published(model_name=self._name, version=number, digest=version.digest)
        self._published.promote(new, by=by, reason=reason)
        self._finish_announcement()

    @told
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

    def _create_version(self, run_id: str, bundle: Bundle) -> int:
        manifest = bundle.manifest
        try:
            self._client.create_registered_model(self._name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        metrics = manifest.out_of_fold.metrics | manifest.out_of_fold.at_cutoff
        tags = {
            "digest": bundle.digest,
            "candidate": manifest.candidate,
            "created_at": manifest.provenance.created_at,
            "oof_auc": f"{metrics['auc'].value:.4f}",
            "oof_cost": f"{metrics['cost'].value:.4f}",
        }
        made = self._client.create_model_version(self._name, source=self._runs.bundle(run_id), run_id=run_id, tags=tags)
        return int(made.version)

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
