"""The published bundles under ``models/``, the pointer to the one that decides, and the ledger of its changes.

``champion.json`` is replaced in one step, so a reader sees the old champion or the new one, and a process
killed at any moment leaves one of the two. Whoever changes it holds the ledger, and writes there first.
"""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile, mkdtemp
from typing import IO, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from credit_scoring.bundle.ledger import Action, Ledger, LedgerEntry
from credit_scoring.bundle.store import Bundle, flush, load_bundle
from credit_scoring.domain.errors import BundleError, RegistryError

POINTER, LEDGER = "champion.json", "ledger.jsonl"


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
    """The folder that serving reads: one folder a bundle, named by digest, the pointer, and the ledger."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = Ledger(folder / LEDGER)

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

    def promote(self, new: Published, *, by: str = "", reason: str = "") -> None:
        """Make a published bundle champion, and the champion before it a former one.

        A damaged pointer is replaced, and the champions before it forgotten.
        """
        with self.ledger.changing() as file:
            replaced: str | None = None
            try:
                old = self.pointer()
                replaced = _digest(old.champion if old is not None else None)
            except BundleError:
                old = None
            if old is not None and old.champion == new:
                return
            former = (*old.former, old.champion) if old is not None else ()
            challenger = old.challenger if old is not None and old.challenger != new else None
            self._enter(file, "promote", new, replaced, by, reason)
            self.point(Pointer(champion=new, former=former, challenger=challenger))

    def roll_back(self, *, by: str = "", reason: str = "") -> Published:
        """Make the former champion champion again and return it.

        Raises
        ------
        RegistryError
            If there was none.
        BundleError
            If its bundle fails verification.
        """
        with self.ledger.changing() as file:
            old = self.pointer()
            if old is None or not old.former:
                raise RegistryError("there is no former champion to go back to")
            champion = old.former[-1]
            load_bundle(self.path(champion.digest), digest=champion.digest)
            self._enter(file, "rollback", champion, _digest(old.champion), by, reason)
            changed = {"champion": champion, "former": old.former[:-1], "announced": False}
            self.point(old.model_copy(update=changed))
            return champion

    def challenge(self, challenger: Published, *, by: str = "", reason: str = "") -> None:
        """Let a published bundle be scored in the champion's shadow; without a champion there is nothing to do."""
        with self.ledger.changing() as file:
            old = self.pointer()
            if old is not None:
                self._enter(file, "challenge", challenger, _digest(old.challenger), by, reason)
                self.point(old.model_copy(update={"challenger": challenger}))

    def announced(self, champion: Published) -> None:
        """Note that the registry's alias names the champion, unless another has been promoted meanwhile."""
        with self.ledger.changing():
            pointer = self.pointer()
            if pointer is not None and pointer.champion == champion:
                self.point(pointer.model_copy(update={"announced": True}))

    def _enter(
        self, file: IO[bytes], action: Action, new: Published, replaced: str | None, by: str, reason: str
    ) -> None:
        entry = LedgerEntry(
            at=datetime.now(UTC),
            action=action,
            model_name=new.model_name,
            version=new.version,
            digest=new.digest,
            by=by,
            reason=reason,
            replaced=replaced,
        )
        self.ledger.add(file, entry)

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


def _digest(published: Published | None) -> str:
    return published.digest if published is not None else ""
