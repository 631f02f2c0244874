"""The battery: all checks, in the order of the report."""

from pivotal_sandbox.check.case import Case
from pivotal_sandbox.check.checks import (
    contract,
    durability,
    forgery,
    idempotency,
    informational,
    leaks,
    raw_body,
    tampering,
    timestamps,
    transport,
)
from pivotal_sandbox.errors import InputError, did_you_mean

GROUPS = ("contract", "authenticity", "raw-body", "idempotency", "transport")
CONTROL = "valid-accepted"

_ALL = (
    *contract.CASES,
    *forgery.CASES,
    *tampering.CASES,
    *timestamps.CASES,
    *leaks.CASES,
    *raw_body.CASES,
    *idempotency.CASES,
    *durability.CASES,
    *transport.CASES,
    *informational.CASES,
)
CASES: tuple[Case, ...] = tuple(sorted(_ALL, key=lambda case: GROUPS.index(case.group)))


def chosen(only: tuple[str, ...] = (), skip: tuple[str, ...] = ()) -> tuple[Case, ...]:
    """Return the checks of a run; ids and names of groups are understood.

    What all others are compared with is always among them. Raises `InputError` for a name that is
    neither, and names the nearest.
    """
    known = {case.id for case in CASES} | set(GROUPS)
    for name in (*only, *skip):
        if name not in known:
            raise InputError(f'There is no check "{name}".{did_you_mean(name, known)}')
    return tuple(
        case
        for case in CASES
        if case.id == CONTROL
        or (
            (not only or case.id in only or case.group in only)
            and not (case.id in skip or case.group in skip)
        )
    )
