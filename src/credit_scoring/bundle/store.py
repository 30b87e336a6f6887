"""A bundle on disk: saved at once or not at all, loaded only if every byte is what it was."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import polars as pl
from pydantic import TypeAdapter, ValidationError

from credit_scoring.bundle.linear import LinearPart
from credit_scoring.bundle.manifest import FORMAT_VERSION, GoldenRow, Manifest
from credit_scoring.bundle.model import Calibrator, CreditModel
from credit_scoring.decision.policy import CostPolicy
from credit_scoring.domain.errors import BundleError
from credit_scoring.features.assemble import catalogue, definitions_digest

if TYPE_CHECKING:
    import lightgbm as lgb

MANIFEST = "manifest.json"
_BOOSTER, _LINEAR, _CALIBRATOR = "booster.txt", "linear.json", "calibrator.json"
_POLICY, _PROFILE, _OUT_OF_FOLD = "policy.json", "profile.parquet", "out_of_fold.parquet"
_GOLDEN = "golden.json"
_FILES = {_BOOSTER, _LINEAR, _CALIBRATOR, _POLICY, _PROFILE, _OUT_OF_FOLD, _GOLDEN}
# A bundle is read by the same major version of what evaluates its features and its trees.
EVALUATORS = ("lightgbm", "polars")
_GOLDEN_ROWS = TypeAdapter(tuple[GoldenRow, ...])


@dataclass(frozen=True)
class Bundle:
    """A model with everything that serving it needs. ``digest`` is the SHA-256 of the manifest file.

    ``out_of_fold`` has ``p_default``, ``defaulted`` and ``fold`` of the development applications, without their
    ids: another cost policy follows from it without training again. ``p_served`` there is what the calibrator that
    the model keeps, fitted to all of them, makes of the same margins: what current PDs are compared with.
    ``golden`` are invented applications with their PDs, by which a service makes sure that it scores as training did.
    """

    manifest: Manifest
    model: CreditModel
    policy: CostPolicy
    profile: pl.DataFrame
    out_of_fold: pl.DataFrame
    golden: tuple[GoldenRow, ...] = ()
    digest: str = ""


def save_bundle(bundle: Bundle, folder: Path) -> Bundle:
    """Write `bundle` as a new `folder` and return it as loaded back, with its digest.

    Raises
    ------
    BundleError
        If `folder` exists.
    """
    if folder.exists():
        raise BundleError(f"{folder} exists already; a bundle is never overwritten")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        booster = bundle.model.booster
        (draft / _BOOSTER).write_text(booster.model_to_string() if booster else "", encoding="utf-8")
        (draft / _LINEAR).write_text(_json(bundle.model.linear.model_dump()), encoding="utf-8")
        (draft / _CALIBRATOR).write_text(_json(bundle.model.calibrator.model_dump()), encoding="utf-8")
        (draft / _POLICY).write_text(_json(bundle.policy.model_dump()), encoding="utf-8")
        (draft / _GOLDEN).write_text(_json([row.model_dump() for row in bundle.golden]), encoding="utf-8")
        bundle.profile.write_parquet(draft / _PROFILE)
        bundle.out_of_fold.write_parquet(draft / _OUT_OF_FOLD)
        files = {path.name: _sha256(path) for path in sorted(draft.iterdir())}
        manifest = bundle.manifest.model_copy(update={"files": files})
        (draft / MANIFEST).write_text(_json(manifest.model_dump()), encoding="utf-8")
        for path in draft.iterdir():
            flush(path)
        draft.chmod(0o755)
        draft.rename(folder)
        flush(folder.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return load_bundle(folder)


def load_bundle(folder: Path, *, digest: str | None = None) -> Bundle:
    """Return the bundle in `folder`, verified; with `digest`, exactly that one.

    Raises
    ------
    BundleError
        If a file is missing, altered or unknown, the format or a library's major version is not supported,
        or this code would compute one of its features otherwise.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise BundleError(f"{folder} is not a bundle: it has no {MANIFEST}")
    found = _sha256(path)
    if digest is not None and found != digest:
        raise BundleError(f"{folder} is not the bundle {digest[:12]}: its manifest has digest {found[:12]}")
    manifest = _read_manifest(path)
    _verify_files(folder, manifest)
    _verify_libraries(manifest)
    _verify_definitions(manifest)
    try:
        text = (folder / _BOOSTER).read_text(encoding="utf-8")
        model = CreditModel(
            encoder=manifest.encoder,
            linear=LinearPart.model_validate_json((folder / _LINEAR).read_bytes()),
            booster=_booster(text) if text else None,
            calibrator=Calibrator.model_validate_json((folder / _CALIBRATOR).read_bytes()),
        )
        policy = CostPolicy.model_validate_json((folder / _POLICY).read_bytes())
        golden = _GOLDEN_ROWS.validate_json((folder / _GOLDEN).read_bytes())
        profile, out_of_fold = (pl.read_parquet(folder / name) for name in (_PROFILE, _OUT_OF_FOLD))
    except (ValueError, pl.exceptions.PolarsError) as error:
        raise BundleError(f"{folder} is what was saved, but cannot be understood: {error}") from error
    return Bundle(manifest, model, policy, profile, out_of_fold, golden, found)


def _booster(text: str) -> lgb.Booster:
    """Return the booster; `ValueError` if the text is not one."""
    # SciPy, scikit-learn and pandas come with it, most of the start of commands that score nothing.
    from lightgbm.basic import Booster, LightGBMError  # noqa: PLC0415

    try:
        return Booster(model_str=text)
    except LightGBMError as error:
        raise ValueError(str(error)) from error


def _read_manifest(path: Path) -> Manifest:
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise BundleError(f"{path} is not JSON: {error}") from error
    written = content.get("format_version") if isinstance(content, dict) else None
    if written != FORMAT_VERSION:
        raise BundleError(
            f"{path.parent} has bundle format {written}, this version reads {FORMAT_VERSION}: "
            "train again, or install the version that made it"
        )
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        raise BundleError(f"{path} is not a manifest: {error}") from error


def _verify_files(folder: Path, manifest: Manifest) -> None:
    if set(manifest.files) != _FILES:
        raise BundleError(f"the manifest of {folder} names {sorted(manifest.files)}, not {sorted(_FILES)}")
    for name, expected in manifest.files.items():
        file = folder / name
        if not file.is_file():
            raise BundleError(f"{folder} lacks {name}: restore it from the registry")
        if _sha256(file) != expected:
            raise BundleError(f"{file} has been altered (its SHA-256 differs): restore it from the registry")
    if strangers := {p.name for p in folder.iterdir()} - set(manifest.files) - {MANIFEST}:
        raise BundleError(f"{folder} holds files that its manifest does not name: {sorted(strangers)}")


def _verify_libraries(manifest: Manifest) -> None:
    for library in EVALUATORS:
        made, here = manifest.provenance.libraries.get(library, "unknown"), version(library)
        if made.split(".")[0] != here.split(".")[0]:
            raise BundleError(
                f"the bundle was made with {library} {made}, installed is {here}: "
                f"install {library} {made.split('.')[0]}.x, or train again"
            )


def _verify_definitions(manifest: Manifest) -> None:
    if manifest.portfolio != "home_credit":
        return
    names = manifest.encoder.features
    if unknown := [name for name in names if name not in catalogue()]:
        raise BundleError(f"this version no longer knows the features {unknown[:5]}: train again")
    if definitions_digest(names) != manifest.definitions_digest:
        raise BundleError(
            "this version computes the bundle's features otherwise (or Polars writes their definitions otherwise): "
            f"train again, or install the version that made it ({manifest.provenance.git_commit or 'unknown commit'}, "
            f"polars {manifest.provenance.libraries['polars']})"
        )


def _json(content: object) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush(path: Path) -> None:
    """Make a file's content, or a folder's entries, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
