"""What is good to know: nothing here is wrong, and all of it has surprised somebody."""

import base64
from collections.abc import Iterator

from msgspec.structs import replace

from pivotal_sandbox.check.assertions import accepts, fate_in_words, judged_genuine, refused_control
from pivotal_sandbox.check.case import check
from pivotal_sandbox.check.classify import is_ack, listed, said
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.request import CheckRequest, chunked, of_method
from pivotal_sandbox.check.verdicts import (
    Verdict,
    failed,
    passed,
)
from pivotal_sandbox.signature import VERSION

ANNOUNCED = 64 * 1024 * 1024
PATIENCE_MS = 500
HOUR = 3_600
NEAR = 15  # seconds: how exactly the tolerance is measured


@check(
    "chunked-body",
    title="A body without a length is read",
    group="transport",
    severity="info",
    turn="genuine",
    expected="2xx",
    reason=(
        "Proxies that stream pass bodies on in chunks; WSGI servers then see an empty one "
        "(Django ticket 35838)."
    ),
    topic="chunked",
)
async def chunked_body(context: CheckContext) -> Verdict:
    return await accepts(context, [chunked(context.genuine("a body in chunks", context.event()))])


@check(
    "expect-continue",
    title="Expect: 100-continue is answered or ignored",
    group="transport",
    severity="info",
    turn="genuine",
    expected="2xx",
    reason="Some proxies ask before they send a body.",
    topic="chunked",
)
async def expect_continue(context: CheckContext) -> Verdict:
    request = context.genuine(
        "Expect: 100-continue", context.event(), headers=[("expect", "100-continue")]
    )
    return judged_genuine([await context.send(request, piece=len(request.body), pause_ms=200)])


@check(
    "minimal-headers",
    title="Neither user-agent nor accept is needed",
    group="transport",
    severity="info",
    turn="genuine",
    expected="2xx",
    reason="Web application firewalls like to refuse requests without them.",
    topic="crowd",
)
async def minimal_headers(context: CheckContext) -> Verdict:
    request = context.genuine(
        "neither accept nor user-agent", context.event(), without=["accept", "user-agent"]
    )
    return await accepts(context, [request])


@check(
    "keepalive-reuse",
    title="After a refusal the connection can be used again, or is closed",
    group="transport",
    severity="info",
    turn="hostile",
    expected="2xx to the next request, or a closed connection",
    reason=(
        "A refusal that leaves the body unread makes the next request begin in the middle of it."
    ),
    topic="keepalive",
)
async def keepalive_reuse(context: CheckContext) -> Verdict:
    forged = context.forged("forged, the connection stays open", context.event(), signatures=[])
    genuine = context.genuine("genuine, on the same connection", context.event())
    answers = await context.session.follow(context.check_id, forged, genuine)
    if len(answers) == 1:
        return passed("the connection is closed after a refusal", *answers)
    if is_ack(answers[1]) or answers[1].failure == "connection_reset":
        return passed(f"answered {said(answers[1])}", answers[1])
    return failed(f"answered {said(answers[1])}: {fate_in_words(answers[1])}", *answers[::-1])


@check(
    "oversize-unsigned",
    title="A huge unsigned body does no harm",
    group="transport",
    severity="info",
    turn="waiting",
    expected="an early refusal, or patience; alive afterwards",
    reason=(
        "Whoever reads everything before checking anything can be fed until the memory is full: "
        "CVE-2026-42294."
    ),
    topic="oversize",
)
async def oversize_unsigned(context: CheckContext) -> Verdict:
    request = context.forged(
        "64 MiB announced, and not signed",
        context.event(),
        signatures=[],
        headers=[("content-length", str(ANNOUNCED))],
    )
    exchange = await context.send(request, timeout_ms=PATIENCE_MS)
    if exchange.failure == "timeout":
        return passed("it waits for more; a look at Content-Length would refuse it at once")
    return passed(f"refused early: {said(exchange)}", exchange)


@check(
    "method-not-post",
    title="A GET is no delivery",
    group="transport",
    severity="info",
    turn="hostile",
    expected="405 or 404",
    reason="A handler that takes any method can be reached by a link.",
    topic="method",
)
async def method_not_post(context: CheckContext) -> Verdict:
    exchange = await context.send(of_method(context.genuine("GET", context.event()), "GET"))
    if is_ack(exchange):
        return failed(f"a GET was answered {said(exchange)}", exchange)
    return passed(f"a GET was answered {said(exchange)}", exchange)


@check(
    "sig-encoding-malleable",
    title="A signature can be written in one way only",
    group="authenticity",
    severity="info",
    turn="hostile",
    expected="refused, by any 4xx",
    reason="It does no harm as long as nothing is deduplicated by the signature's text.",
    topic="compare",
)
async def sig_malleable(context: CheckContext) -> Verdict:
    control = await context.send(context.genuine("control: genuine", context.event()))
    if not is_ack(control):
        return refused_control(control)

    def requests() -> Iterator[CheckRequest]:
        for label, write in (
            ("without padding", lambda mac: mac.rstrip("=")),
            ("in url-safe base64", lambda mac: mac.replace("+", "-").replace("/", "_")),
            ("with data behind the padding", lambda mac: f"{mac}AAAA"),
        ):
            event, t = context.event(), context.now()
            while not {"+", "/"} & set(context.mac(event.body, t)):
                event = context.event()
            header = f"{VERSION},t={t},sig={write(context.mac(event.body, t))}"
            request = context.forged(f"the signature {label}", event, signatures=[header], t=t)
            yield replace(request, event_id="")  # to act on it is no fault

    answers = await context.send_all(requests())
    if taken := [answer for answer in answers if is_ack(answer)]:
        return failed(f"accepted ({listed(taken)})", *taken)
    return passed("one way of writing a signature is accepted", *answers)


@check(
    "rotation-overlap",
    title="One good signature among two is enough",
    group="contract",
    severity="info",
    turn="genuine",
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
            event, t = context.event(), context.now()
            good = f"sig={context.mac(event.body, t)}"
            other = f"sig={base64.b64encode(bytes(32)).decode()}"
            header = ",".join([VERSION, f"t={t}", *([good, other] if first else [other, good])])
            yield context.genuine(
                f"two signatures, the good one {label}", event, signatures=[header], t=t
            )

    return judged_genuine(await context.send_all(requests()), topic="rotation")


@check(
    "secret-rotation",
    title="The previous secret still works",
    group="contract",
    severity="must",
    turn="genuine",
    needs=("previous_secret",),
    expected="2xx",
    reason="Events that were signed before the rotation are retried for 24 h after it.",
    topic="rotation",
)
async def secret_rotation(context: CheckContext) -> Verdict:
    previous = context.settings.previous_secret
    assert previous is not None
    request = context.genuine("signed with the previous secret", context.event(), secret=previous)
    return await accepts(context, [request])


@check(
    "tolerance-measured",
    title="The tolerance, measured",
    group="contract",
    severity="info",
    turn="hostile",
    expected="any; 300 s is usual",
    reason="How old a signature may be decides how long a captured request is of use.",
    topic="timestamp",
)
async def tolerance(context: CheckContext) -> Verdict:
    """Halve the distance between what passes and what does not, into the past and the future."""
    found = []
    for name, sign in (("old", -1), ("ahead", 1)):
        good, bad = 0, HOUR
        while bad - good > NEAR:
            middle = (good + bad) // 2
            if middle > 2 * NEAR:
                middle = round(middle / NEAR) * NEAR
            request = context.forged(
                f"signed {middle} s {name}", context.event(), t=context.now() + sign * middle
            )
            exchange = await context.send(replace(request, event_id=""))
            good, bad = (middle, bad) if is_ack(exchange) else (good, middle)
        found.append(f"about {good} s {name}" if bad < HOUR else f"an hour {name} and more")
    return passed(f"it tolerates {' and '.join(found)}")
