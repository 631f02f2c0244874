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
def shelf() -> RecordIndex:
    shelf = RecordIndex()
    for number in range(3):
        shelf.put(*customer(number))
    return shelf


def latest(shelf: RecordIndex, *states: str, **links: Any) -> str | None:
    found = shelf.latest("customer", states, links)
    return found["id"] if found else None


def test_a_record_is_found_by_its_id(shelf: RecordIndex) -> None:
    assert shelf.get(*customer(1)[:2]) == customer(1)[2]
    assert shelf.get("customer", "x") is None
    assert shelf.get("task", customer(1)[1]) is None
    assert list(shelf.all("customer")) == [id_of("customer", number) for number in range(3)]
    assert shelf.all("task") == {}


def test_the_last_that_was_put_is_found_among_those_in_a_state(shelf: RecordIndex) -> None:
    assert latest(shelf, "healthy") == id_of("customer", 2)
    shelf.put(*customer(0, seats=1))
    assert latest(shelf, "healthy") == id_of("customer", 0)
    shelf.put(*customer(0, health="at_risk"))
    assert latest(shelf, "healthy") == id_of("customer", 2)
    assert latest(shelf, "at_risk") == id_of("customer", 0)
    assert latest(shelf, "healthy", "at_risk") == id_of("customer", 0)
    assert latest(shelf, "at_risk", "healthy") == id_of("customer", 0)
    shelf.put(*customer(1))
    assert latest(shelf, "at_risk", "healthy") == id_of("customer", 1)
    assert latest(shelf, "churned") is None
    assert latest(shelf) is None


def test_the_last_is_found_among_those_with_the_links_asked_for(shelf: RecordIndex) -> None:
    for number, of in enumerate((0, 1, 0, 1, 2)):
        shelf.put(*contact(number, of))
    found = shelf.latest("contact", CONTACT, {"customer_id": id_of("customer", 0)})
    assert found
    assert found["id"] == id_of("contact", 2)
    assert shelf.latest("contact", CONTACT, {"customer_id": id_of("customer", 9)}) is None


def test_a_record_that_was_removed_is_found_no_more(shelf: RecordIndex) -> None:
    shelf.put(*contact(0, 2))
    shelf.remove("customer", id_of("customer", 2))
    shelf.remove("customer", "x")
    shelf.remove("task", "x")
    assert latest(shelf, "healthy") == id_of("customer", 1)
    assert len(shelf.all("customer")) == 2
    shelf.remove("contact", id_of("contact", 0))
    assert list(shelf.below(id_of("customer", 2), "contact")) == []


def test_what_belongs_to_a_record_is_found_newest_first(shelf: RecordIndex) -> None:
    for number, of in enumerate((0, 1, 0)):
        shelf.put(*contact(number, of))
    first = id_of("customer", 0)
    assert list(shelf.below(first, "contact")) == [id_of("contact", 2), id_of("contact", 0)]
    shelf.put(*contact(0, 1))
    assert list(shelf.below(first, "contact")) == [id_of("contact", 2)]
    assert list(shelf.below(first, "onboarding")) == []


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
    shelf = RecordIndex()
    shelf.put(*spoilt)
    object, id, record = spoilt
    assert shelf.all(object) == {id: record}
    assert shelf.latest(object, HEALTHY + AT_RISK + CONTACT, {}) is None
    shelf.put(*spoilt)
    shelf.remove(object, id)
    assert shelf.all(object) == {}


def test_a_link_that_may_be_missing_is_no_spoilt_one() -> None:
    shelf = RecordIndex()
    id = id_of("onboarding")
    record = {"id": id, "status": "in_progress", "customer_id": id_of("customer")}
    shelf.put("onboarding", id, {**record, "primary_contact_id": None})
    assert shelf.latest("onboarding", ("in_progress",), {}) is not None


def test_a_record_of_an_object_that_pivotal_does_not_know_is_kept() -> None:
    shelf = RecordIndex()
    shelf.put("invoice", "1", {"id": 1, "health": "healthy"})
    assert shelf.get("invoice", "1") == {"id": 1, "health": "healthy"}
    assert shelf.latest("invoice", HEALTHY, {}) is None
