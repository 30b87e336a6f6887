"""One tree of errors: each carries its data and says what to do. Caught only at the edges."""

from __future__ import annotations

from dataclasses import dataclass


class CreditScoringError(Exception):
    """Anything this project refuses, with a sentence that a user can act on."""


class DataError(CreditScoringError):
    """Input data cannot be used as it is."""


class UnreadableFileError(DataError):
    """A file of the input cannot be read."""

    def __init__(self, file: str, reason: str) -> None:
        self.file, self.reason = file, reason
        super().__init__(f"{file} cannot be read: {reason}; replace the file")


class ShardError(DataError):
    """One shard of the clients cannot be worked on, and trying again did not help."""

    def __init__(self, shard: int, shards: int, reason: str) -> None:
        self.shard, self.shards, self.reason = shard, shards, reason
        super().__init__(f"shard {shard} of {shards} cannot be worked on: {reason}")


class EngineError(CreditScoringError):
    """What should do the work cannot start, or gave up."""


class BundleError(CreditScoringError):
    """A bundle cannot be trusted or understood."""


class RegistryError(CreditScoringError):
    """The model registry cannot do what was asked."""


class StudyError(CreditScoringError):
    """The tuning study cannot do what was asked."""


class MissingExtraError(CreditScoringError):
    """A feature needs an optional dependency that is not installed."""

    def __init__(self, extra: str, purpose: str) -> None:
        self.extra, self.purpose = extra, purpose
        super().__init__(
            f"{purpose} needs the optional dependencies {extra!r}: install `credit-scoring[{extra}]` "
            f"(from a checkout: pip install '.[{extra}]')"
        )


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a table breaks its schema.

    ``column`` is empty where the whole table is meant; ``count`` is the number of rows (or files)
    concerned; ``examples`` are at most three keys of such rows, or offending values where a row has no key.
    """

    table: str
    column: str
    problem: str
    count: int
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = f"{self.table}.{self.column}" if self.column else self.table
        shown = f" (for example {', '.join(self.examples)})" if self.examples else ""
        rows = f"{self.count} row{'s' if self.count != 1 else ''}: " if self.count else ""
        return f"{place}: {rows}{self.problem}{shown}"


class TableViolationsError(DataError):
    """The tables break their schema; every violation is listed."""

    def __init__(self, violations: list[Violation]) -> None:
        self.violations = tuple(violations)
        lines = "\n".join(f"  - {violation}" for violation in violations)
        number = len(violations)
        super().__init__(f"{number} violation{'s' if number != 1 else ''} of the schema:\n{lines}")
