"""A check as data: its name, why it matters, how it is run, and the verdict it comes to."""

from collections.abc import Awaitable, Callable, Container
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pivotal_sandbox.check.model import Exchange, Outcome, Severity

if TYPE_CHECKING:
    from pivotal_sandbox.check.context import CheckContext

Group = Literal["contract", "authenticity", "raw-body", "idempotency", "transport"]

Turn = Literal[
    "first",  # before all others: what they build on
    "hostile",  # one request after the other, so that it is known which one did harm
    "genuine",  # one after the other, beside the hostile ones
    "waiting",  # all at once: they mostly wait
    "crowd",  # alone, when the others are done
    "last",  # judges what all the others have seen
    "restart",  # kills the receiver, and so comes after all
]

Need = Literal["probe", "previous_secret", "revoked_secret", "start"]

UNSEEN = "without a probe its effects cannot be seen"
NEEDED: dict[Need, str] = {
    "probe": "a probe",
    "previous_secret": "the previous secret",
    "revoked_secret": "the revoked secret",
    "start": "a receiver that check starts itself, by --start",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a check ended.

    `severity` and `topic` are the case's own where they are None; `deciding` are the exchanges
    that led to it.
    """

    outcome: Outcome
    observed: str
    deciding: tuple[Exchange, ...] = ()
    severity: Severity | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One check of the battery. `topic` names its advice; `needs` is what it cannot do without."""

    id: str
    title: str
    group: Group
    severity: Severity
    expected: str
    reason: str
    topic: str
    turn: Turn
    run: "Callable[[CheckContext], Awaitable[Verdict]]"
    needs: tuple[Need, ...] = ()

    def unmet(self, given: Container[str]) -> tuple[Need, ...]:
        """Return which of its needs are not `given`, apart from a probe, which it can do without.

        Without one it is skipped, and says so.
        """
        return tuple(need for need in self.needs if need != "probe" and need not in given)


def passed(observed: str, *deciding: Exchange) -> Verdict:
    """Return that all is well."""
    return Verdict("passed", observed, deciding)


def failed(
    observed: str,
    *deciding: Exchange,
    severity: Severity | None = None,
    topic: str | None = None,
) -> Verdict:
    """Return that it is not."""
    return Verdict("failed", observed, deciding, severity, topic)


def vacuous(observed: str, *deciding: Exchange) -> Verdict:
    """Return that nothing can be concluded: what should have passed did not either."""
    return Verdict("vacuous", observed, deciding)


def skipped(observed: str, *, topic: str | None = None) -> Verdict:
    """Return that it was not tested, and why; `topic` names what to do to have it tested."""
    return Verdict("skipped", observed, topic=topic)
