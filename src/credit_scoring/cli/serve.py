"""``credit-scoring serve``: the API."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from credit_scoring.cli.wiring import read_settings, require_extra, terminal

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
LOCAL_NAMES = frozenset({"localhost"})
_OWN_LOG = {"handlers": ["default"], "level": "INFO", "propagate": False}


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; beyond this machine, callers need an API key.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0: any that is free.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes; they keep one decision log together.")] = 1,
    access_log: Annotated[bool, typer.Option("--access-log", help="Write a line for each request.")] = False,
) -> None:
    """Serve the champion over HTTP, at /docs for people; every decision is recorded before it is answered."""
    with require_extra("serve", "the API"):
        import uvicorn  # noqa: PLC0415 - the serve extra
        from uvicorn.config import LOGGING_CONFIG  # noqa: PLC0415

        from credit_scoring.bootstrap import clock, opened_keys, opened_log  # noqa: PLC0415
        from credit_scoring.service.auth import ensure_key  # noqa: PLC0415
    settings = read_settings()
    clock(settings).now()  # a simulated one that tells no moment is refused before anything starts
    with opened_log(settings) as (log, _), opened_keys(log) as keys:  # brings the database up to date, once
        if not is_local(host):
            ensure_key(keys)
    terminal.say(f"serving on http://{host}:{port}, /docs for people; home {settings.home}; Ctrl-C stops")
    with _shared_metrics(workers):
        uvicorn.run(
            "credit_scoring.service.app:create_app",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            access_log=access_log,
            log_config=LOGGING_CONFIG | {"loggers": LOGGING_CONFIG["loggers"] | {"credit_scoring": _OWN_LOG}},
            timeout_graceful_shutdown=30,
        )


@contextmanager
def _shared_metrics(workers: int) -> Iterator[None]:
    """Give several processes a folder in which Prometheus' client adds up what they count."""
    if workers == 1 or MULTIPROCESS in os.environ:
        yield
        return
    with TemporaryDirectory(prefix="credit-scoring-") as shared:
        os.environ[MULTIPROCESS] = shared
        yield


def is_local(host: str) -> bool:
    """Return whether a host is this machine by its name or address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() in LOCAL_NAMES
