"""Headers are found in whatever case, and keep what went over the wire."""

import pytest

from pivotal_sandbox.testing.models import Headers

PAIRS = (("Content-Type", "text/plain"), ("x-a", "1"), ("X-A", "2"))


def test_a_header_is_found_in_any_case() -> None:
    headers = Headers(PAIRS)
    assert headers["content-type"] == headers["CONTENT-TYPE"] == "text/plain"
    assert "Content-type" in headers
    assert headers.get("x-b") is None


def test_repetitions_are_joined_and_can_be_had_apart() -> None:
    headers = Headers(PAIRS)
    assert headers["x-a"] == "1, 2"
    assert headers.all("X-a") == ["1", "2"]
    assert dict(headers) == {"content-type": "text/plain", "x-a": "1, 2"}
    assert len(headers) == 2
    assert headers.pairs == PAIRS
    assert repr(headers) == "Headers({'content-type': 'text/plain', 'x-a': '1, 2'})"


def test_a_header_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="x-b"):
        Headers(PAIRS)["x-b"]
