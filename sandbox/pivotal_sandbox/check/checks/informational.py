"""Informational checks: behavior that is not wrong, but often surprising."""

import base64
from collections.abc import Iterator

from msgspec.structs import replace

from pivotal_sandbox.check.assertions import (
    describe_consequence,
    expect_acknowledgment,
    inconclusive_without_control,
    judge_genuine,
)
from pivotal_sandbox.check.case import check
from pivotal_sandbox.check.classify import describe_answer, is_ack, list_answers
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.request import CheckRequest, chunked, of_method
from pivotal_sandbox.check.verdicts import (
    Verdict,
    failed,
    passed,
)
from pivotal_sandbox.signature import VERSION

ANNOUNCED_BYTES = 64 * 1024 * 1024
OVERSIZE_TIMEOUT_MS = 500
HOUR = 3_600
RESOLUTION = 15  # seconds; the precision of the measured tolerance


@check(
    "chunked-body",
    title="A body without a length is read",
    group="transport",
    severity="info",
    stage="genuine",
    expected="2xx",
    reason=(
        "Proxies that stream pass bodies on in chunks; WSGI servers then see an empty one "
        "(Django ticket 35838)."
    ),
    topic="chunked",
)
async def chunked_body(context: CheckContext) -> Verdict:
    return await expect_acknowledgment(
        context, [chunked(context.build_genuine("a body in chunks", context.new_event()))]
    )


@check(
    "expect-continue",
    title="Expect: 100-continue is answered or ignored",
    group="transport",
    severity="info",
    stage="genuine",
    expected="2xx",
    reason="Some proxies ask before they send a body.",
    topic="chunked",
)
async def expect_continue(context: CheckContext) -> Verdict:
    request = context.build_genuine(
        "Expect: 100-continue", context.new_event(), headers=[("expect", "100-continue")]
    )
    return judge_genuine([await context.send(request, piece=len(request.body), pause_ms=200)])


@check(
    "minimal-headers",
    title="Neither user-agent nor accept is needed",
    group="transport",
    severity="info",
    stage="genuine",
    expected="2xx",
    reason="Web application firewalls like to refuse requests without them.",
    topic="crowd",
)
async def minimal_headers(context: CheckContext) -> Verdict:
    request = context.build_genuine(
        "neither accept nor user-agent", context.new_event(), without=["accept", "user-agent"]
    )
    return await expect_acknowledgment(context, [request])


@check(
    "keepalive-reuse",
    title="After a refusal the connection can be used again, or is closed",
    group="transport",
    severity="info",
    stage="hostile",
    expected="2xx to the next request, or a closed connection",
    reason=(
        "A refusal that leaves the body unread makes the next request begin in the middle of it."
    ),
    topic="keepalive",
)
async def keepalive_reuse(context: CheckContext) -> Verdict:
    forged = context.build_forged(
        "forged, the connection stays open", context.new_event(), signatures=[]
    )
    genuine = context.build_genuine("genuine, on the same connection", context.new_event())
    answers = await context.session.follow(context.check_id, forged, genuine)
    if len(answers) == 1:
        return passed("the connection is closed after a refusal", *answers)
    if is_ack(answers[1]) or answers[1].failure == "connection_reset":
        return passed(f"answered {describe_answer(answers[1])}", answers[1])
    return failed(
        f"answered {describe_answer(answers[1])}: {describe_consequence(answers[1])}",
        *answers[::-1],
    )


@check(
    "oversize-unsigned",
    title="A huge unsigned body does no harm",
    group="transport",
    severity="info",
    stage="waiting",
    expected="an early refusal, or patience; alive afterwards",
    reason=(
        "Whoever reads everything before checking anything can be fed until the memory is full: "
        "CVE-2026-42294."
    ),
    topic="oversize",
)
async def oversize_unsigned(context: CheckContext) -> Verdict:
    request = context.build_forged(
        "64 MiB announced, and not signed",
        context.new_event(),
        signatures=[],
        headers=[("content-length", str(ANNOUNCED_BYTES))],
    )
    exchange = await context.send(request, timeout_ms=OVERSIZE_TIMEOUT_MS)
    if exchange.failure == "timeout":
        return passed("it waits for more; a look at Content-Length would refuse it at once")
    return passed(f"refused early: {describe_answer(exchange)}", exchange)


@check(
    "method-not-post",
    title="A GET is no delivery",
    group="transport",
    severity="info",
    stage="hostile",
    expected="405 or 404",
    reason="A handler that takes any method can be reached by a link.",
    topic="method",
)
async def method_not_post(context: CheckContext) -> Verdict:
    exchange = await context.send(
        of_method(context.build_genuine("GET", context.new_event()), "GET")
    )
    if is_ack(exchange):
        return failed(f"a GET was answered {describe_answer(exchange)}", exchange)
    return passed(f"a GET was answered {describe_answer(exchange)}", exchange)


@check(
    "sig-encoding-malleable",
    title="A signature can be written in one way only",
    group="authenticity",
    severity="info",
    stage="hostile",
    expected="refused, by any 4xx",
    reason="It does no harm as long as nothing is deduplicated by the signature's text.",
    topic="compare",
)
async def sig_malleable(context: CheckContext) -> Verdict:
    control = await context.send(context.build_genuine("control: genuine", context.new_event()))
    if not is_ack(control):
        return inconclusive_without_control(control)

    def requests() -> Iterator[CheckRequest]:
        for label, rewrite in (
            ("without padding", lambda mac: mac.rstrip("=")),
            ("in url-safe base64", lambda mac: mac.replace("+", "-").replace("/", "_")),
            ("with data behind the padding", lambda mac: f"{mac}AAAA"),
        ):
            event, t = context.new_event(), context.now()
            while not {"+", "/"} & set(context.sign(event.body, t)):
                event = context.new_event()
            header = f"{VERSION},t={t},sig={rewrite(context.sign(event.body, t))}"
            request = context.build_forged(
                f"the signature {label}", event, signatures=[header], t=t
            )
            yield replace(request, event_id="")  # an effect is not a failure here

    answers = await context.send_all(requests())
    if accepted := [answer for answer in answers if is_ack(answer)]:
        return failed(f"accepted ({list_answers(accepted)})", *accepted)
    return passed("one way of writing a signature is accepted", *answers)


@check(
    "rotation-overlap",
    title="One good signature among two is enough",
    group="contract",
    severity="info",
    stage="genuine",
    expected="2xx, whichever of the two is good",
    reason=(
        "While a secret is rotated, the sandbox assumes that the header carries a sig= for each "
        "of the two. CVE-2025-53548 came of reading such a list wrongly."
    ),
    topic="rotation",
)
async def rotation_overlap(context: CheckContext) -> Verdict:
    def requests() -> Iterator[CheckRequest]:
        for label, first in (("first", True), ("last", False)):
            event, t = context.new_event(), context.now()
            right = f"sig={context.sign(event.body, t)}"
            wrong = f"sig={base64.b64encode(bytes(32)).decode()}"
            header = ",".join(
                [
                    VERSION,
                    f"t={t}",
                    *([right, wrong] if first else [wrong, right]),
                ]
            )
            yield context.build_genuine(
                f"two signatures, the good one {label}", event, signatures=[header], t=t
            )

    return judge_genuine(await context.send_all(requests()), topic="rotation")


@check(
    "secret-rotation",
    title="The previous secret still works",
    group="contract",
    severity="must",
    stage="genuine",
    needs=("previous_secret",),
    expected="2xx",
    reason="Events that were signed before the rotation are retried for 24 h after it.",
    topic="rotation",
)
async def secret_rotation(context: CheckContext) -> Verdict:
    previous = context.settings.options.previous_secret
    assert previous is not None
    request = context.build_genuine(
        "signed with the previous secret", context.new_event(), secret=previous
    )
    return await expect_acknowledgment(context, [request])


@check(
    "tolerance-measured",
    title="The tolerance, measured",
    group="contract",
    severity="info",
    stage="hostile",
    expected="any; 300 s is usual",
    reason="How old a signature may be decides how long a captured request is of use.",
    topic="timestamp",
)
async def tolerance_measured(context: CheckContext) -> Verdict:
    """Search by bisection for the oldest and the latest timestamp that is accepted."""
    findings = []
    for direction, sign in (("old", -1), ("ahead", 1)):
        accepted_age, refused_age = 0, HOUR
        while refused_age - accepted_age > RESOLUTION:
            age = (accepted_age + refused_age) // 2
            if age > 2 * RESOLUTION:
                age = round(age / RESOLUTION) * RESOLUTION
            request = context.build_forged(
                f"signed {age} s {direction}", context.new_event(), t=context.now() + sign * age
            )
            exchange = await context.send(replace(request, event_id=""))
            accepted_age, refused_age = (
                (age, refused_age) if is_ack(exchange) else (accepted_age, age)
            )
        findings.append(
            f"about {accepted_age} s {direction}"
            if refused_age < HOUR
            else f"an hour {direction} and more"
        )
    return passed(f"it tolerates {' and '.join(findings)}")
