"""``credit-scoring dashboard``: the loan officer's pages."""

from __future__ import annotations

import os
import sys
from importlib.resources import files
from typing import Annotated

import typer

from credit_scoring.cli.wiring import require_extra
from credit_scoring.client.address import API_URL, DEFAULT_URL


def dashboard(
    api: Annotated[str, typer.Option(envvar=API_URL, help="Address of the API.")] = DEFAULT_URL,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = 8501,
) -> None:
    """Open the dashboard, which asks the API and nothing else; CREDIT_SCORING_API_KEY is the key it asks with."""
    with require_extra("dashboard", "the dashboard"):
        import streamlit  # noqa: F401, PLC0415 - the dashboard extra
    script = files("credit_scoring.dashboard").joinpath("__main__.py")
    command = [sys.executable, "-m", "credit_scoring.dashboard.server", "run", str(script)]
    command += ["--server.address", host, "--server.port", str(port)]
    os.execve(sys.executable, command, os.environ | {API_URL: api})  # noqa: S606 - no shell is wanted
