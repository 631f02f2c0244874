"""The battery: all checks, in the order of the report."""

from pivotal_sandbox.check.case import REGISTERED, Case
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

# Importing a module registers its checks; the report shows them in this order.
_MODULES = (
    contract,
    forgery,
    tampering,
    timestamps,
    leaks,
    raw_body,
    idempotency,
    durability,
    transport,
    informational,
)
_ORDER = {module.__name__: number for number, module in enumerate(_MODULES)}
CASES: tuple[Case, ...] = tuple(
    sorted(REGISTERED, key=lambda case: (GROUPS.index(case.group), _ORDER[case.run.__module__]))
)


def select_checks(only: tuple[str, ...] = (), skip: tuple[str, ...] = ()) -> tuple[Case, ...]:
    """Return the checks of a run. `only` and `skip` hold ids of checks and names of groups.

    The control, which all others are compared with, is always included. Raises `InputError` for an
    unknown name, with the nearest match.
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
