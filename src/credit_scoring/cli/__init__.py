"""The command line: arguments, wiring and exit codes only; one module a group of commands."""

from credit_scoring.cli.entry import app, main

__all__ = ["app", "main"]
