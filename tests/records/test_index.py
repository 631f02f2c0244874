"""The records of one mode."""

from typing import Any

import pytest

from pivotal_sandbox.records.factory import PREFIXES
from pivotal_sandbox.records.index import RecordIndex

HEALTHY, AT_RISK, CONTACT = ("healthy",), ("at_risk",), ("",)


def id_of(object: str, number: int = 0) -> str:
    return f"{PREFIXES[object]}{number:026}"


def customer(number: int = 0, **fields: Any) -> tuple[str, str, dict[str, Any]]:
    id = id_of("customer", number)
    return "customer", id, {"id": id, "health": "healthy", **fields}


def contact(number: int = 0, of: Any = 0, **fields: Any) -> tuple[str, str, dict[str, Any]]:
    id = id_of("contact", number)
    link = id_of("customer", of) if isinstance(of, int) else of
    return "contact", id, {"id": id, "customer_id": link, **fields}


@pytest.fixture
def index() -> RecordIndex:
    index = RecordIndex()
    for number in range(3):
        index.put(*customer(number))
    return index


def latest(index: RecordIndex, *states: str, **links: Any) -> str | None:
    found = index.latest("customer", states, links)
    return found["id"] if found else None


def test_a_record_is_found_by_its_id(index: RecordIndex) -> None:
    assert index.get(*customer(1)[:2]) == customer(1)[2]
    assert index.get("customer", "x") is None
    assert index.get("task", customer(1)[1]) is None
    assert list(index.all("customer")) == [id_of("customer", number) for number in range(3)]
    assert index.all("task") == {}


def test_the_last_that_was_put_is_found_among_those_in_a_state(index: RecordIndex) -> None:
    assert latest(index, "healthy") == id_of("customer", 2)
    index.put(*customer(0, seats=1))
    assert latest(index, "healthy") == id_of("customer", 0)
    index.put(*customer(0, health="at_risk"))
    assert latest(index, "healthy") == id_of("customer", 2)
    assert latest(index, "at_risk") == id_of("customer", 0)
    assert latest(index, "healthy", "at_risk") == id_of("customer", 0)
    assert latest(index, "at_risk", "healthy") == id_of("customer", 0)
    index.put(*customer(1))
    assert latest(index, "at_risk", "healthy") == id_of("customer", 1)
    assert latest(index, "churned") is None
    assert latest(index) is None


def test_the_last_is_found_among_those_with_the_links_asked_for(index: RecordIndex) -> None:
    for number, of in enumerate((0, 1, 0, 1, 2)):
        index.put(*contact(number, of))
    found = index.latest("contact", CONTACT, {"customer_id": id_of("customer", 0)})
    assert found
    assert found["id"] == id_of("contact", 2)
    assert index.latest("contact", CONTACT, {"customer_id": id_of("customer", 9)}) is None


def test_a_record_that_was_removed_is_found_no_more(index: RecordIndex) -> None:
    index.put(*contact(0, 2))
    index.remove("customer", id_of("customer", 2))
    index.remove("customer", "x")
    index.remove("task", "x")
    assert latest(index, "healthy") == id_of("customer", 1)
    assert len(index.all("customer")) == 2
    index.remove("contact", id_of("contact", 0))
    assert list(index.below(id_of("customer", 2), "contact")) == []


def test_what_belongs_to_a_record_is_found_newest_first(index: RecordIndex) -> None:
    for number, of in enumerate((0, 1, 0)):
        index.put(*contact(number, of))
    first = id_of("customer", 0)
    assert list(index.below(first, "contact")) == [id_of("contact", 2), id_of("contact", 0)]
    index.put(*contact(0, 1))
    assert list(index.below(first, "contact")) == [id_of("contact", 2)]
    assert list(index.below(first, "onboarding")) == []


@pytest.mark.parametrize(
    "spoilt",
    [
        customer(5, health=None),
        customer(5, health=["healthy"]),
        customer(5, id="other"),
        ("customer", "mine", {"id": "mine", "health": "healthy"}),
        contact(5, "nobody"),
        contact(5, 7.5),
        contact(5, ["x"]),
    ],
)
def test_what_has_been_spoilt_is_kept_but_not_built_upon(spoilt: Any) -> None:
    index = RecordIndex()
    index.put(*spoilt)
    object, id, record = spoilt
    assert index.all(object) == {id: record}
    assert index.latest(object, HEALTHY + AT_RISK + CONTACT, {}) is None
    index.put(*spoilt)
    index.remove(object, id)
    assert index.all(object) == {}


def test_a_link_that_may_be_missing_is_no_spoilt_one() -> None:
    index = RecordIndex()
    id = id_of("onboarding")
    record = {"id": id, "status": "in_progress", "customer_id": id_of("customer")}
    index.put("onboarding", id, {**record, "primary_contact_id": None})
    assert index.latest("onboarding", ("in_progress",), {}) is not None


def test_a_record_of_an_object_that_pivotal_does_not_know_is_kept() -> None:
    index = RecordIndex()
    index.put("invoice", "1", {"id": 1, "health": "healthy"})
    assert index.get("invoice", "1") == {"id": 1, "health": "healthy"}
    assert index.latest("invoice", HEALTHY, {}) is None
