"""The definition of a check, and the decorator that registers one."""

from collections.abc import Awaitable, Callable, Container
from dataclasses import dataclass
from typing import Literal

from pivotal_sandbox.check.context import CheckContext, Stage
from pivotal_sandbox.check.model import Severity
from pivotal_sandbox.check.verdicts import Verdict

Group = Literal["contract", "authenticity", "raw-body", "idempotency", "transport"]
Need = Literal["probe", "previous_secret", "revoked_secret", "start"]
CheckFunction = Callable[[CheckContext], Awaitable[Verdict]]

NEEDED: dict[Need, str] = {
    "probe": "a probe",
    "previous_secret": "the previous secret",
    "revoked_secret": "the revoked secret",
    "start": "a receiver that check starts itself, by --start",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One check of the battery.

    `expected` and `reason` are sentences for the report. `topic` names the advice for a failure,
    `stage` is when the check runs, and `needs` are the options that it cannot run without.
    """

    id: str
    title: str
    group: Group
    severity: Severity
    stage: Stage
    expected: str
    reason: str
    topic: str
    run: CheckFunction
    needs: tuple[Need, ...] = ()

    def unmet_needs(self, options: Container[str]) -> tuple[Need, ...]:
        """Return the needs that are not among `options`.

        A missing probe does not count: the check is skipped then, and the report says why.
        """
        return tuple(need for need in self.needs if need != "probe" and need not in options)


REGISTERED: list[Case] = []
"""All checks, in the order in which their modules define them."""


def check(
    id: str,
    *,
    title: str,
    group: Group,
    severity: Severity,
    stage: Stage,
    expected: str,
    reason: str,
    topic: str,
    needs: tuple[Need, ...] = (),
) -> Callable[[CheckFunction], CheckFunction]:
    """Register the decorated function as the check `id`. See `Case` for the other arguments."""

    def register(run: CheckFunction) -> CheckFunction:
        REGISTERED.append(
            Case(id, title, group, severity, stage, expected, reason, topic, run, needs)
        )
        return run

    return register
