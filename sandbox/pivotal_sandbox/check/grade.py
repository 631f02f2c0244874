"""The grade of a receiver, from its results."""

from collections.abc import Iterable

from pivotal_sandbox.check.case import Group
from pivotal_sandbox.check.model import Grade, Result

_BY_GROUP: dict[Group, Grade] = {
    "authenticity": "F",
    "contract": "D",
    "raw-body": "D",
    "transport": "D",
    "idempotency": "C",
}
_WORST: tuple[Grade, ...] = ("F", "D", "C", "B", "A")


def grade(results: Iterable[Result], *, probed: bool) -> Grade:
    """Return F where it can be forged, D where it refuses what is genuine, C where it doubles.

    B is for less than that, and for a receiver whose effects nobody could see.
    """
    grades: list[Grade] = ["A" if probed else "B"]
    for result in results:
        if result.severity == "info":
            continue
        if result.outcome == "error":
            grades.append("B")
        elif result.outcome == "failed" and result.severity == "must":
            grades.append(_BY_GROUP[result.group])  # type: ignore[index]
        elif result.outcome == "failed" and result.severity == "should":
            grades.append("B")
    return min(grades, key=_WORST.index)
