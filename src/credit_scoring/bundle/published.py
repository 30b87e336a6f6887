"""The published bundles under ``models/``, and the pointer to the one that decides.

``champion.json`` is replaced in one step, so a reader sees the old champion or the new one, and a process
killed at any moment leaves one of the two.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from tempfile import NamedTemporaryFile, mkdtemp
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from credit_scoring.bundle.store import Bundle, flush, load_bundle
from credit_scoring.domain.errors import BundleError

POINTER = "champion.json"


class Published(BaseModel):
    """A registered version of a model name, and the digest of its bundle."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model_name: str
    version: int
    digest: str


class Pointer(BaseModel):
    """The champion, the champions before it, latest last, and the challenger that is scored in its shadow.

    ``announced`` is false from the moment the champion changes until the registry's alias says so too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: Literal[1] = 1
    champion: Published
    former: tuple[Published, ...] = ()
    challenger: Published | None = None
    announced: bool = False


class PublishedBundles:
    """The folder that serving reads: one folder a bundle, named by digest, and the pointer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def pointer_file(self) -> Path:
        """Return where the pointer lies or would lie."""
        return self.folder / POINTER

    def pointer(self) -> Pointer | None:
        """Return the pointer, or ``None`` where nothing was ever promoted.

        Raises
        ------
        BundleError
            If the pointer file is not readable as one.
        """
        path = self.pointer_file
        try:
            return Pointer.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise BundleError(
                f"{path} is damaged; make a version champion again with `credit-scoring model promote VERSION`: {error}"
            ) from error

    def publish(self, bundle_folder: Path) -> Bundle:
        """Copy a bundle under its digest, unless it is there already, and return it verified."""
        bundle = load_bundle(bundle_folder)
        target = self.path(bundle.digest)
        try:
            return load_bundle(target, digest=bundle.digest)
        except BundleError:  # not there yet, or damaged: then a fresh copy takes its place
            pass
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = Path(mkdtemp(prefix=".publish-", dir=self.folder))
        try:
            shutil.copytree(bundle_folder, draft / "bundle")
            for path in (draft / "bundle").iterdir():
                flush(path)
            if target.exists():
                target.rename(draft / "damaged")
            (draft / "bundle").rename(target)
            flush(self.folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return load_bundle(target, digest=bundle.digest)

    def point(self, pointer: Pointer) -> None:
        """Replace the pointer in one step, durably."""
        self.folder.mkdir(parents=True, exist_ok=True)
        content = json.dumps(pointer.model_dump(), indent=1) + "\n"
        with NamedTemporaryFile(
            "w", dir=self.folder, prefix=".champion-", suffix=".json", delete=False, encoding="utf-8"
        ) as draft:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
        Path(draft.name).chmod(0o644)
        Path(draft.name).replace(self.pointer_file)
        flush(self.folder)

    def challenge(self, challenger: Published) -> None:
        """Let a published bundle be scored in the champion's shadow; without a champion there is nothing to do."""
        pointer = self.pointer()
        if pointer is not None:
            self.point(pointer.model_copy(update={"challenger": challenger}))

    def path(self, digest: str) -> Path:
        """Return where the bundle with `digest` lies or would lie."""
        return self.folder / digest[:16]

    def champion(self) -> Bundle:
        """Return the champion, loaded by digest.

        Raises
        ------
        BundleError
            If nothing is promoted, or the bundle fails verification.
        """
        return self.deciding()[1]

    def deciding(self) -> tuple[Published, Bundle]:
        """Return the champion's version and bundle; as `champion` otherwise."""
        pointer = self.pointer()
        if pointer is None:
            raise BundleError(
                f"no champion under {self.folder}: train a model with `credit-scoring train`, or set "
                "CREDIT_SCORING_HOME to the folder where it was trained"
            )
        one = pointer.champion
        return one, load_bundle(self.path(one.digest), digest=one.digest)
