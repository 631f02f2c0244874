"""What is signed around the body in place of `t` and a dot."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pivotal_sandbox.explain.mistakes.mistake import Mistake


@dataclass(frozen=True, slots=True)
class SigningInputs:
    """What could be signed beside the body: `t` as in the header, and the ids that are known."""

    timestamp: str
    delivery_ids: tuple[str, ...] = ()
    event_id: str = ""
    event_type: str = ""
    created_at: str = ""


@dataclass(frozen=True, slots=True)
class MessageAffixes:
    """What stands before and after the body in the message."""

    before: str = ""
    after: str = ""


Frames = Callable[[SigningInputs], Iterable[MessageAffixes]]

_RIGHT = "Sign the decimal `t` of the header, one dot, and the raw body, in this order."
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEAR = 300  # seconds
_OTHERS = (":", ",", "\n", "|", "-", "_", " ", ";", "&", "/", "+", "=", "..", ". ", "\t", "\r\n")


def valid_affixes(inputs: SigningInputs) -> MessageAffixes:
    """Return what belongs before a body: the timestamp and a dot."""
    return MessageAffixes(f"{inputs.timestamp}.")


def _timestamps(inputs: SigningInputs) -> Iterable[MessageAffixes]:
    seconds = int(inputs.timestamp)
    for text in (
        seconds,
        float(seconds),
        f"0{seconds}",
        f"{seconds:,}",
        f'"{seconds}"',
        hex(seconds),
    ):
        yield MessageAffixes(f"{text}.")


def _iso(inputs: SigningInputs) -> Iterable[MessageAffixes]:
    moment = _EPOCH + timedelta(seconds=int(inputs.timestamp))
    for text in (
        f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        f"{moment:%Y-%m-%dT%H:%M:%S}.000Z",
        f"{moment:%Y-%m-%dT%H:%M:%S}+00:00",
        f"{moment:%Y-%m-%d %H:%M:%S}",
    ):
        yield MessageAffixes(f"{text}.")


def _other_time(inputs: SigningInputs) -> Iterable[MessageAffixes]:
    seconds = int(inputs.timestamp)
    for away in range(1, _NEAR + 1):
        yield MessageAffixes(f"{seconds + away}.")
        yield MessageAffixes(f"{seconds - away}.")


def _with_ids(ids: Iterable[str], timestamp: str) -> Iterable[MessageAffixes]:
    for id in ids:
        if id:
            yield MessageAffixes(f"{id}.{timestamp}.")
            yield MessageAffixes(f"{timestamp}.{id}.")
            yield MessageAffixes(f"{id}.")
            yield MessageAffixes(f"{id}{timestamp}")


MESSAGE_MISTAKES: tuple[tuple[Mistake, Frames], ...] = (
    (
        Mistake(
            "no-timestamp",
            "without the timestamp",
            "`hmac(secret, body)`: the body alone, as GitHub and Shopify sign.",
            _RIGHT,
        ),
        lambda inputs: [MessageAffixes()],
    ),
    (
        Mistake(
            "no-dot",
            "without the dot between timestamp and body",
            "`t + body`: two strings joined.",
            _RIGHT,
        ),
        lambda inputs: [MessageAffixes(inputs.timestamp)],
    ),
    (
        Mistake(
            "dot-alone",
            "with a dot but no timestamp before the body",
            '`f"{t}.{body}"` where `t` is empty or was not found in the header.',
            _RIGHT,
        ),
        lambda inputs: [
            MessageAffixes(f"{word}.") for word in ("", "undefined", "null", "None", "NaN", "0")
        ],
    ),
    (
        Mistake(
            "other-separator",
            "with something else than one dot between timestamp and body",
            '`f"{t}:{body}"`; a newline, a comma and other marks too.',
            _RIGHT,
        ),
        lambda inputs: [MessageAffixes(inputs.timestamp + mark) for mark in _OTHERS],
    ),
    (
        Mistake(
            "milliseconds",
            "with the timestamp in milliseconds",
            "`t * 1000`, `date.getTime()`: a Date made of `t`, and its number taken again.",
            "Sign `t` as the header has it: it is text, no need to parse it for the signature.",
        ),
        lambda inputs: [MessageAffixes(f"{int(inputs.timestamp) * 1000}.")],
    ),
    (
        Mistake(
            "timestamp-rewritten",
            "with the timestamp parsed and written in another way",
            "`float(t)`, `int(t)` of a `t` with zeros before it, thousands separators, quotes.",
            "Sign `t` as the header has it: it is text, no need to parse it for the signature.",
        ),
        _timestamps,
    ),
    (
        Mistake(
            "created-at",
            "with the event's created_at in place of the timestamp",
            "`event.created_at + '.' + body`: the body's own time.",
            "Sign the `t` of the header: each attempt has its own.",
        ),
        lambda inputs: [MessageAffixes(f"{inputs.created_at}.")] if inputs.created_at else [],
    ),
    (
        Mistake(
            "timestamp-iso",
            "with the timestamp as a date",
            "`datetime.fromtimestamp(t).isoformat()`, `date.toISOString()`.",
            "Sign `t` as the header has it: it is text, no need to parse it for the signature.",
        ),
        _iso,
    ),
    (
        Mistake(
            "timestamp-with-key",
            "with the timestamp's key before it",
            "`parts[1] + '.' + body` where the part is still `t=…`.",
            "Take what follows the `=` of `t=…`.",
        ),
        lambda inputs: [
            MessageAffixes(f"t={inputs.timestamp}."),
            MessageAffixes(f"v1,t={inputs.timestamp}."),
        ],
    ),
    (
        Mistake(
            "version-included",
            "with the version before the timestamp",
            '`f"v1:{t}:{body}"`, as Slack signs; also with dots.',
            _RIGHT,
        ),
        lambda inputs: [
            MessageAffixes(f"{version}{mark}{inputs.timestamp}{mark}")
            for version in ("v1", "v0")
            for mark in ":.,"
        ],
    ),
    (
        Mistake(
            "body-first",
            "with the body first and the timestamp after it",
            '`f"{body}.{t}"`.',
            _RIGHT,
        ),
        lambda inputs: [
            MessageAffixes(after=f".{inputs.timestamp}"),
            MessageAffixes(after=inputs.timestamp),
        ],
    ),
    (
        Mistake(
            "delivery-id-included",
            "with the delivery id in the message",
            '`f"{id}.{t}.{body}"`: a library for Standard Webhooks, or Svix\'s.',
            _RIGHT + " Pivotal does not sign the delivery id.",
        ),
        lambda inputs: _with_ids(inputs.delivery_ids, inputs.timestamp),
    ),
    (
        Mistake(
            "event-id-included",
            "with the event's id or type in the message",
            '`f"{event.id}.{t}.{body}"`.',
            _RIGHT,
        ),
        lambda inputs: _with_ids((inputs.event_id, inputs.event_type), inputs.timestamp),
    ),
    (
        Mistake(
            "other-timestamp",
            "with another timestamp than the header's",
            "`Date.now() / 1000` when it is verified; or `t` was changed after signing.",
            "Sign the `t` of the header; compare it with your own clock separately.",
        ),
        _other_time,
    ),
)


_ID = re.compile(rb'"id"\s*:\s*"([\w.:-]{1,100})"')
_TYPE = re.compile(rb'"type"\s*:\s*"([\w.:-]{1,100})"')
_CREATED = re.compile(rb'"created_at"\s*:\s*"([\w.:+-]{1,100})"')
_HEAD = 4096  # bytes: the envelope begins with them


def signing_inputs(timestamp: str, body: bytes, delivery_ids: Iterable[str]) -> SigningInputs:
    """Return what could be signed beside a body, as far as its first bytes tell."""
    found = [
        match[1].decode("ascii", "replace") if (match := pattern.search(body[:_HEAD])) else ""
        for pattern in (_ID, _TYPE, _CREATED)
    ]
    return SigningInputs(timestamp, tuple(delivery_ids), *found)
