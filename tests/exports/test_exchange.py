import pytest
from tests.exports.exchanges import captured, sent

from pivotal_sandbox.domain.models import Attempt, Outcome, Timing
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.exports.exchange import exported_attempt


def attempt(number: int = 1, body: bytes | None = None) -> Attempt:
    return Attempt("msg_1", number, 5, (("host", "h"),), Outcome(Timing(1.0), None), body)


@pytest.mark.parametrize(
    ("fault", "number", "accepted", "signed"),
    [
        (None, 1, True, True),
        ("verbatim", 1, True, True),
        ("wrong-secret", 1, False, False),
        ("wrong-secret", 2, False, False),
        ("rotated-secret", 1, True, True),
        ("invalid-json", 1, False, True),
        ("reset-mid-body", 1, False, True),
        ("reset-mid-body", 2, True, True),
    ],
)
def test_a_fault_says_what_a_right_receiver_does_with_an_attempt(
    fault: str | None, number: int, accepted: bool, signed: bool
) -> None:
    found = exported_attempt(
        attempt(number), event_type="t", url="http://h/x", fault=fault, event_body=b"{}"
    )
    assert (found.accepted, found.signed) == (accepted, signed)


def test_an_attempt_sent_its_own_bytes_else_the_event_s() -> None:
    def body(attempt: Attempt) -> bytes:
        found = exported_attempt(
            attempt, event_type="t", url="http://h", fault=None, event_body=b"{}"
        )
        return found.request.body

    assert (body(attempt()), body(attempt(body=b""))) == (b"{}", b"")


def test_an_attempt_went_to_the_url_as_the_wire_has_it() -> None:
    found = exported_attempt(
        attempt(3), event_type="t", url="HTTP://H:80/é#x", fault=None, event_body=b"{}"
    )
    assert found.request.url == "http://h/%C3%A9"
    assert (found.id, found.title, found.at, found.status) == ("msg_1-3", "t", 5, None)
    first = exported_attempt(
        attempt(), event_type="t", url="http://h", fault=None, event_body=b"{}"
    )
    assert first.id == "msg_1"


@pytest.mark.parametrize(
    ("signed", "verified", "expected"),
    [
        (True, True, (True, True)),
        (True, None, (True, True)),
        (True, False, (False, False)),
        (False, None, (None, False)),
        (False, False, (False, False)),
    ],
)
def test_a_verdict_says_what_a_right_receiver_does_with_a_capture(
    signed: bool, verified: bool | None, expected: tuple[bool | None, bool]
) -> None:
    found = captured(signed=signed, verified=verified)
    assert (found.accepted, found.signed) == expected


def test_a_capture_came_in_below_its_bin() -> None:
    for below in ("", "/", "/x/../y", "/x?a=1", "?a=1"):
        found = captured(below=below)
        assert (found.below, found.request.url) == (below, f"http://h/in/a{below}")
    assert (captured(status=503).status, captured(status=None).outcome) == (503, None)


def test_another_receiver_gets_the_same_with_its_own_name_for_a_host() -> None:
    moved = captured(below="/x").to("http://127.0.0.1:8000/hook?a=b")
    assert moved.request.url == "http://127.0.0.1:8000/hook?a=b"
    assert dict(moved.request.headers)["host"] == "127.0.0.1:8000"
    assert (moved.bin, moved.below) == (None, "")
    with pytest.raises(InputError, match="scheme"):
        sent().to("ftp://x")
