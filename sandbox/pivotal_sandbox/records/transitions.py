"""Flips: which change of a record's state is which event, and what moves along with it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.domain.models import Record
from pivotal_sandbox.records.phases import are_phases, moved, progress, stamped, under_way

STATE = {"customer": "health", "onboarding": "status", "task": "status"}
"""The field that holds a record's state. A contact has none."""

STATELESS = ""


@dataclass(frozen=True, slots=True)
class StateTransition:
    """A record of `object` comes to be in state `after`.

    `before` holds the states in which a trigger looks for a record; a `strict` flip fires only
    when the record comes from one of them.
    """

    type: str
    object: str
    before: tuple[str, ...]
    after: str
    strict: bool = False


_RUNNING = ("in_progress", "delayed")
_UNDONE = ("open", "in_progress", "overdue")

FLIPS = {
    flip.type: flip
    for flip in (
        StateTransition("customer.at_risk", "customer", ("healthy",), "at_risk"),
        StateTransition("customer.recovered", "customer", ("at_risk",), "healthy", strict=True),
        StateTransition("customer.churned", "customer", ("healthy", "at_risk"), "churned"),
        StateTransition(
            "onboarding.started", "onboarding", ("not_started",), "in_progress", strict=True
        ),
        StateTransition("onboarding.delayed", "onboarding", ("in_progress",), "delayed"),
        StateTransition("onboarding.completed", "onboarding", _RUNNING, "completed"),
        StateTransition(
            "onboarding.cancelled", "onboarding", (*_RUNNING, "not_started"), "cancelled"
        ),
        StateTransition("task.completed", "task", _UNDONE, "completed"),
        StateTransition("task.overdue", "task", ("open", "in_progress"), "overdue"),
    )
}
PHASE_CHANGED = "phase.changed"

OPEN = {
    "customer": ("healthy", "at_risk"),
    "contact": (STATELESS,),
    "onboarding": (*_RUNNING, "not_started"),
    "task": _UNDONE,
}
"""The states of records that go on, by object."""

_SUITABLE = {PHASE_CHANGED: _RUNNING, "customer.deleted": (*OPEN["customer"], "churned")}

# Each holds the moment at which the record came to be in that state, and null in any other.
_STAMPS = {
    "customer": {"at_risk_since": "at_risk", "churned_at": "churned"},
    "onboarding": {"completed_at": "completed", "cancelled_at": "cancelled"},
    "task": {"completed_at": "completed"},
}


def eligible_states(type: str, object: str) -> tuple[str, ...]:
    """Return the states in which a record is fit for the event; one made for it is in the first."""
    return FLIPS[type].before if type in FLIPS else _SUITABLE.get(type, OPEN[object])


def fired(object: str, before: Record, after: Record) -> list[str]:
    """Return the types of the events that the change fires beside `updated`."""
    state = STATE.get(object, "")
    old, new = before.get(state), after.get(state)
    types = [
        flip.type
        for flip in FLIPS.values()
        if flip.object == object
        and old != new == flip.after
        and (old in flip.before or not flip.strict)
    ]
    if object == "onboarding" and _progress(before) != _progress(after):
        types.append(PHASE_CHANGED)
    return types


def settle(object: str, before: Record, after: Record, given: Collection[str], now: int) -> None:
    """Bring up to date, in `after`, what follows from the change, except the paths `given`."""
    follows: dict[str, Any] = {}
    state = STATE.get(object)
    old, new = (before.get(state), after.get(state)) if state else (None, None)
    if old != new:
        moment = format_rfc3339(now)
        for field, when in _STAMPS[object].items():
            follows[field] = moment if new == when else None
        if "churned" in (old, new):
            follows["lifecycle"] = "churned" if new == "churned" else "active"
        if object == "onboarding" and new == "in_progress":
            follows["started_at"] = before.get("started_at") or moment
    if object == "onboarding":
        follows |= _phases(before, after, given, now)
    for field, value in follows.items():
        if field not in given:
            after[field] = value


def _progress(record: Record) -> list[Any]:
    phases = record.get("phases")
    steps = [phase["status"] for phase in phases] if are_phases(phases) else phases
    return [record.get("current_phase"), steps]


def _phases(before: Record, after: Record, given: Collection[str], now: int) -> dict[str, Any]:
    old, new = before.get("phases"), after.get("phases")
    was, current = before.get("current_phase"), after.get("current_phase")
    if (old == new and was == current) or not (are_phases(old) and are_phases(new)):
        return {}
    moment = format_rfc3339(now)
    if old == new:
        new = moved(new, current, moment)
    elif "phases" not in given:
        new = [
            stamped(phase, moment, given, f"phases.{index}.")
            if phase["status"] != old[index]["status"]
            else phase
            for index, phase in enumerate(new)
        ]
    if was == current:
        current = under_way(new)
    follows = {"phases": new, "progress": progress(new), "current_phase": current}
    if was != current:
        follows["previous_phase"] = was
    return follows
