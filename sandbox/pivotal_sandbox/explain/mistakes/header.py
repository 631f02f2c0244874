"""What is handed over in place of the signature header, and what is wrong with the clock."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from pivotal_sandbox.common.headers import SIGNATURE_HEADER
from pivotal_sandbox.explain.mistakes.mistake import Mistake

_TAKE = "Read the value of the header `pivotal-signature`, and hand it over as it is."
_SIGN = "Send `v1,t=<Unix seconds>,sig=<base64>`."
_CLOCK = "Compare Unix seconds (UTC) with Unix seconds, and keep the clock right by NTP."

_HOUR = 3600
_ZONE_STEP = 1800  # seconds: time zones differ by whole or half hours
_ZONE_MOST = 14 * _HOUR
_ZONE_SLACK = 60
_MILLISECONDS_FROM = 10**11


@dataclass(frozen=True, slots=True)
class HeaderInput:
    """What came where the header is expected, and what else is known of the request.

    Where nothing came, `value` is empty and `is_missing`.
    """

    value: str
    is_missing: bool
    headers: tuple[tuple[str, str], ...]
    secrets: Sequence[str]


def read_header(text: str) -> tuple[str, tuple[str, ...]] | None:
    """Return `t` and each `sig` of a header in which there is one of the first."""
    pairs = [part.partition("=") for part in text.split(",")]
    timestamps = [value for key, _, value in pairs if key == "t"]
    signatures = tuple(value for key, _, value in pairs if key == "sig")
    if len(timestamps) != 1 or not re.fullmatch("[0-9]{1,12}", timestamps[0]) or not signatures:
        return None
    return timestamps[0], signatures


def _is_header(text: str) -> bool:
    return text.startswith("v1,") and read_header(text) is not None


def _cleaned(text: str) -> str:
    return re.sub(r"\s+", "", text).strip("\"'`")


def _with_commas(text: str) -> str:
    return re.sub("[;&| ]+", ",", text.strip())


def _is_header_once(changed: Callable[[str], str], text: str) -> bool:
    return changed(text) != text and _is_header(changed(text))


def _timestamp(text: str) -> str:
    match = re.search("(?:^|,)t=([^,]*)", text)
    return match[1] if match else ""


def _renamed(header_input: HeaderInput) -> bool:
    names = [name for name, value in header_input.headers if _is_header(value)]
    return header_input.is_missing and any(name.lower() != SIGNATURE_HEADER for name in names)


Matches = Callable[[HeaderInput], bool]

HEADER_MISTAKES: tuple[tuple[Mistake, Matches], ...] = (
    (
        Mistake(
            "header-renamed",
            "The signature is in a header of another name.",
            "A proxy or a gateway renamed it, or `HTTP_…` and underscores were put in by hand.",
            _TAKE,
        ),
        _renamed,
    ),
    (
        Mistake(
            "header-repeated",
            "Two signature headers were joined, or both sent.",
            "A proxy or a test adds the header to a request that has it.",
            "Set the header in place of adding it. Two secrets sign in one header, by two `sig`.",
        ),
        lambda header_input: (
            header_input.value.count("v1,t=") > 1
            or sum(name.lower() == SIGNATURE_HEADER for name, _ in header_input.headers) > 1
        ),
    ),
    (
        Mistake(
            "header-empty",
            "The header was handed over, but it is empty.",
            'A default such as `headers.get("…", "")` hides that the name is misspelt.',
            _TAKE,
        ),
        lambda header_input: not header_input.is_missing and not header_input.value.strip(),
    ),
    (
        Mistake(
            "header-secret",
            "What was handed over as the header is a secret.",
            "The arguments of the verifying function are in another order.",
            _TAKE,
        ),
        lambda header_input: (
            header_input.value in header_input.secrets or header_input.value.startswith("whsec_")
        ),
    ),
    (
        Mistake(
            "header-delivery-id",
            "What was handed over as the header is a delivery id.",
            "The value of `pivotal-delivery-id` in place of that of `pivotal-signature`.",
            _TAKE,
        ),
        lambda header_input: bool(re.fullmatch("msg_[0-9A-Za-z]{26}", header_input.value.strip())),
    ),
    (
        Mistake(
            "header-event",
            "What was handed over as the header is an event type.",
            "The value of `pivotal-event` in place of that of `pivotal-signature`.",
            _TAKE,
        ),
        lambda header_input: bool(re.fullmatch(r"[a-z]+\.[a-z_]+", header_input.value.strip())),
    ),
    (
        Mistake(
            "header-other",
            "What was handed over as the header is the value of another header.",
            "Such as `user-agent` or `content-type`.",
            _TAKE,
        ),
        lambda header_input: any(
            value == header_input.value and name.lower() != SIGNATURE_HEADER
            for name, value in header_input.headers
        ),
    ),
    (
        Mistake(
            "header-name-included",
            "The header's name is still before its value.",
            "The whole line `pivotal-signature: v1,…` was copied.",
            _TAKE,
        ),
        lambda header_input: bool(
            re.match(r"\s*pivotal-signature\s*[:=]", header_input.value, re.IGNORECASE)
        ),
    ),
    (
        Mistake(
            "header-blanks",
            "There are blanks or quotes in the header that are not sent in it.",
            "It was copied with quotes around it, or printed and folded by a log.",
            _TAKE,
        ),
        lambda header_input: _is_header_once(_cleaned, header_input.value),
    ),
    (
        Mistake(
            "header-percent-encoded",
            "The header is percent-encoded.",
            "`encodeURIComponent(header)`: `%2C`, `%3D`.",
            _TAKE,
        ),
        lambda header_input: _is_header_once(unquote, header_input.value),
    ),
    (
        Mistake(
            "header-separators",
            "The parts of the header are not separated by commas.",
            "A proxy or a log that writes `;`, `&` or blanks.",
            _SIGN,
        ),
        lambda header_input: _is_header_once(_with_commas, header_input.value),
    ),
    (
        Mistake(
            "header-milliseconds",
            "The header's t is in milliseconds.",
            "`Date.now()` in JavaScript, `System.currentTimeMillis()` in Java.",
            "Write Unix seconds: `Math.floor(Date.now() / 1000)`.",
        ),
        lambda header_input: bool(re.fullmatch("[0-9]{13}", _timestamp(header_input.value))),
    ),
    (
        Mistake(
            "header-timestamp",
            "The header's t is no whole number of seconds.",
            "`time.time()` in Python is a float; `isoformat()` is a date.",
            "Write whole Unix seconds: `int(time.time())`.",
        ),
        lambda header_input: bool(
            re.search("[0-9]", _timestamp(header_input.value))
            and not re.fullmatch("[0-9]{1,12}", _timestamp(header_input.value))
        ),
    ),
    (
        Mistake(
            "header-bare",
            "The header is the MAC alone.",
            "`pivotal-signature: <base64>`, without `v1` and `t`; or only `sig` was handed over.",
            _SIGN,
        ),
        lambda header_input: bool(
            re.fullmatch("[A-Za-z0-9+/_-]{43}=?|[0-9a-fA-F]{64}", header_input.value.strip())
        ),
    ),
    (
        Mistake(
            "header-other-vendor",
            "The header has the form of another vendor's.",
            "`t=…,v1=…` (Stripe), `v1,<base64>` (Standard Webhooks), `sha256=…` (GitHub), "
            "`v0=…` (Slack).",
            _SIGN,
        ),
        lambda header_input: bool(
            re.fullmatch(
                r"t=\d+(?:,v\d=[0-9a-f]+)+|v1a?,[A-Za-z0-9+/]{40,}=*(?: v1a?,\S+)*|"
                r"sha(?:1|256|512)=[0-9a-f]+|v\d=[0-9a-f]+",
                header_input.value.strip(),
            )
        ),
    ),
)

CLOCK_MILLISECONDS = Mistake(
    "clock-milliseconds",
    "The time that it is compared with is in milliseconds.",
    "`Date.now() - t`: milliseconds less seconds.",
    "Divide by 1000 first: `Math.floor(Date.now() / 1000) - t`.",
)
CLOCK_TIME_ZONE = Mistake(
    "clock-time-zone",
    "That is as much as a time zone: one of the two clocks seems to be taken for UTC.",
    "`datetime.utcnow().timestamp()`, `mktime` of a UTC time, a container's clock on local time.",
    _CLOCK,
)
CLOCK_PAST = Mistake(
    "clock-past",
    "The signature is genuine: it is the time that has passed, or a clock that is wrong.",
    "A request that was kept and sent again, a queue before the verification, a clock ahead.",
    "Verify when the request comes in, before any queue. " + _CLOCK,
)
CLOCK_FUTURE = Mistake(
    "clock-future",
    "The signature is genuine: it is the receiver's clock that is behind, or the sender's ahead.",
    "A virtual machine that slept, a container without NTP, a test that froze the time.",
    _CLOCK,
)
CLOCK_MISTAKES = (CLOCK_MILLISECONDS, CLOCK_TIME_ZONE, CLOCK_PAST, CLOCK_FUTURE)


def header_mistake(header_input: HeaderInput) -> Mistake | None:
    """Return what is wrong with a header that is refused for its form, if it is known."""
    return next((mistake for mistake, is_so in HEADER_MISTAKES if is_so(header_input)), None)


def clock_mistake(timestamp: int, now: float) -> Mistake:
    """Return what is wrong with the time (Unix seconds) at which a genuine signature is refused."""
    if now > _MILLISECONDS_FROM and abs(now / 1000 - timestamp) < _ZONE_MOST:
        return CLOCK_MILLISECONDS
    away = abs(now - timestamp)
    if _ZONE_STEP - _ZONE_SLACK <= away <= _ZONE_MOST + _ZONE_SLACK:
        rest = away % _ZONE_STEP
        if min(rest, _ZONE_STEP - rest) <= _ZONE_SLACK:
            return CLOCK_TIME_ZONE
    return CLOCK_PAST if now > timestamp else CLOCK_FUTURE
