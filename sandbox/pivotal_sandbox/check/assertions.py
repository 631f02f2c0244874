"""How forged and genuine requests are judged."""

import re
from collections.abc import Iterable, Sequence

from pivotal_sandbox.check.classify import fate, is_ack, kind, listed, said, tally
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.model import Exchange, Severity
from pivotal_sandbox.check.request import CheckRequest
from pivotal_sandbox.check.verdicts import Verdict, failed, inconclusive, passed

# What Starlette says of a host that it does not know, and all that Django says of anything.
_FOREIGN_HOST = re.compile(rb"invalid host header|<h1>Bad Request \(400\)</h1>", re.IGNORECASE)


async def refuses(context: CheckContext, requests: Iterable[CheckRequest]) -> Verdict:
    """Send a genuine request, then the forged ones, and judge: none of those may be accepted.

    An answer of 5xx is not acceptance, but looks like an outage: a `should`.
    """
    control = await context.send(context.genuine("control: genuine", context.event()))
    verdict = judged_forgeries(await context.send_all(requests))
    # What was accepted, or crashed, stands for itself; a refusal means nothing by itself.
    if verdict.outcome == "passed" and not is_ack(control):
        return refused_control(control)
    return verdict


def refused_control(control: Exchange) -> Verdict:
    """Return that nothing follows from refusals, where what is genuine is refused too."""
    what = "throttled" if kind(control) == "throttle" else "refused too"
    return inconclusive(
        f"nothing can be concluded: the genuine request beside it was {what} ({said(control)})",
        control,
    )


def judged_forgeries(exchanges: Sequence[Exchange]) -> Verdict:
    """Judge the answers to forged requests."""
    if accepted := [exchange for exchange in exchanges if is_ack(exchange)]:
        return failed(f"accepted ({listed(accepted)})", *accepted)
    if crashed := [exchange for exchange in exchanges if kind(exchange) in ("crash", "hang")]:
        return failed(
            f"not accepted, but not refused either ({listed(crashed)})",
            *crashed,
            severity="should",
            topic="crash-header",
        )
    if later := [exchange for exchange in exchanges if kind(exchange) == "throttle"]:
        return inconclusive(
            f"throttled ({listed(later)}): run it again with --pace 5",
            *later,
        )
    return passed(f"refused: {tally(exchanges)}", *exchanges[:1])


async def accepts(context: CheckContext, requests: Iterable[CheckRequest]) -> Verdict:
    """Send genuine requests and judge: each has to be acknowledged."""
    return judged_genuine(await context.send_all(requests))


def judged_genuine(
    exchanges: Sequence[Exchange],
    *,
    severity: Severity | None = None,
    topic: str | None = None,
) -> Verdict:
    """Judge the answers to genuine requests."""
    if wrong := [exchange for exchange in exchanges if not is_ack(exchange)]:
        return failed(
            f"not acknowledged ({listed(wrong)}): {fate_in_words(wrong[0])}",
            *wrong,
            severity=severity,
            topic=topic or topic_of(wrong[0]),
        )
    return passed(f"acknowledged: {tally(exchanges)}", *exchanges[:1])


def fate_in_words(exchange: Exchange) -> str:
    """Return what Pivotal does after an answer, in a clause."""
    return {
        "delivered": "Pivotal takes it as delivered",
        "retried": "Pivotal retries for 24 h, then gives the event up",
        "LOST": "LOST, Pivotal does not retry this",
    }[fate(exchange)]


def topic_of(exchange: Exchange) -> str | None:
    """Return the advice that an answer to a genuine request calls for, if it tells."""
    status = exchange.status
    if kind(exchange) == "throttle":
        return "throttle"
    if status is None:
        return "slow" if exchange.failure == "timeout" else "crash"
    if 300 <= status < 400:
        return "redirect"
    if status == 400 and _FOREIGN_HOST.search(exchange.response_body):
        return "host"
    if status == 403 and b"csrf" in exchange.response_body.lower():
        return "csrf"
    if status in (404, 405):
        return "path"
    if status == 413:
        return "limit"
    if status == 415:
        return "content-type"
    return "crash" if status >= 500 else None
