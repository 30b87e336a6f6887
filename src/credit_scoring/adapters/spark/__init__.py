"""Spark, which brings each client's rows together in one shard, schedules the shards and retries them.

Only this package imports pyspark. What becomes of a shard is ``worker``'s matter: the code of a single machine.
"""

from __future__ import annotations

from importlib.util import find_spec

from credit_scoring.domain.errors import MissingExtraError

if find_spec("pyspark") is None or find_spec("pyarrow") is None:
    raise MissingExtraError("spark", "`--engine spark`")
