"""Freshness: the timestamp is signed, read once, and compared with the clock."""

import base64
import hashlib
import hmac
from collections.abc import Iterator

from pivotal_sandbox.check.assertions import accepts, refuses
from pivotal_sandbox.check.case import Case, Verdict
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.request import CheckRequest
from pivotal_sandbox.signature import VERSION

HOUR, DAY, YEAR = 3_600, 86_400, 31_536_000
PAST, FUTURE = 30, 5  # seconds that clocks may differ without anybody's fault


async def t_tampered(bench: CheckContext) -> Verdict:
    event, t = bench.event(), bench.now()
    header = f"{VERSION},t={t + 7},sig={bench.mac(event.body, t)}"
    return await refuses(
        bench, [bench.forged("t moved by 7 s, signature kept", event, signatures=[header])]
    )


async def mac_without_timestamp(bench: CheckContext) -> Verdict:
    key = bench.settings.secret.encode()
    shot = bench.resigned(
        "a signature over the body alone",
        lambda body, t: base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode(),
    )
    return await refuses(bench, [shot])


def _at(bench: CheckContext, label: str, offset: int) -> CheckRequest:
    return bench.resigned(label, lambda body, t: bench.mac(body, t), t=bench.now() + offset)


async def replay_stale(bench: CheckContext) -> Verdict:
    return await refuses(
        bench,
        (
            _at(bench, f"rightly signed {age} ago", -seconds)
            for age, seconds in (("an hour", HOUR), ("a day", DAY), ("a year", YEAR))
        ),
    )


async def future_timestamp(bench: CheckContext) -> Verdict:
    return await refuses(bench, [_at(bench, "rightly signed for tomorrow", DAY)])


async def clock_skew(bench: CheckContext) -> Verdict:
    most = bench.settings.max_skew

    def shots() -> Iterator[CheckRequest]:
        for label, offset in (("behind", -PAST), ("ahead", FUTURE)):
            seconds = max(-most, min(offset, most))
            yield bench.genuine(
                f"signed by a clock {abs(seconds)} s {label}",
                bench.event(),
                t=bench.now() + seconds,
            )

    return await accepts(bench, shots())


async def dup_t_confusion(bench: CheckContext) -> Verdict:
    def shots() -> Iterator[CheckRequest]:
        for label, order in (("old, then new", "on"), ("new, then old", "no")):
            event, now = bench.event(), bench.now()
            old = now - DAY
            first, second = (old, now) if order == "on" else (now, old)
            header = f"{VERSION},t={first},t={second},sig={bench.mac(event.body, old)}"
            yield bench.forged(
                f"two t ({label}), the old one signed", event, signatures=[header], t=old
            )

    return await refuses(bench, shots())


CASES = (
    Case(
        "t-tampered",
        "A moved timestamp is refused",
        "authenticity",
        "must",
        "refused, by any 4xx",
        "If t is not part of what is signed, a captured request can be made fresh for ever.",
        "message",
        "hostile",
        t_tampered,
    ),
    Case(
        "mac-without-timestamp",
        "A signature over the body alone is refused",
        "authenticity",
        "must",
        "refused, by any 4xx",
        "A receiver that takes the older scheme as well has no protection against replays: the "
        "signature of a body never changes.",
        "message",
        "hostile",
        mac_without_timestamp,
    ),
    Case(
        "replay-stale",
        "An old request is refused, though rightly signed",
        "authenticity",
        "must",
        "refused, by any 4xx; any tolerance up to 30 minutes is fine",
        "Requests end up in logs, proxies and tickets. Without a limit to their age each of them "
        "can be sent again next year.",
        "timestamp",
        "hostile",
        replay_stale,
    ),
    Case(
        "future-timestamp",
        "A request from tomorrow is refused",
        "authenticity",
        "should",
        "refused, by any 4xx",
        "What is signed for tomorrow can be replayed until tomorrow and the tolerance: a check of "
        "one side only, or milliseconds taken for seconds.",
        "timestamp",
        "hostile",
        future_timestamp,
    ),
    Case(
        "clock-skew-tolerated",
        "Clocks may differ a little",
        "contract",
        "must",
        f"2xx to a request signed {PAST} s ago, and to one signed {FUTURE} s ahead",
        "Clocks drift and networks queue. A tolerance of a few seconds loses genuine events, and "
        "only on the bad days.",
        "skew",
        "genuine",
        clock_skew,
    ),
    Case(
        "dup-t-confusion",
        "Two timestamps in one header are refused",
        "authenticity",
        "must",
        "refused, by any 4xx",
        "v1,t=<old>,t=<new>,sig=<of the old>: a receiver that checks the age of one t and the "
        "signature of the other lets an old request in again. It takes no secret.",
        "one-t",
        "hostile",
        dup_t_confusion,
    ),
)
