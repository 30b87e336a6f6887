"""The published versions: the one that decides, the one in its shadow, and those that decided before."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from credit_scoring.bundle.manifest import Metric
from credit_scoring.bundle.published import Pointer, Published
from credit_scoring.bundle.store import Bundle, load_bundle
from credit_scoring.domain.errors import BundleError, CreditScoringError
from credit_scoring.service.champion import Champion
from credit_scoring.service.problems import NO_MODEL, RefusedError
from credit_scoring.wire.model import Interval, ModelVersion, ModelVersions

Role = Literal["champion", "challenger", "former"]
_UNKNOWN = {"candidate": None, "trained_at": None, "auc": None, "cost": None, "cutoff": None}


def model_versions(champion: Champion) -> ModelVersions:
    """Return what the pointer names, each bundle once; one that cannot be loaded says why.

    Raises
    ------
    RefusedError
        503 if there is no pointer, or it cannot be read.
    """
    try:
        pointer = champion.published.pointer()
    except (BundleError, OSError) as error:
        raise RefusedError(503, str(error), kind=NO_MODEL) from error
    if pointer is None:
        raise RefusedError(503, "no model is promoted: `credit-scoring model promote VERSION`", kind=NO_MODEL)
    loaded = {one.digest: one.bundle for one in (champion.serving, champion.challenger) if one is not None}
    listed: dict[str, ModelVersion] = {}
    for role, published in _named(pointer):
        if published.digest not in listed:
            path = champion.published.path(published.digest)
            listed[published.digest] = _version(role, published, path, loaded.get(published.digest))
    return ModelVersions(versions=tuple(listed.values()))


def _named(pointer: Pointer) -> Iterator[tuple[Role, Published]]:
    yield "champion", pointer.champion
    if pointer.challenger is not None:
        yield "challenger", pointer.challenger
    for published in reversed(pointer.former):
        yield "former", published


def _version(role: Role, published: Published, folder: Path, bundle: Bundle | None) -> ModelVersion:
    try:
        known = _facts(bundle) if bundle is not None else _read(folder, published.digest)
    except (CreditScoringError, OSError) as error:
        known = _UNKNOWN | {"problem": str(error)}
    return ModelVersion(
        name=published.model_name, version=published.version, digest=published.digest, role=role, **known
    )


@lru_cache(maxsize=256)
def _read(folder: Path, digest: str) -> dict[str, Any]:
    """Return the facts of a published bundle; that it was verified once is enough, as its digest names them."""
    return _facts(load_bundle(folder, digest=digest))


def _facts(bundle: Bundle) -> dict[str, Any]:
    measured = bundle.manifest.out_of_fold
    return {
        "candidate": bundle.manifest.candidate,
        "trained_at": bundle.manifest.provenance.created_at,
        "auc": _interval(measured.metrics.get("auc")),
        "cost": _interval(measured.at_cutoff.get("cost")),
        "cutoff": bundle.policy.cutoff,
    }


def _interval(metric: Metric | None) -> Interval | None:
    return None if metric is None else Interval(**metric.model_dump())
