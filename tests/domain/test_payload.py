"""The body of an event."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.domain.catalog import Catalog
from pivotal_sandbox.domain.models import Event
from pivotal_sandbox.domain.payload import Edits, apply_edits, build_body
from pivotal_sandbox.errors import InputError


def test_a_body_is_compact_utf8_with_its_keys_in_order() -> None:
    body = build_body("evt_1", "task.created", 1_716_566_400_007, {"z": "Ñandú 🙂", "a": [1, None]})
    assert (
        body
        == (
            '{"id":"evt_1","type":"task.created","created_at":"2024-05-24T16:00:00.007Z",'
            '"data":{"z":"Ñandú 🙂","a":[1,null]}}'
        ).encode()
    )


@given(
    st.dictionaries(
        st.text(),
        st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.none(),
    )
)
def test_what_is_read_from_a_body_is_what_was_put_in(data: dict[str, object]) -> None:
    assert json.loads(build_body("evt_1", "x", 0, data)) == {
        "id": "evt_1",
        "type": "x",
        "created_at": "1970-01-01T00:00:00.000Z",
        "data": data,
    }


def test_a_moment_outside_the_calendar_is_refused() -> None:
    with pytest.raises(InputError):
        build_body("evt_1", "x", 10**18, {})


def test_an_edited_event_has_another_id_and_the_rest_as_it_was() -> None:
    before = Event("evt_1", "x", "test", 7, build_body("evt_1", "x", 7, {"a": {"b": 1}}), ("a",))
    after = apply_edits(before, Edits({"data.a.b": 2, "created_at": "now"}, None), "evt_2")
    assert after == Event(
        "evt_2",
        "x",
        "test",
        7,
        b'{"id":"evt_2","type":"x","created_at":"now","data":{"a":{"b":2}}}',
        ("a",),
    )


def test_an_edit_is_checked_where_there_is_a_catalog(catalog: Catalog) -> None:
    data = catalog.get("task.created").example["data"]
    before = Event("evt_1", "task.created", "test", 7, build_body("evt_1", "task.created", 7, data))
    assert apply_edits(before, Edits({"data.title": "Call"}, catalog), "evt_2").id == "evt_2"
    for edits, pointer in (
        ({"data.title": 1}, "/set/data/title"),
        ({"title": "Call"}, "/set/title"),
        ({"ttle": "Call"}, "/set/ttle"),
        ({"type": ""}, "/set/type"),
    ):
        with pytest.raises(InputError) as caught:
            apply_edits(before, Edits(edits, catalog), "evt_2")
        assert caught.value.pointer == pointer


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_what_is_no_json_object_is_not_edited(body: bytes) -> None:
    with pytest.raises(InputError, match="evt_1 is no JSON object"):
        apply_edits(Event("evt_1", "x", "test", 7, body), Edits({"id": "x"}, None), "evt_2")
