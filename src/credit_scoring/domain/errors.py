"""One tree of errors: each carries its data and says what to do. Caught only at the edges."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from credit_scoring.domain.text import Text


class CreditScoringError(Exception):
    """Anything this project refuses, with a sentence that a user can act on, in English or in both languages."""

    def __init__(self, sentence: str | Text) -> None:
        self.sentence = sentence
        super().__init__(sentence.en if isinstance(sentence, Text) else sentence)


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


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with what a caller sent: the field, dotted from the root of the body, and what to do."""

    field: str
    problem: Text

    def __str__(self) -> str:
        return f"{self.field}: {self.problem.en}"


class FaultyInputError(DataError):
    """What a caller sent cannot be scored; every fault found is listed."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(faults)
        shown = faults[:20]
        french = [f"{fault.field}\N{NO-BREAK SPACE}: {fault.problem.fr}" for fault in shown]
        super().__init__(Text("; ".join(map(str, shown)), "\N{NO-BREAK SPACE}; ".join(french)))


class LogUnavailableError(CreditScoringError):
    """The decision log cannot be written or read now; nothing of what was to be written is in it."""

    def __init__(self, where: str, reason: str, advice: str = "once this is put right it goes on by itself") -> None:
        self.where, self.reason, self.advice = where, reason, advice
        super().__init__(f"the decision log {where} cannot be used: {reason}; {advice}")


class WatchUnavailableError(CreditScoringError):
    """The watch's book cannot be written or read now; decisions do not depend on it."""

    def __init__(self, where: str, reason: str) -> None:
        self.where, self.reason = where, reason
        super().__init__(f"the watch's book {where} cannot be used: {reason}; decisions go on without it")


class WebhookError(CreditScoringError):
    """Whoever should hear of alerts did not take them; they are sent again at the next pass."""

    def __init__(self, host: str, reason: str) -> None:
        self.host, self.reason = host, reason
        super().__init__(f"the webhook on {host} did not take the alerts: {reason}; the next pass sends them again")


class ClockError(CreditScoringError):
    """The simulated clock tells no moment, so nothing can be dated."""

    def __init__(self, file: Path, reason: str) -> None:
        self.file, self.reason = file, reason
        super().__init__(
            f"the simulated clock {file} cannot be read: {reason}; write a moment such as 2026-01-01T00:00:00Z to it, "
            "or unset CREDIT_SCORING_SIMULATED_CLOCK"
        )


class LogTamperedError(CreditScoringError):
    """The decision log does not hold what was written to it; ``sequence`` is the first entry that does not fit."""

    def __init__(self, sequence: int, reason: str) -> None:
        self.sequence, self.reason = sequence, reason
        super().__init__(
            f"entry {sequence} of the decision log does not fit: {reason}; "
            f"keep the database as it is for whoever examines it, and compare entry {sequence} with a backup"
        )


class UnknownDecisionError(DataError):
    """The decision log holds no entry of this id."""

    def __init__(self, decision: str) -> None:
        self.decision = decision
        super().__init__(
            Text(
                f"the decision log holds no {decision!r}; give an id as it was answered by the service",
                f"le journal des décisions ne contient pas {decision!r}\N{NO-BREAK SPACE}; "
                "donnez un identifiant tel que le service l'a fourni",
            )
        )


@dataclass(frozen=True, slots=True)
class OutcomeConflict:
    """Two different outcomes of one decision, each told as text."""

    decision: str
    recorded: str
    given: str

    def __str__(self) -> str:
        return f"decision {self.decision}: recorded {self.recorded}, given {self.given}"


class ConflictingOutcomeError(DataError):
    """Outcomes differ from those of the same decisions that are recorded, or given beside them."""

    SHOWN = 10

    def __init__(self, conflicts: list[OutcomeConflict]) -> None:
        self.conflicts = tuple(conflicts)
        number = len(conflicts)
        lines = [f"  - {conflict}" for conflict in conflicts[: self.SHOWN]]
        if number > self.SHOWN:
            lines.append(f"  - and {number - self.SHOWN} more")
        super().__init__(
            f"{number} outcome{'s' if number != 1 else ''} in conflict, so that nothing was recorded; "
            "leave them out or correct them:\n" + "\n".join(lines)
        )


class NotActionableError(FaultyInputError):
    """A simulation asks to change what an applicant cannot change."""

    def __init__(self, field: str, allowed: tuple[str, ...], why: Text, *, place: str = "changes") -> None:
        self.field, self.allowed = field, allowed
        listed = ", ".join(allowed)
        told = Text(
            f"{why.en}; these can be changed: {listed}",
            f"{why.fr}\N{NO-BREAK SPACE}; champs modifiables\N{NO-BREAK SPACE}: {listed}",
        )
        super().__init__([Fault(f"{place}.{field}", told)])


class StoreUnavailableError(DataError):
    """The feature store cannot be read or written now."""

    def __init__(
        self, reason: str, advice: str = "load the applicants again with `credit-scoring applicants load DIR`"
    ) -> None:
        self.reason, self.advice = reason, advice
        super().__init__(f"{reason}; {advice}")


class UnknownApplicantError(DataError):
    """The feature store holds no such applicant; ``first`` and ``last`` are its lowest and highest ids."""

    def __init__(self, applicants: Collection[int], first: int, last: int, *, nearest: int) -> None:
        self.applicants, self.first, self.last, self.nearest = tuple(applicants), first, last, nearest
        shown = ", ".join(map(str, self.applicants[:5])) + (", …" if len(self.applicants) > 5 else "")
        super().__init__(
            Text(
                f"no applicant {shown}; ids run from {first} to {last}, the nearest is {nearest}",
                f"aucun demandeur {shown}\N{NO-BREAK SPACE}; les numéros vont de {first} à {last}, "
                f"le plus proche est {nearest}",
            )
        )


class TrafficError(CreditScoringError):
    """Simulated traffic cannot go on; what was recorded stays, and the same command goes on from there."""
