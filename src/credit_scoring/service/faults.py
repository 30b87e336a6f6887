"""What Pydantic finds wrong with a request, as faults told in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from credit_scoring.domain.errors import Fault
from credit_scoring.domain.text import Text, figure
from credit_scoring.wire.base import OWN_RULE

Found = Mapping[str, Any]
MOST_FAULTS = 20
_UNION_BRANCHES = frozenset({"float", "str", "constrained-str", "constrained-float", "function-after"})
# What a field must ("doit …") by the type of Pydantic's error; any other type is told in English to everybody.
_MUST: Mapping[str, str] = {
    "missing": "être renseigné",
    "extra_forbidden": "être retiré (champ inconnu)",
    "float_type": "être un nombre",
    "float_parsing": "être un nombre",
    "finite_number": "être un nombre fini",
    "int_type": "être un nombre entier",
    "int_parsing": "être un nombre entier",
    "int_parsing_size": "être un nombre entier",
    "int_from_float": "être un nombre entier",
    "greater_than": "être supérieur à {gt}",
    "greater_than_equal": "être supérieur ou égal à {ge}",
    "less_than_equal": "être inférieur ou égal à {le}",
    "bool_type": "être true ou false",
    "bool_parsing": "être true ou false",
    "string_type": "être un texte",
    "string_too_short": "compter au moins {min_length} caractère(s)",
    "string_too_long": "compter au plus {max_length} caractères",
    "string_pattern_mismatch": "être de la forme {pattern}",
    "literal_error": "être {expected}",
    "date_type": "être une date valable",
    "date_from_datetime_parsing": "être une date valable",
    "datetime_type": "être une date et une heure valables",
    "datetime_from_date_parsing": "être une date et une heure valables",
    "timezone_aware": "préciser le fuseau horaire",
    "list_type": "être une liste",
    "too_short": "compter au moins {min_length} élément(s)",
    "too_long": "compter au plus {max_length} éléments",
    "dict_type": "être un objet JSON",
    "model_type": "être un objet JSON",
}


def body_faults(found: Iterable[Found]) -> list[Fault]:
    """Return the faults of a body, those of the branches of a union together."""
    by_field: dict[str, list[Found]] = {}
    for one in found:
        place = [str(part) for part in one["loc"] if str(part).partition("[")[0] not in _UNION_BRANCHES]
        by_field.setdefault(".".join(place)[:200] or "body", []).append(one)
    return [Fault(field, _told(own)) for field, own in list(by_field.items())[:MOST_FAULTS]]


def parameter_faults(found: Sequence[Found]) -> list[Fault]:
    """Return the faults of what stands in an address, as FastAPI finds them."""
    return [
        Fault(".".join(map(str, one["loc"][1:]))[:200], Text(_message(one), _french([one]) or _message(one)))
        for one in found[:MOST_FAULTS]
    ]


def _told(found: Sequence[Found]) -> Text:
    expected = " or ".join(dict.fromkeys(_message(one).removeprefix("Input should be ") for one in found))
    english = f"must be {expected}" if expected.startswith(("a ", "an ", "'")) else expected
    return Text(english, _french(found) or english)


def _message(one: Found) -> str:
    return str(one["msg"]).removeprefix("Value error, ")


def _french(found: Sequence[Found]) -> str:
    """Return what is wrong in French, or nothing where it is not known."""
    if found[0]["type"] == OWN_RULE:
        return str(found[0]["ctx"]["fr"])
    if any(one["type"] not in _MUST for one in found):
        return ""
    needs = dict.fromkeys(_MUST[one["type"]].format_map(_shown(one.get("ctx", {}))) for one in found)
    return "doit " + " ou ".join(needs).replace(" ou être ", " ou ")


def _shown(context: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: figure(value).fr if isinstance(value, int | float) else str(value).replace(" or ", " ou ")
        for name, value in context.items()
    }
