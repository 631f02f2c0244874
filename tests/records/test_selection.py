"""Who an event happens to."""

import random
from typing import Any

import pytest

from pivotal_sandbox.common.durations import DAY
from pivotal_sandbox.common.ids import Ids
from pivotal_sandbox.common.timestamps import rfc3339
from pivotal_sandbox.domain.models import Record
from pivotal_sandbox.records.changes import RecordChange
from pivotal_sandbox.records.factory import PREFIXES, RecordFactory
from pivotal_sandbox.records.index import RecordIndex
from pivotal_sandbox.records.selection import RecordSelector

NOW = 1_780_000_000_000


@pytest.fixture
def shelf() -> RecordIndex:
    return RecordIndex()


@pytest.fixture
def cast(shelf: RecordIndex, maker: RecordFactory) -> RecordSelector:
    return RecordSelector(shelf, maker, Ids(random.Random(1)))


def id_of(object: str, number: int = 0) -> str:
    return f"{PREFIXES[object]}{number:026}"


def put(shelf: RecordIndex, object: str, record: dict[str, Any], number: int = 0) -> str:
    id = id_of(object, number)
    shelf.put(object, id, {"id": id, **record})
    return id


def make(
    cast: RecordSelector, object: str, state: str | None = None, **given: Any
) -> tuple[Record, list[RecordChange]]:
    draft: list[RecordChange] = []
    return cast.make(object, None, state, given, NOW, draft), draft


def test_a_record_that_begins_now_is_dated_now(cast: RecordSelector) -> None:
    for object, state in (("customer", "healthy"), ("onboarding", "not_started")):
        record, _ = make(cast, object)
        assert record["created_at"] == rfc3339(NOW)
        assert state in (record.get("health"), record.get("status"))


def test_a_record_in_a_state_has_some_weeks_behind_it(cast: RecordSelector) -> None:
    for object, state in (("customer", "at_risk"), ("onboarding", "in_progress"), ("task", "open")):
        record, _ = make(cast, object, state)
        assert rfc3339(NOW - 45 * DAY) <= record["created_at"] <= rfc3339(NOW - 20 * DAY)
        assert state in (record.get("health"), record.get("status"))


def test_nothing_is_older_than_what_it_belongs_to(shelf: RecordIndex, cast: RecordSelector) -> None:
    young = rfc3339(NOW - DAY)
    put(shelf, "customer", {"health": "healthy", "created_at": young})
    record, draft = make(cast, "onboarding", "in_progress")
    assert (record["created_at"], draft) == (young, [])


@pytest.mark.parametrize("spoilt", [None, 5, "yesterday", rfc3339(NOW + DAY)])
def test_nothing_is_made_later_than_now(
    shelf: RecordIndex, cast: RecordSelector, spoilt: Any
) -> None:
    put(shelf, "customer", {"health": "healthy", "created_at": spoilt})
    assert make(cast, "contact", "")[0]["created_at"] <= rfc3339(NOW)


def test_a_parent_is_the_one_named_whatever_its_state(
    shelf: RecordIndex, cast: RecordSelector
) -> None:
    lost = put(shelf, "customer", {"health": "churned"}, 1)
    put(shelf, "customer", {"health": "healthy"}, 2)
    record, draft = make(cast, "contact", customer_id=lost)
    assert (record["customer_id"], draft) == (lost, [])


@pytest.mark.parametrize("given", [None, 5, "cus_1", ["x"]])
def test_a_parent_that_cannot_be_is_left_for_the_schema_to_refuse(
    cast: RecordSelector, given: Any
) -> None:
    record, draft = make(cast, "contact", customer_id=given)
    assert [one.object for one in draft] == ["customer"]
    assert record["customer_id"] == draft[0].id != given


def test_the_newest_contact_is_the_primary_one(shelf: RecordIndex, cast: RecordSelector) -> None:
    customer = put(shelf, "customer", {"health": "healthy"})
    assert make(cast, "onboarding")[0]["primary_contact_id"] is None
    put(shelf, "contact", {"customer_id": customer}, 1)
    newest = put(shelf, "contact", {"customer_id": customer}, 2)
    shelf.put("contact", "spoilt", {"customer_id": customer})
    assert make(cast, "onboarding")[0]["primary_contact_id"] == newest


def test_a_phase_can_change_until_all_are_done_with(
    shelf: RecordIndex, cast: RecordSelector
) -> None:
    record = {"customer_id": id_of("customer"), "status": "in_progress"}
    put(shelf, "onboarding", {**record, "progress": 80})
    assert cast.fit("phase.changed", "onboarding", {})
    put(shelf, "onboarding", {**record, "progress": 100})
    assert cast.fit("phase.changed", "onboarding", {}) is None
    assert cast.fit("onboarding.completed", "onboarding", {})
