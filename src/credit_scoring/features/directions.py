"""The direction in which the field expects a feature to act: a model that differs would contradict common sense."""

from __future__ import annotations

# More of it, more risk: lateness, its latest month, what was left unpaid.
RISING = frozenset(
    {
        "AMT_CREDIT_MAX_OVERDUE",
        "AMT_CREDIT_SUM_OVERDUE",
        "AMT_CREDIT_SUM_OVERDUE_TO_AMT_CREDIT_SUM_DEBT",
        "CREDIT_DAY_OVERDUE",
        "DAYS_LATE",
        "IS_LATE",
        "IS_LATE_7D",
        "IS_SHORT",
        "LAST_LATE_MONTH",
        "MONTHS_LATE",
        "MONTHS_LATE_12M",
        "MONTHS_LATE_30",
        "MONTHS_LATE_30_TO_MONTHS",
        "MONTHS_LATE_TO_MONTHS",
        "SK_DPD",
        "SK_DPD_DEF",
        "WORST_STATUS",
    }
)
# More of it, less risk: external scores, days paid ahead.
FALLING = frozenset({"DAYS_MARGIN", "EXT_SOURCE", "EXT_SOURCE_1_2", "EXT_SOURCE_1_3", "EXT_SOURCE_2_3"})
SCORES = frozenset({"EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3"})
# A total rises with the length of a history too, and a long history is a good sign.
_FREE = frozenset({"SUM", "KNOWN"})


def direction_of(name: str) -> int:
    """Return 1 if the PD may only rise with the feature `name`, -1 if it may only fall, 0 if it may do both.

    Examples
    --------
    >>> [direction_of(name) for name in ("EXT_SOURCE_2", "INSTALLMENTS__DAYS_LATE__MAX__365D", "AMT_CREDIT")]
    [-1, 1, 0]
    """
    if name in SCORES:
        return -1
    _, measure, statistic, *_ = (*name.split("__"), "", "")
    if statistic in _FREE:
        return 0
    return (measure in RISING) - (measure in FALLING)
