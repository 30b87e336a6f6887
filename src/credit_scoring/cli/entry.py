"""The program: its groups of commands, and its exit codes."""

from __future__ import annotations

import sys

import typer
from polars.exceptions import PolarsError

from credit_scoring.cli.applicants import applicants_app
from credit_scoring.cli.challenge import challenge
from credit_scoring.cli.dashboard import dashboard
from credit_scoring.cli.data import data_app
from credit_scoring.cli.decisions import decisions_app
from credit_scoring.cli.drift import drift
from credit_scoring.cli.interrupts import heed_every_interrupt
from credit_scoring.cli.keys import keys_app
from credit_scoring.cli.model import model_app
from credit_scoring.cli.monitor import monitor_app
from credit_scoring.cli.scoring import features, score
from credit_scoring.cli.serve import serve
from credit_scoring.cli.traffic import simulate_traffic
from credit_scoring.cli.training import train, tune
from credit_scoring.cli.wiring import terminal
from credit_scoring.domain.errors import CreditScoringError, MissingExtraError

INTERRUPTED = 130

app = typer.Typer(
    name="credit-scoring",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Probability of default, cheapest decision and honest reasons, from raw application files.",
    epilog="Everything a run keeps lies under CREDIT_SCORING_HOME, by default the working directory.",
)
app.add_typer(data_app, name="data")
app.add_typer(model_app, name="model")
app.add_typer(applicants_app, name="applicants")
app.add_typer(decisions_app, name="decisions")
app.add_typer(keys_app, name="keys")
app.add_typer(monitor_app, name="monitor")
for command in (train, tune, challenge, features, score, drift, serve, dashboard):
    app.command()(command)
app.command("simulate-traffic")(simulate_traffic)


def main() -> None:
    """Run the command line; what goes wrong is one sentence: exit code 1, or 3 for a missing extra."""
    heed_every_interrupt()
    try:
        app()
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:
            terminal.say("stopped: the champion is as it was; nothing half-written is left but temporary files")
        raise
    except MissingExtraError as error:
        terminal.say(f"error: {error}")
        sys.exit(3)
    except (CreditScoringError, OSError, PolarsError) as error:
        terminal.say(f"error: {error}")
        sys.exit(1)
