"""Who an event happens to."""

import random
from typing import Any

import pytest

from pivotal_sandbox.common.durations import DAY
from pivotal_sandbox.common.ids import Ids
from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.domain.models import Record
from pivotal_sandbox.records.changes import RecordChange
from pivotal_sandbox.records.factory import PREFIXES, RecordFactory
from pivotal_sandbox.records.index import RecordIndex
from pivotal_sandbox.records.selection import RecordSelector

NOW = 1_780_000_000_000


@pytest.fixture
def index() -> RecordIndex:
    return RecordIndex()


@pytest.fixture
def selector(index: RecordIndex, maker: RecordFactory) -> RecordSelector:
    return RecordSelector(index, maker, Ids(random.Random(1)))


def id_of(object: str, number: int = 0) -> str:
    return f"{PREFIXES[object]}{number:026}"


def put(index: RecordIndex, object: str, record: dict[str, Any], number: int = 0) -> str:
    id = id_of(object, number)
    index.put(object, id, {"id": id, **record})
    return id


def make(
    selector: RecordSelector, object: str, state: str | None = None, **given: Any
) -> tuple[Record, list[RecordChange]]:
    draft: list[RecordChange] = []
    return selector.make(object, None, state, given, NOW, draft), draft


def test_a_record_that_begins_now_is_dated_now(selector: RecordSelector) -> None:
    for object, state in (("customer", "healthy"), ("onboarding", "not_started")):
        record, _ = make(selector, object)
        assert record["created_at"] == format_rfc3339(NOW)
        assert state in (record.get("health"), record.get("status"))


def test_a_record_in_a_state_has_some_weeks_behind_it(selector: RecordSelector) -> None:
    for object, state in (("customer", "at_risk"), ("onboarding", "in_progress"), ("task", "open")):
        record, _ = make(selector, object, state)
        assert (
            format_rfc3339(NOW - 45 * DAY) <= record["created_at"] <= format_rfc3339(NOW - 20 * DAY)
        )
        assert state in (record.get("health"), record.get("status"))


def test_nothing_is_older_than_what_it_belongs_to(
    index: RecordIndex, selector: RecordSelector
) -> None:
    young = format_rfc3339(NOW - DAY)
    put(index, "customer", {"health": "healthy", "created_at": young})
    record, draft = make(selector, "onboarding", "in_progress")
    assert (record["created_at"], draft) == (young, [])


@pytest.mark.parametrize("spoilt", [None, 5, "yesterday", format_rfc3339(NOW + DAY)])
def test_nothing_is_made_later_than_now(
    index: RecordIndex, selector: RecordSelector, spoilt: Any
) -> None:
    put(index, "customer", {"health": "healthy", "created_at": spoilt})
    assert make(selector, "contact", "")[0]["created_at"] <= format_rfc3339(NOW)


def test_a_parent_is_the_one_named_whatever_its_state(
    index: RecordIndex, selector: RecordSelector
) -> None:
    lost = put(index, "customer", {"health": "churned"}, 1)
    put(index, "customer", {"health": "healthy"}, 2)
    record, draft = make(selector, "contact", customer_id=lost)
    assert (record["customer_id"], draft) == (lost, [])


@pytest.mark.parametrize("given", [None, 5, "cus_1", ["x"]])
def test_a_parent_that_cannot_be_is_left_for_the_schema_to_refuse(
    selector: RecordSelector, given: Any
) -> None:
    record, draft = make(selector, "contact", customer_id=given)
    assert [change.object for change in draft] == ["customer"]
    assert record["customer_id"] == draft[0].id != given


def test_the_newest_contact_is_the_primary_one(
    index: RecordIndex, selector: RecordSelector
) -> None:
    customer = put(index, "customer", {"health": "healthy"})
    assert make(selector, "onboarding")[0]["primary_contact_id"] is None
    put(index, "contact", {"customer_id": customer}, 1)
    newest = put(index, "contact", {"customer_id": customer}, 2)
    index.put("contact", "spoilt", {"customer_id": customer})
    assert make(selector, "onboarding")[0]["primary_contact_id"] == newest


def test_a_phase_can_change_until_all_are_done_with(
    index: RecordIndex, selector: RecordSelector
) -> None:
    record = {"customer_id": id_of("customer"), "status": "in_progress"}
    put(index, "onboarding", {**record, "progress": 80})
    assert selector.accepts_event("phase.changed", "onboarding", {})
    put(index, "onboarding", {**record, "progress": 100})
    assert selector.accepts_event("phase.changed", "onboarding", {}) is None
    assert selector.accepts_event("onboarding.completed", "onboarding", {})
