"""``credit-scoring challenge`` and ``model compare``: whether a challenger may take the champion's place."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Never

import polars as pl
import typer

from credit_scoring.bundle.published import Published, PublishedBundles
from credit_scoring.bundle.store import Bundle, load_bundle
from credit_scoring.cli.groups import grouped
from credit_scoring.cli.model import model_app
from credit_scoring.cli.monitor import opened_book
from credit_scoring.cli.options import ByOption
from credit_scoring.cli.training import Fitting, Input, trained_from
from credit_scoring.cli.wiring import open_registry, opened_bundle, read_settings, require_extra, terminal, who
from credit_scoring.domain.errors import BundleError, DataError, MissingExtraError, WatchUnavailableError
from credit_scoring.monitoring.challenge_told import told
from credit_scoring.monitoring.challenger import Contender, compare
from credit_scoring.monitoring.promotion import Challenge, judge
from credit_scoring.monitoring.slices import ATTRIBUTES
from credit_scoring.scoring.golden import verify_golden_rows
from credit_scoring.scoring.intake import Intake

if TYPE_CHECKING:
    from credit_scoring.adapters.mlflow_registry import MlflowRegistry

REPORT = "challenge.json"
EXITS = {"promote": 0, "refuse": 2, "wait": 4}
ABOUT = tuple(ATTRIBUTES.values())
Side = tuple[Published, Bundle]
OutOption = Annotated[Path | None, typer.Option("-o", "--out", help="File to write the comparison to as well, .json.")]


@grouped
def challenge(given: Input, fitting: Fitting, *, by: ByOption = None, out: OutOption = None) -> None:
    """Train a challenger as train does, by the champion's costs, and say whether it may be promoted; nothing is.

    Exit code 0: it may; 2: it must not; 4: wait. Codes: docs/reference/checks.md.
    """
    given.require_one()
    _require_json(out)
    decides, champion = _champion(portfolio="matrix" if given.matrix else "home_credit")
    registry = open_registry()
    seen = registry.seen(decides.digest)
    data, trained = trained_from(given, champion.policy.costs, fitting)
    with terminal.step("Registering") as bar:
        version, challenger = registry.record(trained, promote=False, by=by or who())
        bar.made = f"version {version.version}, {', '.join(version.aliases)}"
    from credit_scoring.training.paired import paired_rows, unknown_applications  # noqa: PLC0415 - the training extra

    why = unknown_applications(champion, data, challenger.manifest.provenance.data_fingerprint, seen)
    if why or seen is None:
        _leave_uncompared(version.version, why)
    with terminal.step("Comparing with the champion"):
        rows = paired_rows(data, (champion, seen), (challenger, trained.seen), about=ABOUT)
        new = Published(model_name=decides.model_name, version=version.version, digest=challenger.digest)
        shared = int(rows["champion_trained"].sum())
        compared_on = (
            f"labelled, {shared:,} of them of the champion's training; each by PDs of models that never saw it"
        )
        found = _judged(rows, (decides, champion), (new, challenger), compared_on)
    _finish(found, registry, out)


@model_app.command("compare")
def model_compare(out: OutOption = None) -> None:
    """Compare the challenger's shadow scores with the champion's recorded decisions, where outcomes are known.

    Exit code 0: it may be promoted; 2: it must not; 4: wait. Only the approved have outcomes; the output says so.
    """
    _require_json(out)
    settings = read_settings()
    decides, champion = _champion()
    published = PublishedBundles(settings.models)
    pointer = published.pointer()
    if pointer is None or pointer.challenger is None:
        raise DataError("there is no challenger: train one with `credit-scoring challenge DIR`")
    new = pointer.challenger
    challenger = load_bundle(published.path(new.digest), digest=new.digest)
    with require_extra("serve", "the decision log"):
        from credit_scoring.adapters.decision_log.shadows import shadowed  # noqa: PLC0415 - the serve extra
        from credit_scoring.bootstrap import opened_log  # noqa: PLC0415
    with opened_log(settings) as (log, _), terminal.step("Reading the decision log") as bar:
        rows = shadowed(log, champion, new.digest, about=ABOUT, on_rows=lambda read: bar.at("shadows", read, None))
        bar.made = f"{rows.height:,} decisions with the challenger's score, {rows['defaulted'].count():,} outcomes"
    if not rows.height:
        raise DataError("no decision of the champion has the challenger's shadow score yet: serve both for a while")
    found = _judged(
        rows, (decides, champion), (new, challenger), "recorded decisions, scored by the challenger in shadow"
    )
    _finish(found, open_registry(), out)


def _champion(portfolio: str | None = None) -> Side:
    pointer = PublishedBundles(read_settings().models).pointer()
    if pointer is None:
        raise DataError("there is no champion to challenge: `credit-scoring train` makes the first model champion")
    with opened_bundle("champion", portfolio=portfolio) as (bundle, _):
        return pointer.champion, bundle


def _require_json(out: Path | None) -> None:
    """Refuse a place that cannot be written before the work is done, not after."""
    if out is not None and (out.suffix != ".json" or not out.absolute().parent.is_dir()):
        raise DataError(f"{out} must end in .json and lie in a folder that exists")


def _judged(rows: pl.DataFrame, champion: Side, challenger: Side, compared_on: str) -> Challenge:
    found = compare(
        rows,
        _contender(*champion),
        _contender(*challenger),
        champion[1].policy.costs,
        developed=(champion[1].out_of_fold["p_default"].to_numpy(), challenger[1].out_of_fold["p_default"].to_numpy()),
        compared_on=compared_on,
    )
    unsound = ""
    try:
        verify_golden_rows(challenger[1], Intake(challenger[1]))
    except BundleError as error:
        unsound = str(error)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return Challenge(at=at, judgement=judge(found, unsound=unsound), comparison=found)


def _contender(published: Published, bundle: Bundle) -> Contender:
    return Contender(
        version=published.version,
        digest=published.digest,
        candidate=bundle.manifest.candidate,
        cutoff=bundle.policy.cutoff,
    )


def _finish(found: Challenge, registry: MlflowRegistry, out: Path | None) -> Never:
    """Keep the comparison under the home folder, with the challenger's run and in the watch's book; leave with code."""
    reports = read_settings().reports
    reports.mkdir(parents=True, exist_ok=True)
    content = found.model_dump_json(indent=1) + "\n"
    for path in (reports / REPORT, *([out] if out is not None else [])):
        draft = path.with_name(f".{path.name}.part")
        draft.write_text(content, encoding="utf-8")
        draft.replace(path)
    registry.log_comparison(found.comparison.challenger.digest, content)
    try:
        with opened_book() as book:
            book.record_challenge(found)
    except (MissingExtraError, WatchUnavailableError) as error:
        terminal.notice(f"the service and the dashboard are not told of this comparison: {error}")
    typer.echo(told(found))
    raise typer.Exit(EXITS[found.judgement.verdict])


def _leave_uncompared(version: int, why: str) -> Never:
    typer.echo(
        f"Challenger version {version}: WAIT. It cannot be compared on these applications, as nobody can tell which "
        f"of them the champion has seen: {why}. It is scored in the champion's shadow from now on; once outcomes are "
        "known, `credit-scoring model compare` compares them."
    )
    raise typer.Exit(EXITS["wait"])
