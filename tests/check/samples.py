"""Reports to render: one of each grade, and any that hypothesis thinks of."""

import random
from dataclasses import replace

from hypothesis import strategies as st

from pivotal_sandbox.check.model import OUTCOMES, Exchange, Grade, Report, Result, Severity
from pivotal_sandbox.check.verdicts import UNSEEN

TARGET = "http://127.0.0.1:8000/webhooks/pivotal"
SIGNATURE = "v1,t=1716566400,sig=K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols="


def exchange(
    body: bytes = b'{"id":"evt_1","type":"customer.at_risk"}',
    *,
    signature: str | None = SIGNATURE,
    status: int | None = 401,
    error: str | None = None,
    answer: bytes = b"",
    length: int | None = None,
    extra: bytes = b"",
) -> Exchange:
    """Return a request as the battery writes it, with its answer."""
    head = (
        b"POST /webhooks/pivotal HTTP/1.1\r\nhost: 127.0.0.1:8000\r\n"
        b"content-type: application/json\r\npivotal-event: customer.at_risk\r\n"
        b"pivotal-delivery-id: msg_1\r\n"
    )
    if signature is not None:
        head += b"pivotal-signature: " + signature.encode() + b"\r\n"
    head += extra + b"content-length: %d\r\n\r\n" % (len(body) if length is None else length)
    return Exchange(head + body, len(head), status, error, answer, 12.4)


PASSED = Result(
    id="valid-accepted",
    title="A genuine event is accepted",
    group="contract",
    severity="must",
    outcome="passed",
    expected="2xx, and one effect",
    observed="200, and one effect",
    fate="delivered",
    reason="All other checks build on it.",
    advice="",
    duration_ms=41.0,
    requests=(exchange(status=200, answer=b"ok"),),
)
FORGED = replace(
    PASSED,
    id="sig-missing",
    title="An event without a signature is refused",
    group="authenticity",
    outcome="failed",
    expected="4xx, and no effect",
    observed="200, and the event was processed",
    reason="Anyone who finds the address can invent events (CVE-2026-33143: the webhook route "
    "checked nothing at all).",
    advice="Refuse with 401 before reading the body when pivotal-signature is missing:\n"
    "    if header is None:\n        return Response(status=401)",
    requests=(exchange(signature=None, status=200, answer=b'{"ok":true}\n'),),
)
RESERIALISED = replace(
    PASSED,
    id="body-numbers",
    title="A body with numbers like 1.0 and 1e3 is accepted as it is",
    group="raw body",
    outcome="failed",
    expected="2xx",
    observed="401",
    fate="LOST: Pivotal does not retry a 4xx",
    reason="The body was parsed and written again before it was hashed, which changes 1e3 to "
    "1000.0 (octokit/webhooks.js#71).",
    advice="Hash the bytes of the request: request.get_data(), before request.json.",
    requests=(
        exchange(b'{"id":"evt_2","data":{"n":1e3}}', status=401, answer=b"bad signature"),
        exchange('{"id":"evt_3","data":{"é":"\u202e\x1b[2J"}}'.encode() + b"\xff", status=401),
    ),
)
FOLLOWER = replace(
    RESERIALISED,
    id="body-escapes",
    title="A body with escapes is accepted as it is",
    caused_by="body-numbers",
    requests=(exchange(status=None, error="connection_reset"),),
)
VACUOUS = replace(
    PASSED,
    id="body-tampered",
    group="authenticity",
    outcome="vacuous",
    observed="the untouched control was refused as well",
    fate="",
    caused_by="body-escapes",
)
SHOULD = replace(
    PASSED,
    id="future-timestamp",
    title="A signature from tomorrow is refused",
    group="authenticity",
    severity="should",
    outcome="failed",
    expected="4xx",
    observed="200",
    reason="What was signed for tomorrow can be kept and played then.",
    advice="Compare abs(now - t) with the tolerance.",
    requests=(exchange(status=200),),
)
INFO = replace(
    SHOULD,
    id="body-1m",
    title="A body of 1 MiB is accepted",
    severity="info",
    observed="413",
    fate="LOST: Pivotal does not retry a 4xx",
    requests=(exchange(b"x" * 1_000_000, status=413),),
)
SKIPPED = replace(
    PASSED,
    id="retry-identical",
    title="A retry does no work twice",
    group="idempotency",
    outcome="skipped",
    observed=UNSEEN,
    fate="",
    advice="Give --probe-url http://127.0.0.1:8000/probe/{id}, which answers with a count.",
    requests=(),
)
ERROR = replace(
    PASSED,
    id="burst",
    title="Forty events at once are all accepted",
    group="transport",
    outcome="error",
    observed="the probe answered 500",
    fate="",
    requests=(),
)

CLEAN = Report(TARGET, 0, "A", (PASSED,))
CAPPED = Report(TARGET, 0, "B", (PASSED, SHOULD, SKIPPED, replace(SKIPPED, id="out-of-order")))
BROKEN = Report(
    TARGET,
    7,
    "F",
    (PASSED, FORGED, RESERIALISED, FOLLOWER, VACUOUS, SHOULD, INFO, SKIPPED, ERROR),
)

# Half of the words are the kind that breaks out of one form or another.
_HOSTILE = ["<script>alert(1)</script>", "]]>", "{{ 7 * 7 }}", "\x00\x1b[31m", "\ud800", '"&', "界"]
words = st.one_of(st.sampled_from(_HOSTILE), st.text(max_size=60))
_WEIGHTS: tuple[Severity, ...] = ("must", "should", "info")
_GRADES: tuple[Grade, ...] = ("A", "B", "C", "D", "F")


@st.composite
def _reports(draw: st.DrawFn) -> Report:
    """Return any report: hypothesis draws the texts and bytes, a seed arranges them.

    Drawing each field by itself takes ten times as long and finds no more.
    """
    texts = draw(st.lists(words, min_size=4, max_size=10))
    bodies = [draw(st.binary(max_size=200)), exchange().sent, texts[0].encode("utf-8", "replace")]
    pick = random.Random(draw(st.integers(0, 2**32)))

    def any_exchange() -> Exchange:
        sent = pick.choice(bodies)
        return Exchange(
            sent,
            pick.randint(0, len(sent)),
            pick.choice([None, pick.randint(100, 599)]),
            pick.choice([None, *texts]),
            pick.choice(bodies),
            pick.uniform(0, 1e7),
        )

    def any_result(id: str) -> Result:
        return Result(
            id=id,
            title=pick.choice(texts),
            group=pick.choice(texts),
            severity=pick.choice(_WEIGHTS),
            outcome=pick.choice(OUTCOMES),
            expected=pick.choice(texts),
            observed=pick.choice(texts),
            fate=pick.choice(texts),
            reason=pick.choice(texts),
            advice=pick.choice(texts),
            duration_ms=pick.uniform(0, 1e7),
            requests=tuple(any_exchange() for _ in range(pick.randint(0, 3))),
            caused_by=pick.choice([None, "a", "b", "c", "elsewhere"]),
        )

    ids = dict.fromkeys(["a", "b", "c", *pick.sample(texts, pick.randint(0, 4))])
    return Report(
        target=draw(words),
        seed=pick.randint(-(2**64), 2**64),
        grade=pick.choice(_GRADES),
        results=tuple(any_result(id) for id in ids),
    )


reports = _reports()
