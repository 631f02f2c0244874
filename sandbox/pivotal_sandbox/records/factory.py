"""New records of the four objects that Pivotal knows, with the fields of fixtures/schemas/."""

from collections.abc import Mapping
from typing import Any

from pivotal_sandbox.common.durations import DAY, HOUR
from pivotal_sandbox.common.ids import Ids, is_id
from pivotal_sandbox.common.json_values import deep_copy
from pivotal_sandbox.common.rng import RandomSource
from pivotal_sandbox.common.timestamps import format_date, format_rfc3339
from pivotal_sandbox.domain.catalog import EventType
from pivotal_sandbox.domain.models import Record
from pivotal_sandbox.records.phases import progress
from pivotal_sandbox.records.sample_data import SampleData

PREFIXES = {"customer": "cus_", "contact": "con_", "onboarding": "onb_", "task": "tsk_"}

_TOP_LEVELS = ("com", "net", "org")
_LONGEST_DOMAIN = 190
_REVENUE = {"starter": (2, 9), "growth": (10, 48), "enterprise": (60, 400)}  # thousands of euros
_ROLES = ("champion", "decision_maker", "admin", "user", "billing")
PLANS = tuple(_REVENUE)
PRIORITIES = ("low", "normal", "high", "urgent")


class RecordFactory:
    """Makes records. `at` is when the record was made, `now` what its history reaches up to."""

    def __init__(self, names: SampleData, draw: RandomSource) -> None:
        self.names = names
        self.draw = draw
        self.managers = [
            {"name": manager.name, "email": manager.email} for manager in names.managers
        ]

    def customer(self, id: str, at: int, now: int, health: str = "healthy") -> Record:
        """Return a customer who is healthy or at risk."""
        draw, names, made = self.draw, self.names, format_rfc3339(at)
        company, trade = draw.pick(names.companies), draw.pick(names.trades)
        place = names.places[company.place]
        domain = f"{company.slug}-{trade.lower()}.example.{draw.pick(_TOP_LEVELS)}"
        domain_known = draw.chance(0.9)
        plan = draw.pick(PLANS)
        least, most = _REVENUE[plan]
        healthy = health == "healthy"
        score = draw.between(65, 98) if healthy else draw.between(15, 45)
        fell = now if healthy else max(at, now - draw.between(1, 15) * DAY)
        return {
            "id": id,
            "name": f"{company.name} {trade}",
            "domain": domain if domain_known else None,
            "email": f"hello@{domain}" if domain_known else None,
            "external_id": draw.digits("CRM-######") if draw.chance(0.7) else None,
            "plan": plan,
            "lifecycle": "onboarding" if at == now else "active",
            "arr": 100 * round(draw.between(least * 10, most * 10) * place.per_euro),
            "currency": place.currency,
            "seats": draw.between(5, 500) if draw.chance(0.8) else None,
            "health": health,
            "health_score": score if at < now or draw.chance(0.75) else None,
            "health_reason": None if healthy else draw.pick(names.risks),
            "at_risk_since": None if healthy else format_rfc3339(fell),
            "churned_at": None,
            "owner": draw.pick(self.managers) if draw.chance(0.9) else None,
            "renewal_date": format_date(at + 365 * DAY) if draw.chance(0.8) else None,
            "tags": draw.some(names.tags["customer"], 3),
            "custom_fields": self._custom_fields("customer"),
            "created_at": made,
            "updated_at": made if healthy else format_rfc3339(fell),
        }

    def contact(self, id: str, at: int, now: int, customer_id: str, domain: object) -> Record:
        """Return somebody who works for that customer."""
        draw, names, made = self.draw, self.names, format_rfc3339(at)
        person = draw.pick(names.people)
        place = names.places[person.place]
        if not isinstance(domain, str) or len(domain) > _LONGEST_DOMAIN:
            domain = "example.com"
        return {
            "id": id,
            "customer_id": customer_id,
            "name": person.name,
            "email": f"{person.mailbox}@{domain}",
            "phone": draw.digits(place.phone) if place.phone else None,
            "title": draw.pick(names.titles) if draw.chance(0.9) else None,
            "role": draw.pick(_ROLES),
            "primary": draw.chance(0.3),
            "locale": place.locale,
            "time_zone": place.time_zone if draw.chance(0.9) else None,
            "last_seen_at": format_rfc3339(now - draw.between(1, 40) * HOUR) if at < now else None,
            "tags": draw.some(names.tags["contact"], 2),
            "custom_fields": self._custom_fields("contact"),
            "created_at": made,
            "updated_at": made,
        }

    def onboarding(
        self, id: str, at: int, now: int, customer_id: str, contact_id: str | None, status: str
    ) -> Record:
        """Return an onboarding that is not_started, or as far as the days since `at` led."""
        draw, names, made = self.draw, self.names, format_rfc3339(at)
        started = status != "not_started"
        start = at if started else now + draw.between(0, 9) * DAY
        phases = self._phases(start, now if started else start - 1)
        begun = [phase for phase in phases if phase["started_at"]]
        return {
            "id": id,
            "customer_id": customer_id,
            "primary_contact_id": contact_id,
            "name": draw.pick(names.onboardings),
            "status": status,
            "owner": draw.pick(self.managers) if draw.chance(0.9) else None,
            "current_phase": begun[-1]["key"] if begun else None,
            "previous_phase": begun[-2]["key"] if len(begun) > 1 else None,
            "phases": phases,
            "progress": progress(phases),
            "start_date": format_date(start),
            "target_date": phases[-1]["due_date"],
            "forecast_date": None,
            "delay_reason": None,
            "cancel_reason": None,
            "started_at": format_rfc3339(start) if started else None,
            "completed_at": None,
            "cancelled_at": None,
            "tags": draw.some(names.tags["onboarding"], 2),
            "custom_fields": self._custom_fields("onboarding"),
            "created_at": made,
            "updated_at": begun[-1]["started_at"] if begun else made,
        }

    def task(self, id: str, at: int, now: int, onboarding_id: str, customer_id: object) -> Record:
        """Return an open task of that onboarding."""
        draw, names, made = self.draw, self.names, format_rfc3339(at)
        chore = draw.pick(names.tasks)
        return {
            "id": id,
            "onboarding_id": onboarding_id,
            "customer_id": customer_id,
            "title": chore.title,
            "description": chore.description,
            "phase": chore.phase,
            "status": "open",
            "priority": draw.pick(PRIORITIES),
            "side": chore.side,
            "assignee": self._assignee(chore.side) if draw.chance(0.7) else None,
            "due_date": format_date(now + draw.between(2, 14) * DAY) if draw.chance(0.9) else None,
            "completed_at": None,
            "tags": draw.some(names.tags["task"], 2),
            "custom_fields": self._custom_fields("task"),
            "created_at": made,
            "updated_at": made,
        }

    def _phases(self, start: int, now: int) -> list[dict[str, Any]]:
        phases = []
        due, left = start, start
        for phase in self.names.phases:
            begun, entered = due <= now, left
            due += phase.days * DAY
            done = due <= now
            if done:
                left = min(due + self.draw.between(0, 8 * HOUR), now)
            phases.append(
                {
                    "key": phase.key,
                    "name": phase.name,
                    "status": "completed" if done else "in_progress" if begun else "pending",
                    "due_date": format_date(due),
                    "started_at": format_rfc3339(entered) if begun else None,
                    "completed_at": format_rfc3339(left) if done else None,
                }
            )
        return phases

    def _assignee(self, side: str) -> dict[str, str]:
        if side == "vendor":
            return self.draw.pick(self.managers)
        person = self.draw.pick(self.names.people)
        return {"name": person.name, "email": f"{person.mailbox}@example.com"}

    def _custom_fields(self, object: str) -> dict[str, Any]:
        fields = self.names.custom_fields[object]
        return {key: self.draw.pick(options) for key, options in fields.items()}


def record_like(event_type: EventType, draw: RandomSource, ids: Ids, now: int) -> Record:
    """Return the example's `data` with an id of its own, made now."""
    record: Record = deep_copy(event_type.example["data"])
    if "id" in record:
        record["id"] = _id_like(record["id"], draw, ids, now)
    for field in ("created_at", "updated_at"):
        if isinstance(record.get(field), str):
            record[field] = format_rfc3339(now)
    return record


def key_of(record: Mapping[str, Any]) -> str | None:
    """Return the record's id as a text, or None where it has none that a text can hold."""
    id = record.get("id")
    return str(id) if isinstance(id, str | int) else None


def _id_like(id: Any, draw: RandomSource, ids: Ids, now: int) -> Any:
    """Return another id of the same form: ours are made anew, others get other digits."""
    if isinstance(id, int) and not isinstance(id, bool):
        return draw.between(10 ** (len(str(id)) - 1), 10 ** len(str(id)) - 1)
    if not isinstance(id, str):
        return id
    prefix, bar, rest = id.rpartition("_")
    if is_id(prefix + bar, id):
        return ids.new(prefix + bar, now)
    return prefix + bar + draw.digits("".join("#" if c in "0123456789" else c for c in rest))
