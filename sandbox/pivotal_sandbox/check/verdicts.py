"""Verdicts: how a check ends."""

from dataclasses import dataclass

from pivotal_sandbox.check.model import Exchange, Outcome, Severity

UNSEEN = "without a probe its effects cannot be seen"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a check.

    `severity` and `topic` override those of the check. `deciding` are the exchanges that led to
    the outcome.
    """

    outcome: Outcome
    observed: str
    deciding: tuple[Exchange, ...] = ()
    severity: Severity | None = None
    topic: str | None = None


def passed(observed: str, *deciding: Exchange) -> Verdict:
    """Return that the receiver behaved as expected."""
    return Verdict("passed", observed, deciding)


def failed(
    observed: str,
    *deciding: Exchange,
    severity: Severity | None = None,
    topic: str | None = None,
) -> Verdict:
    """Return that the receiver did not behave as expected."""
    return Verdict("failed", observed, deciding, severity, topic)


def inconclusive(observed: str, *deciding: Exchange) -> Verdict:
    """Return that the check proves nothing, because its positive control failed too."""
    return Verdict("vacuous", observed, deciding)


def skipped(observed: str, *, topic: str | None = None) -> Verdict:
    """Return why the check did not run; `topic` names the advice on how to run it."""
    return Verdict("skipped", observed, topic=topic)
