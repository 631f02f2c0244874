"""Timestamp checks: the timestamp is signed, read once, and compared with the clock."""

import base64
import hashlib
import hmac
from collections.abc import Iterator

from pivotal_sandbox.check.assertions import expect_acknowledgment, expect_refusal
from pivotal_sandbox.check.case import check
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.request import CheckRequest
from pivotal_sandbox.check.verdicts import (
    Verdict,
)
from pivotal_sandbox.signature import VERSION

HOUR, DAY, YEAR = 3_600, 86_400, 31_536_000
PAST_SKEW, FUTURE_SKEW = 30, 5  # seconds of normal clock drift


@check(
    "t-tampered",
    title="A moved timestamp is refused",
    group="authenticity",
    severity="must",
    stage="hostile",
    expected="refused, by any 4xx",
    reason="If t is not part of what is signed, a captured request can be made fresh for ever.",
    topic="message",
)
async def t_tampered(context: CheckContext) -> Verdict:
    event, t = context.new_event(), context.now()
    header = f"{VERSION},t={t + 7},sig={context.sign(event.body, t)}"
    return await expect_refusal(
        context,
        [context.build_forged("t moved by 7 s, signature kept", event, signatures=[header])],
    )


@check(
    "mac-without-timestamp",
    title="A signature over the body alone is refused",
    group="authenticity",
    severity="must",
    stage="hostile",
    expected="refused, by any 4xx",
    reason=(
        "A receiver that takes the older scheme as well has no protection against replays: the "
        "signature of a body never changes."
    ),
    topic="message",
)
async def mac_without_timestamp(context: CheckContext) -> Verdict:
    key = context.settings.secret.encode()
    request = context.build_resigned(
        "a signature over the body alone",
        lambda body, t: base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode(),
    )
    return await expect_refusal(context, [request])


def _build_signed_at(context: CheckContext, label: str, offset: int) -> CheckRequest:
    return context.build_resigned(
        label, lambda body, t: context.sign(body, t), t=context.now() + offset
    )


@check(
    "replay-stale",
    title="An old request is refused, though rightly signed",
    group="authenticity",
    severity="must",
    stage="hostile",
    expected="refused, by any 4xx; any tolerance up to 30 minutes is fine",
    reason=(
        "Requests end up in logs, proxies and tickets. Without a limit to their age each of them "
        "can be sent again next year."
    ),
    topic="timestamp",
)
async def replay_stale(context: CheckContext) -> Verdict:
    return await expect_refusal(
        context,
        (
            _build_signed_at(context, f"rightly signed {age} ago", -seconds)
            for age, seconds in (("an hour", HOUR), ("a day", DAY), ("a year", YEAR))
        ),
    )


@check(
    "future-timestamp",
    title="A request from tomorrow is refused",
    group="authenticity",
    severity="should",
    stage="hostile",
    expected="refused, by any 4xx",
    reason=(
        "What is signed for tomorrow can be replayed until tomorrow and the tolerance: a check "
        "of one side only, or milliseconds taken for seconds."
    ),
    topic="timestamp",
)
async def future_timestamp(context: CheckContext) -> Verdict:
    return await expect_refusal(
        context, [_build_signed_at(context, "rightly signed for tomorrow", DAY)]
    )


@check(
    "clock-skew-tolerated",
    title="Clocks may differ a little",
    group="contract",
    severity="must",
    stage="genuine",
    expected="2xx to a request signed 30 s ago, and to one signed 5 s ahead",
    reason=(
        "Clocks drift and networks queue. A tolerance of a few seconds loses genuine events, and "
        "only on the bad days."
    ),
    topic="skew",
)
async def clock_skew(context: CheckContext) -> Verdict:
    limit = context.settings.options.max_skew

    def requests() -> Iterator[CheckRequest]:
        for label, offset in (("behind", -PAST_SKEW), ("ahead", FUTURE_SKEW)):
            seconds = max(-limit, min(offset, limit))
            yield context.build_genuine(
                f"signed by a clock {abs(seconds)} s {label}",
                context.new_event(),
                t=context.now() + seconds,
            )

    return await expect_acknowledgment(context, requests())


@check(
    "dup-t-confusion",
    title="Two timestamps in one header are refused",
    group="authenticity",
    severity="must",
    stage="hostile",
    expected="refused, by any 4xx",
    reason=(
        "v1,t=<old>,t=<new>,sig=<of the old>: a receiver that checks the age of one t and the "
        "signature of the other lets an old request in again. It takes no secret."
    ),
    topic="one-t",
)
async def dup_t_confusion(context: CheckContext) -> Verdict:
    def requests() -> Iterator[CheckRequest]:
        for label, order in (("old, then new", "on"), ("new, then old", "no")):
            event, now = context.new_event(), context.now()
            old = now - DAY
            first, second = (old, now) if order == "on" else (now, old)
            header = f"{VERSION},t={first},t={second},sig={context.sign(event.body, old)}"
            yield context.build_forged(
                f"two t ({label}), the old one signed", event, signatures=[header], t=old
            )

    return await expect_refusal(context, requests())
