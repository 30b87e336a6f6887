"""What Spark tells at length, told in one sentence."""

from __future__ import annotations

import re

from credit_scoring.domain.errors import CreditScoringError, EngineError, ShardError, UnreadableFileError

_SHARD = re.compile(r"RuntimeError: shard (\d+) of (\d+): (.+)")
_FILE = re.compile(r"\[FAILED_READ_FILE[^]]*\] Encountered error while reading file (\S+?)\.\s")
_CAUSE = re.compile(r"(?:Caused by: |^: ?)[\w.$]+: (.+)", re.MULTILINE)


def failed_shard(shard: int, shards: int, error: Exception) -> RuntimeError:
    """Return the error by which a worker tells Spark to try a shard again; `plain` reads it back."""
    reason = " ".join(str(error).split())
    return RuntimeError(f"shard {shard} of {shards}: {type(error).__name__}: {reason}")


def plain(text: str) -> CreditScoringError:
    r"""Return the error behind the text of one of Spark's, traces and all.

    Examples
    --------
    >>> plain("Traceback ...\nRuntimeError: shard 3 of 8: OSError: disk full\n")
    ShardError('shard 3 of 8 cannot be worked on: OSError: disk full')
    >>> plain(": java.lang.IllegalStateException: no space\n\tat org.apache...")
    EngineError('Spark gave up: no space')
    """
    if found := _SHARD.search(text):
        return ShardError(int(found[1]), int(found[2]), found[3])
    causes = _CAUSE.findall(text)
    last = (causes[-1] if causes else text.strip().split("\n")[0])[:300]
    if found := _FILE.search(text):
        return UnreadableFileError(found[1].removeprefix("file:").replace("///", "/"), last)
    if "JAVA_GATEWAY_EXITED" in text:
        return EngineError("Spark could not start Java: it needs Java 17 or newer (on Debian, default-jre-headless)")
    return EngineError(f"Spark gave up: {last}")
