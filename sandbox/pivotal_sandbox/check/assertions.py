"""Judge the answers to forged and genuine requests."""

import re
from collections.abc import Iterable, Sequence

from pivotal_sandbox.check.classify import (
    classify_answer,
    consequence,
    describe_answer,
    is_ack,
    list_answers,
    summarize_answers,
)
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.model import Exchange, Severity
from pivotal_sandbox.check.request import CheckRequest
from pivotal_sandbox.check.verdicts import Verdict, failed, inconclusive, passed

# Starlette's answer to an unknown host, and Django's answer to any bad request.
_FOREIGN_HOST = re.compile(rb"invalid host header|<h1>Bad Request \(400\)</h1>", re.IGNORECASE)


async def expect_refusal(context: CheckContext, requests: Iterable[CheckRequest]) -> Verdict:
    """Send a genuine request, then the forged ones, and judge: none of those may be accepted.

    An answer of 5xx is not acceptance, but looks like an outage: a `should`.
    """
    control = await context.send(context.build_genuine("control: genuine", context.new_event()))
    verdict = judge_forged(await context.send_all(requests))
    # Acceptance and crashes are conclusive by themselves; a refusal needs the control.
    if verdict.outcome == "passed" and not is_ack(control):
        return inconclusive_without_control(control)
    return verdict


def inconclusive_without_control(control: Exchange) -> Verdict:
    """Return that refusals prove nothing, because the genuine control was refused too."""
    reason = "throttled" if classify_answer(control) == "throttle" else "refused too"
    return inconclusive(
        f"nothing can be concluded: the genuine request beside it was {reason} "
        f"({describe_answer(control)})",
        control,
    )


def judge_forged(exchanges: Sequence[Exchange]) -> Verdict:
    """Judge the answers to forged requests."""
    if accepted := [exchange for exchange in exchanges if is_ack(exchange)]:
        return failed(f"accepted ({list_answers(accepted)})", *accepted)
    if crashed := [
        exchange for exchange in exchanges if classify_answer(exchange) in ("crash", "hang")
    ]:
        return failed(
            f"not accepted, but not refused either ({list_answers(crashed)})",
            *crashed,
            severity="should",
            topic="crash-header",
        )
    if later := [exchange for exchange in exchanges if classify_answer(exchange) == "throttle"]:
        return inconclusive(
            f"throttled ({list_answers(later)}): run it again with --pace 5",
            *later,
        )
    return passed(f"refused: {summarize_answers(exchanges)}", *exchanges[:1])


async def expect_acknowledgment(context: CheckContext, requests: Iterable[CheckRequest]) -> Verdict:
    """Send genuine requests and judge: each has to be acknowledged."""
    return judge_genuine(await context.send_all(requests))


def judge_genuine(
    exchanges: Sequence[Exchange],
    *,
    severity: Severity | None = None,
    topic: str | None = None,
) -> Verdict:
    """Judge the answers to genuine requests."""
    if refused := [exchange for exchange in exchanges if not is_ack(exchange)]:
        return failed(
            f"not acknowledged ({list_answers(refused)}): {describe_consequence(refused[0])}",
            *refused,
            severity=severity,
            topic=topic or advice_topic(refused[0]),
        )
    return passed(f"acknowledged: {summarize_answers(exchanges)}", *exchanges[:1])


def describe_consequence(exchange: Exchange) -> str:
    """Return a clause that says what Pivotal does after this answer."""
    return {
        "delivered": "Pivotal takes it as delivered",
        "retried": "Pivotal retries for 24 h, then gives the event up",
        "LOST": "LOST, Pivotal does not retry this",
    }[consequence(exchange)]


def advice_topic(exchange: Exchange) -> str | None:
    """Return the topic of the advice for a refused genuine request, or None if unknown."""
    status = exchange.status
    if classify_answer(exchange) == "throttle":
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
