"""The verdict on a captured request's signature."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.domain.models import Headers
from pivotal_sandbox.receiver.verification import Verdict, verify_request
from pivotal_sandbox.signature import mac, sign

BODY = b'{"id":"evt_a"}'
SECRET = "whsec_a"
NOW = 1_716_566_400
MAC = mac(BODY, SECRET, NOW)


def signed(timestamp: int = NOW, name: str = "pivotal-signature") -> Headers:
    return (("host", "a.test"), (name, sign(BODY, SECRET, timestamp=timestamp)))


@pytest.mark.parametrize("name", ["pivotal-signature", "Pivotal-Signature", "PIVOTAL-SIGNATURE"])
def test_a_valid_signature_is_verified_whatever_the_case_of_its_header(name: str) -> None:
    verdict = verify_request(signed(name=name), BODY, ["whsec_other", SECRET], now=NOW + 2.9)
    assert verdict == Verdict(True, True, None, "Signature valid, 2 s old.")


def test_a_signature_ahead_of_the_clock_says_so() -> None:
    verdict = verify_request(signed(NOW + 7), BODY, [SECRET], now=NOW + 0.5)
    assert verdict.sentence == "Signature valid, 7 s ahead of this clock."


@pytest.mark.parametrize(
    ("headers", "reason", "sentence"),
    [
        ((), "missing_header", "has no pivotal-signature header"),
        (signed() + signed(), "duplicate_header", "has 2 pivotal-signature headers"),
        ((("pivotal-signature", "garbage"),), "malformed_header", "malformed"),
        ((("pivotal-signature", f"v9,t={NOW},sig=a"),), "unsupported_version", "'v9'"),
        ((("pivotal-signature", f"v1,t={NOW},sig=a"),), "no_match", "does not match"),
        (signed(NOW - 301), "too_old", "301 s old"),
        (signed(NOW + 301), "too_new", "301 s in the future"),
    ],
)
def test_an_invalid_signature_has_a_reason_and_a_sentence(
    headers: Headers, reason: str, sentence: str
) -> None:
    verdict = verify_request(headers, BODY, [SECRET], now=NOW)
    assert (verdict.verified, verdict.reason) == (False, reason)
    assert verdict.signed == bool(headers)
    assert sentence in verdict.sentence


def test_nothing_is_verified_without_a_secret() -> None:
    assert verify_request((), BODY, [], now=NOW) == Verdict(False, None, None, "Not signed.")
    sentence = "Signed, but this bin knows no secret to verify with."
    assert verify_request(signed(), BODY, [], now=NOW) == Verdict(True, None, None, sentence)


@pytest.mark.parametrize(
    "header",
    [
        f"v1,start=soon,t={NOW},sig={MAC}",
        f"v1,xt=,sig={MAC},t={NOW}",
        f"v1,sig=t=,t={NOW},sig={MAC}",
        f"v1,sig={MAC},=t=5,t={NOW}",
    ],
)
def test_the_age_comes_from_the_timestamp_only(header: str) -> None:
    verdict = verify_request((("pivotal-signature", header),), BODY, [SECRET], now=NOW + 5)
    assert verdict == Verdict(True, True, None, "Signature valid, 5 s old.")


@given(
    st.lists(st.text() | st.sampled_from([f"t={NOW}", f"sig={MAC}", "t=", "st=5"]), max_size=5),
    st.sampled_from([[], [SECRET], [""]]),
)
def test_any_header_gets_a_verdict(parts: list[str], secrets: list[str]) -> None:
    headers = (("pivotal-signature", ",".join(["v1", *parts])),)
    verdict = verify_request(headers, BODY, secrets, now=NOW)
    assert verdict.signed
    assert verdict.sentence.endswith(".")
    assert (verdict.verified is False) == (verdict.reason is not None)


def test_an_invalid_signature_names_the_likely_mistake() -> None:
    header = sign(BODY + b"\n", SECRET, timestamp=NOW)
    verdict = verify_request((("pivotal-signature", header),), BODY, [SECRET], now=NOW)
    assert verdict.reason == "no_match"
    assert verdict.sentence.startswith("Signature does not match: ")
    assert " is made over the body and a newline after it" in verdict.sentence


def test_a_clock_error_is_named_once() -> None:
    verdict = verify_request(signed(NOW - 3600), BODY, [SECRET], now=NOW)
    assert verdict.sentence.count("3600 s old") == 1
    assert "time zone" in verdict.sentence


def test_a_signature_with_another_endpoints_secret_is_recognized() -> None:
    header = sign(BODY, "whsec_live", timestamp=NOW)
    others = {"the live endpoint ep_2": "whsec_live", "the test endpoint ep_1": SECRET}
    verdict = verify_request(
        (("pivotal-signature", header),), BODY, [SECRET], now=NOW, other_secrets=lambda: others
    )
    assert verdict.reason == "no_match"
    assert "keyed with the secret of the live endpoint ep_2." in verdict.sentence


def test_other_secrets_are_not_read_for_a_valid_signature() -> None:
    def others() -> dict[str, str]:
        raise AssertionError

    assert verify_request(signed(), BODY, [SECRET], now=NOW, other_secrets=others).verified
