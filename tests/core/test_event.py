"""The body of an event."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.core.event import envelope
from pivotal_sandbox.errors import InputError


def test_a_body_is_compact_utf8_with_its_keys_in_order() -> None:
    body = envelope("evt_1", "task.created", 1_716_566_400_007, {"z": "Ñandú 🙂", "a": [1, None]})
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
    assert json.loads(envelope("evt_1", "x", 0, data)) == {
        "id": "evt_1",
        "type": "x",
        "created_at": "1970-01-01T00:00:00.000Z",
        "data": data,
    }


def test_a_moment_outside_the_calendar_is_refused() -> None:
    with pytest.raises(InputError):
        envelope("evt_1", "x", 10**18, {})
