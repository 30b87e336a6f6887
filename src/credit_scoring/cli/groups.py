"""Options that belong together, written once as a dataclass: a command that takes one has its fields as options."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from typing import Any, get_type_hints


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Return `command` with the fields of its dataclass parameters, in their place, as Typer is to see them.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Place:
    ...     folder: str
    ...     depth: int = 1
    >>> @grouped
    ... def show(place: Place, *, loud: bool = False) -> None:
    ...     print(place, loud)
    >>> list(inspect.signature(show).parameters)
    ['folder', 'depth', 'loud']
    >>> show(folder="a", depth=2, loud=True)
    Place(folder='a', depth=2) True
    """
    own = inspect.signature(command, eval_str=True)
    kinds = {name: told.annotation for name, told in own.parameters.items()}
    groups = {name: kind for name, kind in kinds.items() if isinstance(kind, type) and is_dataclass(kind)}

    def parameters() -> Iterator[inspect.Parameter]:
        for name, told in own.parameters.items():
            if name not in groups:
                yield told.replace(kind=inspect.Parameter.KEYWORD_ONLY)
                continue
            types = get_type_hints(groups[name], include_extras=True)
            for one in fields(groups[name]):
                default = inspect.Parameter.empty if one.default is MISSING else one.default
                yield inspect.Parameter(
                    one.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=types[one.name]
                )

    @wraps(command)
    def called(**given: Any) -> None:
        made = {name: group(**{f.name: given.pop(f.name) for f in fields(group)}) for name, group in groups.items()}
        command(**made, **given)

    called.__signature__ = own.replace(parameters=list(parameters()))  # type: ignore[attr-defined]
    return called
