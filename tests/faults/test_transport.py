"""How a request is to be written: what the faults say of it."""

import random

import pytest

from pivotal_sandbox.common.headers import header_value
from pivotal_sandbox.domain.models import Request, Wire
from pivotal_sandbox.domain.request import build_request
from pivotal_sandbox.faults.signature import SigningContext
from pivotal_sandbox.faults.transport import ALTERATIONS, PAUSE_MS, PIECES, as_headed

SIGNING = SigningContext(("whsec_x",), 1, random.Random(7))
BODY = b"0123456789"


def planned(body: bytes = BODY) -> Request:
    return build_request("msg_1", "x", body, url="http://a.test/", secrets=["whsec_x"], timestamp=1)


@pytest.mark.parametrize("name", ALTERATIONS)
def test_only_a_chunked_body_has_other_headers_and_all_have_the_same_body(name: str) -> None:
    spoilt = ALTERATIONS[name](planned(), SIGNING)
    assert spoilt.body == BODY
    assert (spoilt.headers == planned().headers) is (name != "chunked-body")
    assert spoilt.wire is not None


def test_a_chunked_body_has_a_coding_where_its_length_was() -> None:
    headers = ALTERATIONS["chunked-body"](planned(), SIGNING).headers
    assert [name for name, _ in headers][:-1] == [name for name, _ in planned().headers][:-1]
    assert headers[-1] == ("transfer-encoding", "chunked")


def test_the_pauses_of_a_slow_body_take_about_two_seconds() -> None:
    assert 1900 <= (PIECES - 1) * PAUSE_MS <= 2100


@pytest.mark.parametrize("name", ["reset-mid-body", "truncated-body"])
def test_of_a_body_that_is_cut_half_is_sent(name: str) -> None:
    assert ALTERATIONS[name](planned(), SIGNING).sent == b"01234"
    assert ALTERATIONS[name](planned(b""), SIGNING).sent == b""


@pytest.mark.parametrize("name", ["slow-body", "chunked-body", "abort-before-response"])
def test_of_any_other_all_of_it_is_sent(name: str) -> None:
    assert ALTERATIONS[name](planned(), SIGNING).sent == BODY


def test_what_was_sent_before_is_written_as_its_headers_say() -> None:
    assert as_headed(planned()) == planned()
    chunked = as_headed(
        Request("POST", "http://a.test/", (("Transfer-Encoding", "chunked"),), BODY)
    )
    assert chunked.wire is not None
    assert chunked.wire.chunked
    cut = ALTERATIONS["truncated-body"](planned(), SIGNING)
    again = as_headed(Request("POST", cut.url, cut.headers, cut.sent))
    assert again.wire == Wire(ending="half-close")
    assert again.sent == b"01234"
    assert header_value(again.headers, "content-length") == "10"
