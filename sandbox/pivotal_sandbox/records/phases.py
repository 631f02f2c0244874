"""The phases of an onboarding: a list of objects with key, status and moments."""

from collections.abc import Collection, Sequence
from typing import Any, TypeGuard

from pivotal_sandbox.domain.models import Record

_DONE = ("completed", "skipped")


def are_phases(value: Any) -> TypeGuard[list[Record]]:
    """Say whether it has the form of phases: an edit without validation may have spoilt it."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(phase, dict) and {"key", "status"} <= phase.keys() for phase in value)
    )


def progress(phases: Sequence[Record]) -> int:
    """Return the share of the phases that are done with, in percent."""
    return 100 * sum(phase["status"] in _DONE for phase in phases) // len(phases)


def under_way(phases: Sequence[Record]) -> Any:
    """Return the key of the first phase in progress, or None."""
    return next((phase["key"] for phase in phases if phase["status"] == "in_progress"), None)


def following(phases: Sequence[Record], current: Any) -> Any:
    """Return the key of the phase after the current one, or None after the last."""
    keys = [phase["key"] for phase in phases]
    after = keys.index(current) + 1 if current in keys else 0
    return keys[after] if after < len(keys) else None


def moved(phases: Sequence[Record], current: Any, moment: str) -> list[Record]:
    """Return the phases as they are when that one is current; None is after the last."""
    keys = [phase["key"] for phase in phases]
    if current is not None and current not in keys:
        return list(phases)
    here = len(keys) if current is None else keys.index(current)
    result = []
    for index, phase in enumerate(phases):
        if index < here:
            status = phase["status"] if phase["status"] in _DONE else "completed"
        else:
            status = "in_progress" if index == here else "pending"
        same = phase["status"] == status
        result.append(phase if same else stamped({**phase, "status": status}, moment))
    return result


def stamped(
    phase: Record, moment: str, given: Collection[str] = (), at: str = "phases.0."
) -> Record:
    """Return the phase with the moments that its status asks for, except the paths `given`."""
    status, started = phase["status"], phase.get("started_at")
    if status in ("in_progress", "completed"):
        started = started or moment
    stamps = {
        "started_at": None if status == "pending" else started,
        "completed_at": phase.get("completed_at") or moment if status == "completed" else None,
    }
    return {**phase, **{key: value for key, value in stamps.items() if at + key not in given}}
