"""What a request says is read whole or refused with a pointer: never half, never a crash."""

import contextlib
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import Request

from pivotal_sandbox.common.durations import HOUR
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.web import request_parsing
from pivotal_sandbox.web.api.endpoints import Rotation
from pivotal_sandbox.web.api.events import NewEvent
from pivotal_sandbox.web.api.operations import OPERATIONS

NOW = 1_767_225_600_000
BODIES = [operation.body for operation in OPERATIONS if operation.body]
QUERIES = [operation.query for operation in OPERATIONS if operation.query]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
)


def request(body: bytes = b"", query: bytes = b"") -> Request:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": query}
    return Request(scope, receive)


@given(st.sampled_from(BODIES), st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
@example(NewEvent, b"[" * 100_000)
@example(NewEvent, b'{"type": "\xff"}')
async def test_any_body_is_an_input_or_an_input_error(kind: type, body: bytes) -> None:
    found: object = None
    with contextlib.suppress(InputError):
        found = await request_parsing.read_body(request(body), kind)
    assert found is None or isinstance(found, kind)


@given(
    st.sampled_from(QUERIES),
    st.binary()
    | st.tuples(st.sampled_from(["limit", "cursor", "status", "q", "wait"]), st.text()).map(
        lambda pair: f"{pair[0]}={pair[1]}".encode()
    ),
)
def test_any_query_is_an_input_or_an_input_error(kind: type, query: bytes) -> None:
    found: object = None
    with contextlib.suppress(InputError):
        found = request_parsing.read_query(request(query=query.decode("latin-1").encode()), kind)
    assert found is None or isinstance(found, kind)


async def test_no_body_is_an_empty_object() -> None:
    assert (await request_parsing.read_body(request(), Rotation)).overlap == "24h"


def test_a_window_that_ends_before_it_starts_is_refused() -> None:
    assert request_parsing.read_window("2h", "1h", NOW) == (NOW - 2 * HOUR, NOW - HOUR)
    assert request_parsing.read_window("1h", "1h", NOW) == (NOW - HOUR, NOW - HOUR)
    assert request_parsing.read_window(None, "1h", NOW) == (None, NOW - HOUR)
    with pytest.raises(InputError, match='"2h" is before "1h"') as caught:
        request_parsing.read_window("1h", "2h", NOW)
    assert caught.value.pointer == "/until"


def test_a_moment_is_a_time_or_a_duration_back_from_now() -> None:
    assert request_parsing.read_moment(None, NOW, "/since") is None
    assert request_parsing.read_moment("2026-01-01T00:00:00Z", 0, "/since") == NOW
    assert request_parsing.read_moment("1h", NOW, "/since") == NOW - HOUR
    with pytest.raises(InputError, match="neither") as caught:
        request_parsing.read_moment("yesterday", NOW, "/since")
    assert caught.value.pointer == "/since"
