"""Requests with a spoiled signature, as a receiver that verifies by itself sees them."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pivotal_sandbox.common.headers import header_value
from pivotal_sandbox.domain.models import Request
from pivotal_sandbox.domain.request import build_request
from pivotal_sandbox.errors import SignatureError
from pivotal_sandbox.faults.signature import ALTERATIONS, SigningContext
from pivotal_sandbox.signature import verify, verify_headers

NOW = 1_780_000_000
SECRET = "whsec_a_secret"
BODY = '{"id":"evt_1","type":"x","created_at":"2026","data":{"id":"cus_1","name":"Zoë"}}'.encode()


def signing(*secrets: str) -> SigningContext:
    return SigningContext(secrets or (SECRET,), NOW, random.Random(7))


def planned(body: bytes = BODY, *secrets: str) -> Request:
    return build_request(
        "msg_1", "x", body, url="http://a.test/", secrets=secrets or (SECRET,), timestamp=NOW
    )


def spoilt(name: str, body: bytes = BODY) -> Request:
    return ALTERATIONS[name](planned(body), signing())


def signatures(request: Request) -> list[str]:
    return [value for name, value in request.headers if name == "pivotal-signature"]


def reason(request: Request) -> str | None:
    """Return why a right receiver refuses it, or None where it does not."""
    try:
        verify_headers(request.body, signatures(request), SECRET, now=NOW)
    except SignatureError as error:
        return error.reason
    return None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("no-signature", "missing_header"),
        ("empty-signature", "malformed_header"),
        ("wrong-secret", "no_match"),
        ("tampered-body", "no_match"),
        ("reserialized-body", "no_match"),
        ("stale-timestamp", "too_old"),
        ("future-timestamp", "too_new"),
        ("unknown-version", "unsupported_version"),
        ("unpadded-signature", "no_match"),
        ("hex-signature", "no_match"),
        ("duplicate-signature-header", "duplicate_header"),
        ("rotated-secret", None),
    ],
)
def test_each_is_refused_for_its_own_reason_and_for_no_other(name: str, why: str | None) -> None:
    assert reason(planned()) is None
    assert reason(spoilt(name)) == why


@pytest.mark.parametrize("name", ALTERATIONS)
def test_nothing_else_about_the_request_is_changed(name: str) -> None:
    before, after = planned(), spoilt(name)
    spared = [
        header
        for header in after.headers
        if header[0] not in ("pivotal-signature", "content-length")
    ]
    assert spared == [
        header
        for header in before.headers
        if header[0] not in ("pivotal-signature", "content-length")
    ]
    assert header_value(after.headers, "content-length") == str(len(after.body))
    assert replace(after, headers=before.headers, body=before.body) == before
    changed = name in ("tampered-body", "reserialized-body")
    assert (after.body != before.body) is changed


def test_the_headers_stay_in_their_order() -> None:
    names = [name for name, _ in spoilt("duplicate-signature-header").headers]
    assert names == [
        *("host", "content-type", "pivotal-event", "pivotal-delivery-id"),
        *("pivotal-signature", "pivotal-signature", "user-agent", "accept", "content-length"),
    ]


def test_a_tampered_body_is_about_somebody_else_and_as_long_as_before() -> None:
    body = json.loads(spoilt("tampered-body").body)
    assert body["data"] == {"id": "cus_0", "name": "Zoë"}
    assert {**body, "data": None} == {**json.loads(BODY), "data": None}


@given(st.binary(max_size=60))
def test_any_body_is_tampered_with(body: bytes) -> None:
    assert spoilt("tampered-body", body).body != body
    assert reason(spoilt("tampered-body", body)) == "no_match"


def test_a_reserialized_body_means_the_same_in_other_bytes() -> None:
    body = spoilt("reserialized-body").body
    assert json.loads(body) == json.loads(BODY)
    assert body.startswith(b'{"id": "evt_1", "type": "x"')
    assert b"Zo\\u00eb" in body


@pytest.mark.parametrize(
    ("name", "at"), [("stale-timestamp", NOW - 600), ("future-timestamp", NOW + 600)]
)
def test_a_wrong_time_is_rightly_signed(name: str, at: int) -> None:
    verify(BODY, signatures(spoilt(name))[0], SECRET, now=at, tolerance=0)


def test_a_time_before_1970_is_1970() -> None:
    early = SigningContext((SECRET,), 5, random.Random(7))
    assert ",t=0," in signatures(ALTERATIONS["stale-timestamp"](planned(), early))[0]


def test_an_unpadded_signature_is_the_right_one_without_its_padding() -> None:
    [right], [wrong] = signatures(planned()), signatures(spoilt("unpadded-signature"))
    assert right == f"{wrong}="


def test_a_signature_in_hexadecimal_has_64_digits_for_each_secret() -> None:
    secrets = ("whsec_new", "whsec_old")
    [header] = signatures(ALTERATIONS["hex-signature"](planned(BODY, *secrets), signing(*secrets)))
    version, t, *sigs = header.split(",")
    assert (version, t) == ("v1", f"t={NOW}")
    assert [len(bytes.fromhex(sig.removeprefix("sig="))) for sig in sigs] == [32, 32]


def test_an_unknown_version_is_rightly_signed_but_for_its_name() -> None:
    [header] = signatures(spoilt("unknown-version"))
    assert header == signatures(planned())[0].replace("v1,", "v2,")


def test_a_rotated_secret_comes_first_and_the_one_that_is_known_second() -> None:
    [header] = signatures(spoilt("rotated-secret"))
    new, old = header.split(",sig=")[1:]
    verify(BODY, f"v1,t={NOW},sig={old}", SECRET, now=NOW)
    with pytest.raises(SignatureError, match="does not match"):
        verify(BODY, f"v1,t={NOW},sig={new}", SECRET, now=NOW)


@pytest.mark.parametrize("name", ["wrong-secret", "rotated-secret"])
def test_a_made_up_secret_is_the_same_under_the_same_source(name: str) -> None:
    assert spoilt(name) == spoilt(name)
    other = ALTERATIONS[name](planned(), SigningContext((SECRET,), NOW, random.Random(8)))
    assert other != spoilt(name)
