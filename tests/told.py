"""What must hold of every sentence that is told in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterable

from credit_scoring.domain.errors import Fault, FaultyInputError

ENGLISH = frozenset({"is", "must", "no", "not", "of", "or", "should", "text", "the", "you"})
_AS_IT_CAME = re.compile(r"'[^']*'|\"[^\"]*\"|\(reçu\s: .*\)")


def assert_told_in_both(faults: Iterable[Fault]) -> None:
    """Fail unless each fault has a French sentence of its own, written as the French write."""
    told = tuple(faults)
    assert told
    for fault in told:
        english, french = fault.problem
        assert french != english
        own = _AS_IT_CAME.sub("", french)
        assert not ENGLISH & set(re.findall(r"(?<![\w'])[a-z]+(?![\w'])", own)), french
        assert not re.search(r"\d\.\d| [:;?!]", own), french


def assert_refused_in_both(error: FaultyInputError) -> None:
    """Fail unless the error's sentence is made of its faults in both languages, and is English as a string."""
    assert_told_in_both(error.faults)
    assert str(error) == error.sentence[0]
    for language, sentence in enumerate(error.sentence):
        assert all(fault.field in sentence and fault.problem[language] in sentence for fault in error.faults)
