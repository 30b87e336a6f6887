"""``credit-scoring simulate-traffic``: a year of applications and outcomes in minutes."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from credit_scoring.cli.monitor import make_pass
from credit_scoring.cli.serve import is_local
from credit_scoring.cli.wiring import require_extra, terminal
from credit_scoring.client.address import API_KEY, DEFAULT_URL
from credit_scoring.domain.errors import DataError


def simulate_traffic(
    to: Annotated[str, typer.Option("--to", metavar="URL", help="Address of the API.")],
    months: Annotated[int, typer.Option(min=1, help="Months to simulate.")] = 12,
    applications: Annotated[int, typer.Option(min=1, help="Applications a month.")] = 500,
    drift: Annotated[
        list[str] | None,
        typer.Option(metavar="SPEC", help="What changes and from which month, such as 7:AMT_INCOME_TOTAL*0.7; repeat."),
    ] = None,
    labels_after: Annotated[str, typer.Option(metavar="DAYS", help="When an outcome is known, such as 90d.")] = "90d",
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day.")] = datetime(2026, 1, 1),
    clock: Annotated[
        Path | None,
        typer.Option(help="The file of the server's CREDIT_SCORING_SIMULATED_CLOCK; without it all is dated now."),
    ] = None,
    keep: Annotated[Path | None, typer.Option(help="Folder for the eight tables, outcomes so far among them.")] = None,
    monitor: Annotated[
        bool, typer.Option("--monitor", help="At each month's end, make a pass of the watch over the month.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Two runs with one seed send the same.")] = 0,
    at_once: Annotated[int, typer.Option(min=1, max=64, help="Requests at a time.")] = 4,
    key: Annotated[str, typer.Option(envvar=API_KEY, help="API key with the scopes score and review.")] = "",
    yes_send_to: Annotated[
        str, typer.Option(metavar="HOST", help="Send to this host although it is another machine.")
    ] = "",
) -> None:
    """Send made-up applications, month by month, and the outcomes of those approved once they are known.

    What the log holds already is not sent again: a run that was stopped goes on with the same command.
    """
    refuse_strangers(to, yes_send_to)
    with require_extra("dashboard", "simulated traffic"):
        import httpx  # noqa: PLC0415 - the dashboard extra

        from credit_scoring.client.api import SECONDS, Api  # noqa: PLC0415
        from credit_scoring.traffic.calendar import Plan  # noqa: PLC0415
        from credit_scoring.traffic.changes import parsed  # noqa: PLC0415
        from credit_scoring.traffic.sending import Sender  # noqa: PLC0415
        from credit_scoring.traffic.year import simulated_months  # noqa: PLC0415
    plan = Plan(
        months=months,
        applications=applications,
        changes=tuple(map(parsed, drift or ())),
        labels_after=_days(labels_after),
        seed=seed,
        start=start.date(),
    )
    if clock is None:
        terminal.notice("the server's clock is real: all is recorded as of now; --clock FILE simulates it")
    with httpx.Client(timeout=SECONDS) as http, terminal.step(f"Simulating {months} months on {to}") as bar:
        sender = Sender(Api(http, to, key, "en"), at_once=at_once)
        for month in simulated_months(sender, plan, clock=clock, keep=keep, on_progress=bar.at):
            counts = Counter(one.decision for one in month.answered)
            terminal.say(
                f"{month.begins:%Y-%m-%d}: {len(month.answered):,} applications, {counts['approve']:,} approved, "
                f"{counts['refer']:,} referred, {counts['decline']:,} declined; {month.outcomes:,} outcomes at its end"
            )
            if monitor:
                make_pass(month.begins, month.ends, at=month.ends)
        bar.made = f"{months * applications:,} applications"


def refuse_strangers(url: str, allowed: str) -> None:
    """Refuse a host that is not this machine, unless it was named.

    Raises
    ------
    DataError
        If made-up applicants would go to another machine, or the address names none.
    """
    host = urlsplit(url).hostname
    if not host:
        raise DataError(f"--to {url!r} is no address; give one such as {DEFAULT_URL}")
    if not is_local(host) and host != allowed:
        raise DataError(
            f"{host} is not this machine: made-up applicants in the log of a real service would stay there for good; "
            f"if it is a service to play with, add --yes-send-to {host}"
        )


def _days(text: str) -> timedelta:
    number = text.removesuffix("d")
    if not number.isdecimal():
        raise DataError(f"--labels-after {text!r} is no number of days; give one such as 90d")
    return timedelta(days=int(number))
