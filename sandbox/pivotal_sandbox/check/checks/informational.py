"""What is good to know: nothing here is wrong, and all of it has surprised somebody."""

import base64
from collections.abc import Awaitable, Callable, Iterator

from msgspec.structs import replace

from pivotal_sandbox.check.assertions import accepts, fate_in_words, judged_genuine, refused_control
from pivotal_sandbox.check.case import Case, Group, Turn, Verdict, failed, passed
from pivotal_sandbox.check.classify import is_ack, listed, said
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.request import CheckRequest, chunked, of_method
from pivotal_sandbox.signature import VERSION

ANNOUNCED = 64 * 1024 * 1024
PATIENCE_MS = 500
HOUR = 3_600
NEAR = 15  # seconds: how exactly the tolerance is measured


async def chunked_body(bench: CheckContext) -> Verdict:
    return await accepts(bench, [chunked(bench.genuine("a body in chunks", bench.event()))])


async def expect_continue(bench: CheckContext) -> Verdict:
    shot = bench.genuine(
        "Expect: 100-continue", bench.event(), headers=[("expect", "100-continue")]
    )
    return judged_genuine([await bench.send(shot, piece=len(shot.body), pause_ms=200)])


async def minimal_headers(bench: CheckContext) -> Verdict:
    shot = bench.genuine(
        "neither accept nor user-agent", bench.event(), without=["accept", "user-agent"]
    )
    return await accepts(bench, [shot])


async def keepalive_reuse(bench: CheckContext) -> Verdict:
    forged = bench.forged("forged, the connection stays open", bench.event(), signatures=[])
    genuine = bench.genuine("genuine, on the same connection", bench.event())
    answers = await bench.session.follow(bench.case.id, forged, genuine)
    if len(answers) == 1:
        return passed("the connection is closed after a refusal", *answers)
    if is_ack(answers[1]) or answers[1].failure == "connection_reset":
        return passed(f"answered {said(answers[1])}", answers[1])
    return failed(f"answered {said(answers[1])}: {fate_in_words(answers[1])}", *answers[::-1])


async def oversize_unsigned(bench: CheckContext) -> Verdict:
    shot = bench.forged(
        "64 MiB announced, and not signed",
        bench.event(),
        signatures=[],
        headers=[("content-length", str(ANNOUNCED))],
    )
    exchange = await bench.send(shot, timeout_ms=PATIENCE_MS)
    if exchange.failure == "timeout":
        return passed("it waits for more; a look at Content-Length would refuse it at once")
    return passed(f"refused early: {said(exchange)}", exchange)


async def method_not_post(bench: CheckContext) -> Verdict:
    exchange = await bench.send(of_method(bench.genuine("GET", bench.event()), "GET"))
    if is_ack(exchange):
        return failed(f"a GET was answered {said(exchange)}", exchange)
    return passed(f"a GET was answered {said(exchange)}", exchange)


async def sig_malleable(bench: CheckContext) -> Verdict:
    control = await bench.send(bench.genuine("control: genuine", bench.event()))
    if not is_ack(control):
        return refused_control(control)

    def shots() -> Iterator[CheckRequest]:
        for label, write in (
            ("without padding", lambda mac: mac.rstrip("=")),
            ("in url-safe base64", lambda mac: mac.replace("+", "-").replace("/", "_")),
            ("with data behind the padding", lambda mac: f"{mac}AAAA"),
        ):
            event, t = bench.event(), bench.now()
            while not {"+", "/"} & set(bench.mac(event.body, t)):
                event = bench.event()
            header = f"{VERSION},t={t},sig={write(bench.mac(event.body, t))}"
            shot = bench.forged(f"the signature {label}", event, signatures=[header], t=t)
            yield replace(shot, event_id="")  # to act on it is no fault

    answers = await bench.send_all(shots())
    if taken := [answer for answer in answers if is_ack(answer)]:
        return failed(f"accepted ({listed(taken)})", *taken)
    return passed("one way of writing a signature is accepted", *answers)


async def rotation_overlap(bench: CheckContext) -> Verdict:
    def shots() -> Iterator[CheckRequest]:
        for label, first in (("first", True), ("last", False)):
            event, t = bench.event(), bench.now()
            good = f"sig={bench.mac(event.body, t)}"
            other = f"sig={base64.b64encode(bytes(32)).decode()}"
            header = ",".join([VERSION, f"t={t}", *([good, other] if first else [other, good])])
            yield bench.genuine(
                f"two signatures, the good one {label}", event, signatures=[header], t=t
            )

    return judged_genuine(await bench.send_all(shots()), topic="rotation")


async def secret_rotation(bench: CheckContext) -> Verdict:
    previous = bench.settings.previous_secret
    assert previous is not None
    shot = bench.genuine("signed with the previous secret", bench.event(), secret=previous)
    return await accepts(bench, [shot])


async def tolerance(bench: CheckContext) -> Verdict:
    """Halve the distance between what passes and what does not, into the past and the future."""
    found = []
    for name, sign in (("old", -1), ("ahead", 1)):
        good, bad = 0, HOUR
        while bad - good > NEAR:
            middle = (good + bad) // 2
            if middle > 2 * NEAR:
                middle = round(middle / NEAR) * NEAR
            shot = bench.forged(
                f"signed {middle} s {name}", bench.event(), t=bench.now() + sign * middle
            )
            exchange = await bench.send(replace(shot, event_id=""))
            good, bad = (middle, bad) if is_ack(exchange) else (good, middle)
        found.append(f"about {good} s {name}" if bad < HOUR else f"an hour {name} and more")
    return passed(f"it tolerates {' and '.join(found)}")


def _case(
    id: str,
    title: str,
    group: Group,
    run: Callable[[CheckContext], Awaitable[Verdict]],
    expected: str,
    reason: str,
    topic: str,
    turn: Turn = "genuine",
) -> Case:
    return Case(id, title, group, "info", expected, reason, topic, turn, run)


CASES = (
    _case(
        "rotation-overlap",
        "One good signature among two is enough",
        "contract",
        rotation_overlap,
        "2xx, whichever of the two is good",
        "While a secret is rotated, the sandbox assumes that the header carries a sig= for each of "
        "the two. CVE-2025-53548 came of reading such a list wrongly.",
        "rotation",
    ),
    Case(
        "secret-rotation",
        "The previous secret still works",
        "contract",
        "must",
        "2xx",
        "Events that were signed before the rotation are retried for 24 h after it.",
        "rotation",
        "genuine",
        secret_rotation,
        ("previous_secret",),
    ),
    _case(
        "tolerance-measured",
        "The tolerance, measured",
        "contract",
        tolerance,
        "any; 300 s is usual",
        "How old a signature may be decides how long a captured request is of use.",
        "timestamp",
        "hostile",
    ),
    _case(
        "sig-encoding-malleable",
        "A signature can be written in one way only",
        "authenticity",
        sig_malleable,
        "refused, by any 4xx",
        "It does no harm as long as nothing is deduplicated by the signature's text.",
        "compare",
        "hostile",
    ),
    _case(
        "chunked-body",
        "A body without a length is read",
        "transport",
        chunked_body,
        "2xx",
        "Proxies that stream pass bodies on in chunks; WSGI servers then see an empty one "
        "(Django ticket 35838).",
        "chunked",
    ),
    _case(
        "expect-continue",
        "Expect: 100-continue is answered or ignored",
        "transport",
        expect_continue,
        "2xx",
        "Some proxies ask before they send a body.",
        "chunked",
    ),
    _case(
        "keepalive-reuse",
        "After a refusal the connection can be used again, or is closed",
        "transport",
        keepalive_reuse,
        "2xx to the next request, or a closed connection",
        "A refusal that leaves the body unread makes the next request begin in the middle of it.",
        "keepalive",
        "hostile",
    ),
    _case(
        "minimal-headers",
        "Neither user-agent nor accept is needed",
        "transport",
        minimal_headers,
        "2xx",
        "Web application firewalls like to refuse requests without them.",
        "crowd",
    ),
    _case(
        "oversize-unsigned",
        "A huge unsigned body does no harm",
        "transport",
        oversize_unsigned,
        "an early refusal, or patience; alive afterwards",
        "Whoever reads everything before checking anything can be fed until the memory is full: "
        "CVE-2026-42294.",
        "oversize",
        "waiting",
    ),
    _case(
        "method-not-post",
        "A GET is no delivery",
        "transport",
        method_not_post,
        "405 or 404",
        "A handler that takes any method can be reached by a link.",
        "method",
        "hostile",
    ),
)
