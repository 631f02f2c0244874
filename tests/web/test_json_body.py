"""Bodies as JSON can show them."""

import base64
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.web.views import encode_body, json_body


@given(st.binary() | st.text().map(str.encode))
def test_every_body_comes_back_from_what_is_shown(body: bytes) -> None:
    text, encoding = encode_body(body)
    assert (text.encode() if encoding == "utf-8" else base64.b64decode(text)) == body
    msgspec.json.encode(text)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"n":1.10}', (b'{"n":1.10}', "json")),
        (b'{"n":', ('{"n":', "utf-8")),
        (b"", ("", "utf-8")),
        (b"\xff", ("/w==", "base64")),
    ],
)
def test_json_is_shown_to_the_byte_and_all_else_as_what_it_is(
    body: bytes, shown: tuple[Any, str]
) -> None:
    found, encoding = json_body(body)
    assert (bytes(found) if encoding == "json" else found, encoding) == shown
