"""``credit-scoring applicants``: those whom the service finds, shows and scores."""

from __future__ import annotations

import typer

from credit_scoring.adapters.feature_store import FeatureStore, StoreInfo
from credit_scoring.bundle.published import PublishedBundles
from credit_scoring.cli.options import ApplicationsOption, SourceArgument
from credit_scoring.cli.wiring import checked_tables, opened_bundle, read_settings, terminal
from credit_scoring.features.shards import matrices

applicants_app = typer.Typer(no_args_is_help=True, help="The feature store: applicants that the service knows.")


@applicants_app.command("load")
def load(source: SourceArgument, applications: ApplicationsOption = None) -> None:
    """Compute every feature of the applicants and publish them to the service, which takes them up while it runs."""
    store = FeatureStore(read_settings().applicants)
    with (
        opened_bundle("champion", portfolio="home_credit") as (bundle, _),
        checked_tables(source, needed=applications) as (tables, rows),
    ):
        chosen = applications or tables.scored()
        with (
            terminal.step(f"Loading {chosen}") as bar,
            matrices(tables.of(chosen), on_family=lambda name: bar.at(name, 0, None)) as parts,
        ):
            info = store.load(
                parts,
                bundle=bundle,
                applications=chosen,
                columns=tables.columns_of(chosen),
                tables=rows,
                on_rows=lambda done: bar.at("applicants", done, rows[chosen]),
            )
            bar.made = f"{info.applicants:,} applicants, {len(info.features)} features each"


@applicants_app.command("info")
def info() -> None:
    """Tell which applicants are loaded, after reading every byte of them again."""
    settings = read_settings()
    store = FeatureStore(settings.applicants)
    found = store.info()
    with terminal.step(f"Verifying {store.folder}") as bar:
        store.verify()
        bar.made = "every byte as it was written"
    champion = PublishedBundles(settings.models).pointer()
    if champion is not None and champion.champion.digest != found.scored_by:
        terminal.notice("they are scored by another bundle than the champion: a running service scores them again")
    typer.echo(_described(found))


def _described(found: StoreInfo) -> str:
    rows = ", ".join(f"{name} {count:,}" for name, count in found.tables.items())
    return "\n".join(
        [
            f"applicants   {found.applicants:,} of {found.applications}, ids {found.first} to {found.last}",
            f"features     {len(found.features)}, coverage {found.coverage:.1%}",
            f"loaded       {found.created_at}",
            f"scored by    bundle {found.scored_by[:16]}, {found.scored_at}",
            f"from         {rows}",
        ]
    )
