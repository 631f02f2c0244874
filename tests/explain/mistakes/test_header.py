"""Each thing that is handed over in place of the header is named, and so is a clock that is off."""

import pytest
from tests.explain.mistaken import BODY, DELIVERY_ID, SECRET, T, digest

from pivotal_sandbox.explain.explain import explain
from pivotal_sandbox.explain.mistakes.header import CLOCK_MISTAKES, HEADER_MISTAKES
from pivotal_sandbox.signature import sign

RIGHT = sign(BODY, SECRET, timestamp=T)
SIG = RIGHT.partition("sig=")[2]

HEADERS: dict[str, list[str | None]] = {
    "header-renamed": [None],
    "header-repeated": [f"{RIGHT},{RIGHT}", f"{RIGHT}, {RIGHT}"],
    "header-empty": ["", "  "],
    "header-secret": [SECRET, "whsec_other"],
    "header-delivery-id": [DELIVERY_ID],
    "header-event": ["customer.at_risk"],
    "header-other": ["Pivotal-Webhooks/1.0 (sandbox)"],
    "header-name-included": [f"pivotal-signature: {RIGHT}"],
    "header-blanks": [f'"{RIGHT}"', RIGHT.replace(",", ", ")],
    "header-percent-encoded": [RIGHT.replace("=", "%3D").replace(",", "%2C")],
    "header-separators": [RIGHT.replace(",", ";"), RIGHT.replace(",", "&")],
    "header-milliseconds": [f"v1,t={T}000,sig={SIG}"],
    "header-timestamp": [f"v1,t={T}.25,sig={SIG}", f"v1,t=2024-05-24T16:00:00Z,sig={SIG}"],
    "header-bare": [SIG, digest(BODY).hex()],
    "header-other-vendor": [
        f"t={T},v1={digest(BODY).hex()}",
        f"v1,{SIG}",
        f"sha256={digest(BODY).hex()}",
        f"v0={digest(BODY).hex()}",
    ],
}
SENT = (
    ("X-Pivotal-Signature", RIGHT),
    ("Pivotal-Delivery-Id", DELIVERY_ID),
    ("User-Agent", "Pivotal-Webhooks/1.0 (sandbox)"),
)


def test_each_header_has_its_test() -> None:
    assert list(HEADERS) == [mistake.id for mistake, _ in HEADER_MISTAKES]


@pytest.mark.parametrize("id", HEADERS)
def test_what_is_no_signature_header_is_named(id: str) -> None:
    for header in HEADERS[id]:
        told = explain(BODY, header, SECRET, headers=SENT)
        assert [mistake.id for mistake in told.mistakes] == [id], header
        assert not told.ok


def test_two_headers_are_named_and_so_is_a_renamed_one_only_if_none_is_right() -> None:
    twice = (("pivotal-signature", RIGHT), ("Pivotal-Signature", RIGHT))
    told = explain(BODY, RIGHT, SECRET, headers=twice)
    assert (told.reason, told.mistakes[0].id) == ("duplicate_header", "header-repeated")
    assert explain(BODY, RIGHT, SECRET, headers=(*SENT, twice[0])).ok


@pytest.mark.parametrize(
    "header", [None, "v1,x", "v2,a=b", "v1,sig=a", "?" * 50, "v2,t=1,sig=x", "v1,t=1,sig=x,y"]
)
def test_a_header_that_is_like_nothing_known_has_its_reason_alone(header: str | None) -> None:
    told = explain(BODY, header, SECRET)
    assert told.mistakes == ()
    assert told.reason in ("missing_header", "malformed_header", "unsupported_version")
    assert told.sentence.endswith(".")


@pytest.mark.parametrize(
    ("away", "id"),
    [
        (3600, "clock-time-zone"),
        (-2 * 3600 + 40, "clock-time-zone"),
        (5.5 * 3600, "clock-time-zone"),
        (14 * 3600 + 60, "clock-time-zone"),
        (15 * 3600, "clock-past"),
        (1800 - 60, "clock-time-zone"),
        (1800 - 61, "clock-past"),
        (4500, "clock-past"),
        (400, "clock-past"),
        (-400, "clock-future"),
        (float("inf"), "clock-past"),
        (T * 999, "clock-milliseconds"),
        (T * 999 + 3_600_000, "clock-milliseconds"),
    ],
)
def test_a_clock_that_is_off_is_named_by_how_far(away: float, id: str) -> None:
    told = explain(BODY, RIGHT, SECRET, now=T + away)
    assert [mistake.id for mistake in told.mistakes] == [id]
    assert told.reason in ("too_old", "too_new")
    assert told.mistakes[0] in CLOCK_MISTAKES
    assert not told.ok


def test_a_time_that_is_none_is_of_no_clock() -> None:
    assert explain(BODY, RIGHT, SECRET, now=float("nan")).mistakes[0].id == "clock-future"
