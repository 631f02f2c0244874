"""Records like a catalog's examples."""

import random
import re
from typing import Any

import pytest

from pivotal_sandbox.common.ids import Ids
from pivotal_sandbox.common.rng import RandomSource
from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.domain.catalog import EventType
from pivotal_sandbox.records.factory import key_of, record_like

NOW = 1_780_000_000_000


def like(data: dict[str, Any]) -> dict[str, Any]:
    event_type = EventType("a.b", "a", "", False, {}, {"type": "a.b", "data": data})
    source = random.Random(1)
    return record_like(event_type, RandomSource(source), Ids(source), NOW)


@pytest.mark.parametrize(
    ("id", "form"),
    [
        ("inv_0VVtqkyBc4Nw8sGZ1xLhR6uTiD", r"inv_[0-9A-Za-z]{26}"),
        ("inv_000417", r"inv_\d{6}"),
        ("v2_A-17", r"v2_A-\d\d"),
        ("3f2a9c1e-7b4d-4e8a-9c1e-7b4d4e8a9c1e", r"[0-9a-f-]{36}"),
        ("417", r"\d{3}"),
    ],
)
def test_the_id_is_another_of_the_same_form(id: str, form: str) -> None:
    made = like({"id": id})["id"]
    assert re.fullmatch(form, made)
    assert made != id
    assert re.sub(r"\d", "", made) == re.sub(r"\d", "", id) or len(made) == 30


@pytest.mark.parametrize("id", [7, 4711])
def test_a_number_has_as_many_digits(id: int) -> None:
    made = like({"id": id})["id"]
    assert isinstance(made, int)
    assert len(str(made)) == len(str(id))


@pytest.mark.parametrize("id", [None, True, ["a"], ""])
def test_what_is_no_id_stays(id: Any) -> None:
    assert like({"id": id}) == {"id": id}


def test_the_record_is_made_now_and_the_example_stays() -> None:
    data = {"created_at": "then", "updated_at": None, "seen_at": "then", "more": [1]}
    made = like(data)
    assert made == {**data, "created_at": format_rfc3339(NOW)}
    made["more"].append(2)
    assert data["more"] == [1]
    assert data["created_at"] == "then"


@pytest.mark.parametrize(
    ("record", "key"),
    [({"id": "a"}, "a"), ({"id": 7}, "7"), ({"id": None}, None), ({"id": ["a"]}, None), ({}, None)],
)
def test_a_record_is_kept_under_its_id(record: dict[str, Any], key: str | None) -> None:
    assert key_of(record) == key
