"""Raw-body checks: the signature covers the exact bytes, however they are formatted."""

from collections.abc import Callable, Mapping

from pivotal_sandbox.check.assertions import advice_topic, describe_consequence
from pivotal_sandbox.check.case import check
from pivotal_sandbox.check.classify import (
    classify_answer,
    describe_answer,
    is_ack,
    list_answers,
    summarize_answers,
)
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.verdicts import (
    Verdict,
    failed,
    passed,
)
from pivotal_sandbox.domain.models import Event

_INSERTION_POINT = b'"custom_fields":{'  # free-form by contract, so no schema forbids the field

NUMBERS = {
    "1.0": b'"a":1.0',
    "1e3": b'"a":1e3',
    "0.10": b'"a":0.10',
    "-0": b'"a":-0',
    "2^53+1": b'"a":9007199254740993',
    "30 digits": b'"a":123456789012345678901234567890',
}
ESCAPES = {
    r"\u001B in upper-case hex": rb'"a":"\u001B[0m"',
    r"\u00e9 for é": rb'"a":"Ren\u00e9e"',
    r"\/": rb'"a":"https:\/\/example.org\/"',
    "an escaped surrogate pair": rb'"a":"\ud83d\ude80"',
}
UNICODE = {
    "letters beyond ASCII": '"a":"Zoë Østergård, 東京"'.encode(),
    "an emoji": '"a":"👩‍🚀"'.encode(),
    "U+2028": '"a":"one\u2028two"'.encode(),
    "the control character DEL": b'"a":"\x7f"',
}
KEYS = {
    "unsorted keys": b'"zulu":1,"alfa":2',
    "keys that are numbers": b'"10":1,"2":2',
    "__proto__": b'"__proto__":{"x":1}',
    "a key twice": b'"a":1,"a":2',
    "empty object, empty list and null": b'"a":{},"b":[],"c":null',
    "< > & '": b'"a":"<b>&amp;\'</b>"',
}
HOSTILE = {
    r"\u0000": rb'"a":"x\u0000y"',
    "half a surrogate pair": rb'"a":"\ud800"',
    "the byte FF": b'"a":"\xff"',
}


def _build_event_with(context: CheckContext, field: bytes) -> Event:
    plain = context.new_event()
    assert _INSERTION_POINT in plain.body
    body = plain.body.replace(_INSERTION_POINT, _INSERTION_POINT + field + b",", 1)
    return context.new_event_with_body(
        plain.type, lambda id: body.replace(plain.id.encode(), id.encode())
    )


def _build_rewritten_event(context: CheckContext, rewrite: Callable[[bytes], bytes]) -> Event:
    plain = context.new_event()
    return context.new_event_with_body(
        plain.type, lambda id: rewrite(plain.body.replace(plain.id.encode(), id.encode()))
    )


def _add_spaces(body: bytes) -> bytes:
    return body.replace(b',"', b', "').replace(b'":', b'": ')


def _pretty_print(body: bytes) -> bytes:
    return body.replace(b',"', b',\n  "').replace(b"{", b"{\n  ").replace(b"}", b"\n}")


WHITESPACE: Mapping[str, Callable[[bytes], bytes]] = {
    "a space after commas and colons": _add_spaces,
    "lines that end in LF": _pretty_print,
    "lines that end in CRLF": lambda body: _pretty_print(body).replace(b"\n", b"\r\n"),
    "a newline at the end": lambda body: body + b"\n",
    "a space in front": lambda body: b" " + body,
    "a tab in front": lambda body: b"\t" + body,
}


async def _check_fields(context: CheckContext, fields: Mapping[str, bytes]) -> Verdict:
    events = {label: _build_event_with(context, field) for label, field in fields.items()}
    return await _check_events(context, events)


async def _check_events(context: CheckContext, events: Mapping[str, Event]) -> Verdict:
    exchanges = await context.send_all(
        context.build_genuine(f"a body with {label}", event) for label, event in events.items()
    )
    if not (refused := [exchange for exchange in exchanges if not is_ack(exchange)]):
        return passed(f"acknowledged: {summarize_answers(exchanges)}", *exchanges)
    crashed = all(exchange.status is None or exchange.status >= 500 for exchange in refused)
    return failed(
        f"{len(refused)} of {len(exchanges)} not acknowledged ({list_answers(refused)}): "
        f"{describe_consequence(refused[0])}",
        *refused,
        topic="crash" if crashed else advice_topic(refused[0]),
    )


async def _check_size(context: CheckContext, size: int) -> Verdict:
    plain = context.new_event()
    filler = b'"note":"' + b"0123456789abcdef" * ((size - len(plain.body)) // 16) + b'"'
    event = _build_event_with(context, filler)
    exchange = await context.send(context.build_genuine(f"a body of {size // 1024} KiB", event))
    if is_ack(exchange):
        return passed(f"answered {describe_answer(exchange)}", exchange)
    return failed(
        f"answered {describe_answer(exchange)}: {describe_consequence(exchange)}",
        exchange,
        topic=advice_topic(exchange) or "limit",
    )


@check(
    "body-numbers",
    title="Numbers are verified as they are written",
    group="raw-body",
    severity="must",
    stage="genuine",
    expected="2xx",
    reason=(
        "1.0, 1e3 and 0.10 do not survive parsing and writing in any common language: genuine "
        "events are refused, but only those with such a number."
    ),
    topic="raw-body",
)
async def body_numbers(context: CheckContext) -> Verdict:
    return await _check_fields(context, NUMBERS)


@check(
    "body-escapes",
    title="Escapes in strings are verified as they are written",
    group="raw-body",
    severity="must",
    stage="genuine",
    expected="2xx",
    reason=(
        r"\u001B and \u001b are the same text and other bytes; octokit/webhooks.js issue 71 is "
        "what that looked like."
    ),
    topic="raw-body",
)
async def body_escapes(context: CheckContext) -> Verdict:
    return await _check_fields(context, ESCAPES)


@check(
    "body-unicode",
    title="Text beyond ASCII is verified as it is written",
    group="raw-body",
    severity="must",
    stage="genuine",
    expected="2xx",
    reason=(
        "Customers have names. Decoding as ASCII or Latin-1, or writing escapes in place of "
        "letters, refuses exactly theirs."
    ),
    topic="raw-body",
)
async def body_unicode(context: CheckContext) -> Verdict:
    return await _check_fields(context, UNICODE)


@check(
    "body-whitespace",
    title="White space is part of the body",
    group="raw-body",
    severity="must",
    stage="genuine",
    expected="2xx",
    reason=(
        "Trimmed, re-indented or with other line ends it is the same JSON, and another signature."
    ),
    topic="raw-body",
)
async def whitespace(context: CheckContext) -> Verdict:
    return await _check_events(
        context,
        {label: _build_rewritten_event(context, rewrite) for label, rewrite in WHITESPACE.items()},
    )


@check(
    "body-keys",
    title="Keys keep their order and their number",
    group="raw-body",
    severity="must",
    stage="genuine",
    expected="2xx",
    reason=(
        "Maps sort their keys, drop the second of two, or turn {} into []: what is written back "
        "is not what was signed."
    ),
    topic="raw-body",
)
async def body_keys(context: CheckContext) -> Verdict:
    return await _check_fields(context, KEYS)


@check(
    "body-64k",
    title="A body of 64 KiB is taken whole",
    group="raw-body",
    severity="must",
    stage="genuine",
    expected="2xx",
    reason=(
        "A big body arrives in pieces. Hashing the last one only, or a limit set for small "
        "bodies, refuses the customers with the longest histories."
    ),
    topic="limit",
)
async def body_64k(context: CheckContext) -> Verdict:
    return await _check_size(context, 64 * 1024)


@check(
    "body-hostile",
    title="Bytes that text handling trips over do not crash the handler",
    group="raw-body",
    severity="should",
    stage="hostile",
    expected="2xx or 4xx, never 5xx",
    reason=(
        "A null character breaks PostgreSQL's jsonb, half a surrogate pair breaks encoders: the "
        "crash comes back with every retry."
    ),
    topic="shape",
)
async def hostile(context: CheckContext) -> Verdict:
    events = {label: _build_event_with(context, field) for label, field in HOSTILE.items()}
    events["a byte order mark"] = _build_rewritten_event(
        context, lambda body: b"\xef\xbb\xbf" + body
    )
    exchanges = await context.send_all(
        context.build_genuine(f"a body with {label}", event) for label, event in events.items()
    )
    if crashed := [
        exchange for exchange in exchanges if classify_answer(exchange) in ("crash", "hang")
    ]:
        return failed(
            f"crashed ({list_answers(crashed)}): Pivotal retries the same bytes for 24 h", *crashed
        )
    return passed(f"taken or refused: {summarize_answers(exchanges)}", *exchanges)


@check(
    "body-200k",
    title="A body of 200 KiB is taken",
    group="raw-body",
    severity="info",
    stage="genuine",
    expected="2xx",
    reason=(
        "Express and Nest stop at 100 KiB unless told otherwise. Pivotal promises no upper limit."
    ),
    topic="limit",
)
async def body_200k(context: CheckContext) -> Verdict:
    return await _check_size(context, 200 * 1024)


@check(
    "body-1m",
    title="A body of 1 MiB is taken",
    group="raw-body",
    severity="info",
    stage="genuine",
    expected="2xx",
    reason="actix stops at 256 KiB, Fastify at 1 MiB. Pivotal promises no upper limit.",
    topic="limit",
)
async def body_1m(context: CheckContext) -> Verdict:
    return await _check_size(context, 1024 * 1024)
