"""``credit-scoring monitor``: passes of the watch over recorded decisions, and the alerts that are open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from credit_scoring.adapters.clock import Clock
from credit_scoring.bundle.published import PublishedBundles
from credit_scoring.cli.periods import duration, moment
from credit_scoring.cli.scoring import batch_counter
from credit_scoring.cli.wiring import opened_decisions, read_settings, require_extra, terminal
from credit_scoring.domain.errors import DataError, WebhookError
from credit_scoring.monitoring.told import told, told_alert, told_pass

if TYPE_CHECKING:
    from credit_scoring.adapters.watch_book import WatchBook
    from credit_scoring.watch_log import Watched

ALARM = 2

monitor_app = typer.Typer(no_args_is_help=True, help="The watch: passes over recorded decisions, alerts.")


@monitor_app.command("run")
def monitor_run(
    window: Annotated[str, typer.Option(help="How far back the decisions go: 30d, 12h.")] = "30d",
    until: Annotated[
        str | None, typer.Option(help="The end of the window: a day, a moment, or 7d for so long ago; default: now.")
    ] = None,
) -> None:
    """Compare the champion's decisions of a window with training, record that, and open and close alerts.

    A window that ends before that of another pass is judged by what was known then, and changes no alert.
    Exit code 2 if an alert is opened, else 0: an alert is opened once, and closes when its check is steady again.
    """
    now = recorded_now()
    end = now if until is None else moment(until, now)
    if end > now:
        raise DataError(f"--until {until} has not come yet: a pass is over recorded decisions")
    with terminal.step("Comparing recorded decisions with training") as bar:
        opened = make_pass(end - duration(window), end, at=now, on_rows=batch_counter(bar))
    if opened:
        raise typer.Exit(ALARM)


def recorded_now() -> datetime:
    """Return the moment by the clock that dates what is recorded."""
    return Clock(read_settings().simulated_clock).now()


def make_pass(
    since: datetime, until: datetime, *, at: datetime, on_rows: Callable[[int], None] = lambda _: None
) -> int:
    """Make a pass over a period, dated `at`, tell it, and return how many alerts it opens."""
    champion, bundle = PublishedBundles(read_settings().models).deciding()
    with opened_decisions() as log, opened_book() as book:
        from credit_scoring.watch_log import record_pass, watch_decisions  # noqa: PLC0415 - the serve extra

        found = watch_decisions(bundle, log, since, until, on_rows=on_rows)
        made, happened = record_pass(book, bundle, champion.version, found, at)
        (newest,) = book.passes(limit=1)
        _send(book)
    for notice in left_out(found):
        terminal.notice(notice)
    if newest.until > until:
        terminal.notice(f"a pass up to {newest.until:%Y-%m-%d %H:%M} is recorded: this older one changes no alert")
    typer.echo(told_pass(made))
    if found.report is not None:
        typer.echo(told(found.report))
    for alert in (*happened.opened, *happened.closed):
        terminal.say(told_alert(alert))
    return len(happened.opened)


@monitor_app.command("show")
def monitor_show(
    passes: Annotated[int, typer.Option(min=1, help="How many of the latest passes to show.")] = 10,
) -> None:
    """Show the latest passes and the alerts that are open; exit code 2 if any is."""
    with opened_book() as book:
        listed, alerts = book.passes(limit=passes), book.open_alerts()
    if not listed:
        terminal.say("no pass is recorded: `credit-scoring monitor run` makes one")
    for one in listed:
        typer.echo(told_pass(one))
    for alert in alerts:
        typer.echo(told_alert(alert))
    if alerts:
        raise typer.Exit(ALARM)


def left_out(found: Watched) -> Iterator[str]:
    """Yield a sentence on each kind of decision that was not compared."""
    if found.others:
        yield f"{found.others:,} decisions of other models in this period are not compared"
    if found.purged:
        yield f"{found.purged:,} decisions whose feature values were purged are not compared"


@contextmanager
def opened_book() -> Iterator[WatchBook]:
    """Open the watch's book; nothing is made before a pass is recorded."""
    with require_extra("serve", "the watch's book"):
        from credit_scoring.bootstrap import watch_book  # noqa: PLC0415 - the serve extra
    with watch_book(read_settings()) as book:
        yield book


def _send(book: WatchBook) -> None:
    """Send what no webhook has taken yet; a failure is told and does not undo the pass."""
    from credit_scoring.adapters.webhook import send  # noqa: PLC0415 - half the time of a start

    url = read_settings().alert_webhook
    untold = book.untold() if url else []
    if not untold:
        return
    try:
        send(url, [alert for _, alert in untold], [told_alert(alert) for _, alert in untold])
    except WebhookError as error:
        terminal.notice(str(error))
    else:
        book.tell(untold)
