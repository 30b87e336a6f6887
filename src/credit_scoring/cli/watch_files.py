"""Where a watch is written to: JSON for programs, HTML for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from credit_scoring.batch import drafted, require_writable, watch_matrix, watch_tables
from credit_scoring.bundle.store import Bundle
from credit_scoring.cli.scoring import batch_counter
from credit_scoring.cli.wiring import checked_tables, open_registry, require_extra, terminal
from credit_scoring.monitoring.watch import WatchReport
from credit_scoring.scoring.sample import RowSample

ENDINGS = (".json", ".html")
PURPOSE = "the drift report as HTML"


@dataclass(frozen=True)
class Samples:
    """Rows that a page shows: of now, filled while they are watched, and of training."""

    current: RowSample
    reference: pl.DataFrame


def prepare_files(paths: Sequence[Path], bundle: Bundle, reference: str) -> Samples | None:
    """Refuse what could not be written, before the work is done; return the samples that a page needs, if one is asked.

    Raises
    ------
    DataError
        If a path has another ending, or cannot be written.
    MissingExtraError
        If Evidently, or for the registry's sample MLflow, is not installed.
    RegistryError
        If the registry keeps no sample of this model's training.
    """
    for path in paths:
        require_writable(path, ENDINGS)
    if not any(path.suffix == ".html" for path in paths):
        return None
    with terminal.step("Starting Evidently"), require_extra("report", PURPOSE):
        from credit_scoring.reporting import drift_report  # noqa: F401, PLC0415 - slow and optional
    return Samples(RowSample(), _reference_rows(bundle, reference))


def write_report(report: WatchReport, paths: Sequence[Path], bundle: Bundle, samples: Samples | None) -> None:
    """Write the report to each path, by its ending; each is whole or not there."""
    for path in sorted(paths, key=lambda path: ENDINGS.index(path.suffix)):
        with terminal.step(f"Writing {path}") as bar:
            if path.suffix == ".html" and samples is not None:
                from credit_scoring.reporting.drift_report import drift_report  # noqa: PLC0415 - slow and optional

                content = drift_report(
                    report,
                    samples.current.rows,
                    samples.reference,
                    meanings={card.name: card.meaning.en for card in bundle.manifest.features},
                    made_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
                    on_columns=lambda number: bar.at(f"{number} distributions", 0, None),
                )
            else:
                content = report.model_dump_json(indent=1) + "\n"
            with drafted(path) as draft:
                draft.write_text(content, encoding="utf-8")


def _reference_rows(bundle: Bundle, reference: str) -> pl.DataFrame:
    """Return training rows kept with the registered version, or a sample of other applications, scored now."""
    if reference == "bundle":
        return open_registry().reference_sample(bundle.digest)
    sample = RowSample()
    if bundle.manifest.portfolio == "matrix":
        with terminal.step(f"Scoring {reference} as reference") as bar:
            watch_matrix(bundle, Path(reference), sample=sample, on_rows=batch_counter(bar))
    else:
        with checked_tables(reference) as (tables, _), terminal.step(f"Scoring {reference} as reference") as bar:
            past = "application_train" if "application_train" in tables.frames else None
            watch_tables(bundle, tables, applications=past, sample=sample, on_rows=batch_counter(bar))
    return sample.rows
