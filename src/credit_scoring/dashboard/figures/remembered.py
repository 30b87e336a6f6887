"""Charts that are drawn once: a page that runs again shows what it drew of the same answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from typing import Final, ParamSpec

from pydantic_core import to_json

from credit_scoring.dashboard.charts import Chart

MOST: Final = 256
P = ParamSpec("P")


@dataclass(frozen=True)
class _Asked:
    """A chart as it is asked for; equal content is the same chart, whichever objects hold it."""

    content: bytes
    draw: Callable[[], Chart] = field(compare=False)


def remembered(build: Callable[P, Chart]) -> Callable[P, Chart]:
    """Return `build` that keeps the charts drawn last, by what they were drawn of; nobody may change them."""

    @wraps(build)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Chart:
        content = to_json((build.__module__, build.__qualname__, args, kwargs))
        return _drawn(_Asked(content, lambda: build(*args, **kwargs)))

    return drawn


@lru_cache(maxsize=MOST)
def _drawn(asked: _Asked) -> Chart:
    return asked.draw()
