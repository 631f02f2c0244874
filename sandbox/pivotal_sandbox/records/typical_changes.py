"""Turns: what usually changes in a record together with an event."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from pivotal_sandbox.common.durations import DAY
from pivotal_sandbox.common.timestamps import format_date, format_rfc3339
from pivotal_sandbox.domain.models import Record
from pivotal_sandbox.records.factory import PLANS, PRIORITIES, RecordFactory
from pivotal_sandbox.records.phases import are_phases, following

Fields = dict[str, Any]
Turn = Callable[[RecordFactory, Record, int], Fields]


def typical_change(type: str, maker: RecordFactory, record: Record, now: int) -> Fields:
    """Return the fields that change, each with a new value; none for a type without a turn."""
    turns = _TURNS.get(type)
    return maker.draw.pick(turns)(maker, record, now) if turns else {}


def _score(maker: RecordFactory, record: Record, now: int) -> Fields:
    return {"health_score": maker.draw.other(range(40, 101), record.get("health_score"))}


def _seats(maker: RecordFactory, record: Record, now: int) -> Fields:
    return {"seats": maker.draw.other(range(5, 500, 5), record.get("seats"))}


def _plan(maker: RecordFactory, record: Record, now: int) -> Fields:
    return {"plan": maker.draw.other(PLANS, record.get("plan"))}


def _owner(maker: RecordFactory, record: Record, now: int) -> Fields:
    return {"owner": maker.draw.other(maker.managers, record.get("owner"))}


def _at_risk(maker: RecordFactory, record: Record, now: int) -> Fields:
    draw, names = maker.draw, maker.names
    return {"health_score": draw.between(15, 45), "health_reason": draw.pick(names.risks)}


def _recovered(maker: RecordFactory, record: Record, now: int) -> Fields:
    return {"health_score": maker.draw.between(65, 98), "health_reason": None}


def _churned(maker: RecordFactory, record: Record, now: int) -> Fields:
    draw, names = maker.draw, maker.names
    return {"health_score": draw.between(0, 14), "health_reason": draw.pick(names.losses)}


def _title(maker: RecordFactory, record: Record, now: int) -> Fields:
    return {"title": maker.draw.other(maker.names.titles, record.get("title"))}


def _seen(maker: RecordFactory, record: Record, now: int) -> Fields:
    return {"last_seen_at": format_rfc3339(now)}


def _delayed(maker: RecordFactory, record: Record, now: int) -> Fields:
    days = timedelta(maker.draw.between(7, 30))
    try:
        forecast = (date.fromisoformat(str(record.get("target_date"))) + days).isoformat()
    except (ValueError, OverflowError):  # spoilt, or at the end of the calendar
        forecast = None
    return {"delay_reason": maker.draw.pick(maker.names.delays), "forecast_date": forecast}


def _next_phase(maker: RecordFactory, record: Record, now: int) -> Fields:
    phases = record.get("phases")
    if not are_phases(phases):
        return {}
    return {"current_phase": following(phases, record.get("current_phase"))}


def _last_phase(maker: RecordFactory, record: Record, now: int) -> Fields:
    return {"current_phase": None}


def _cancelled(maker: RecordFactory, record: Record, now: int) -> Fields:
    return {"cancel_reason": maker.draw.pick(maker.names.cancellations)}


def _priority(maker: RecordFactory, record: Record, now: int) -> Fields:
    return {"priority": maker.draw.other(PRIORITIES, record.get("priority"))}


def _due(maker: RecordFactory, record: Record, now: int) -> Fields:
    days = [format_date(now + days * DAY) for days in range(3, 10)]
    return {"due_date": maker.draw.other(days, record.get("due_date"))}


def _past_due(maker: RecordFactory, record: Record, now: int) -> Fields:
    return {"due_date": format_date(now - maker.draw.between(1, 5) * DAY)}


_TURNS: dict[str, tuple[Turn, ...]] = {
    "customer.updated": (_score, _seats, _plan, _owner),
    "customer.at_risk": (_at_risk,),
    "customer.recovered": (_recovered,),
    "customer.churned": (_churned,),
    "contact.updated": (_title, _seen),
    "onboarding.updated": (_owner,),
    "onboarding.started": (_next_phase,),
    "onboarding.delayed": (_delayed,),
    "onboarding.completed": (_last_phase,),
    "onboarding.cancelled": (_cancelled,),
    "phase.changed": (_next_phase,),
    "task.updated": (_priority, _due),
    "task.overdue": (_past_due,),
}
