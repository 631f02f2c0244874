"""One delivery: its attempts in time, what was sent and what came back, to the byte."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.responses import Response

from pivotal_sandbox.common.headers import SIGNATURE_HEADER
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.models import Attempt, Delivery, Endpoint, Event, Request
from pivotal_sandbox.domain.request import build_request
from pivotal_sandbox.errors import InputError, NotFound
from pivotal_sandbox.exports.exchange import ExportedRequest, exported_attempt
from pivotal_sandbox.receiver.verification import verify_request
from pivotal_sandbox.web.pages.body_view import BodyView, text_of, view_body
from pivotal_sandbox.web.pages.charts import WIDTH, timeline
from pivotal_sandbox.web.pages.context import PageContext
from pivotal_sandbox.web.pages.delivery_rows import place_of, verdict_of
from pivotal_sandbox.web.pages.diff import DiffLine, difference
from pivotal_sandbox.web.pages.explanation import explanation
from pivotal_sandbox.web.pages.export import download, exports
from pivotal_sandbox.web.pages.formatting import ERRORS, describe_consequence, outcome_pill, pill


async def show(context: PageContext) -> Response:
    """Show a delivery on a page of its own."""
    id = context.request.path_params["id"]
    return context.page("delivery.html.j2", detail=await content(context, id))


async def body(context: PageContext) -> Response:
    """Answer with all of a body, as a file."""
    log, id = context.sandbox.deliveries, context.request.path_params["id"]
    delivery = await log.get(id)
    attempts = await log.attempts(id)
    if context.query_value("side") == "response":
        attempt = _chosen(context, attempts)
        if attempt is None or attempt.outcome.response is None:
            raise NotFound("There was no response.")
        return download(attempt.outcome.response.body, f"{id}-response")
    event = await log.event(delivery.event_id)
    return download(_sent(event, _chosen(context, attempts)), id)


async def content(context: PageContext, id: str) -> dict[str, Any]:
    """Return what the page of a delivery, or the pane beside the list, is made of."""
    sandbox, now = context.sandbox, context.sandbox.clock.now()
    delivery = await sandbox.deliveries.get(id)
    event, attempts = await asyncio.gather(
        sandbox.deliveries.event(delivery.event_id), sandbox.deliveries.attempts(id)
    )
    attempt = _chosen(context, attempts)
    endpoint = sandbox.endpoints.find(delivery.endpoint_id)
    secrets = endpoint.secrets(now) if endpoint else ()
    found: dict[str, Any] = {
        "delivery": delivery,
        "event": event,
        "endpoint": endpoint,
        "place": place_of(endpoint, delivery.url),
        "pill": pill(delivery, now, attempts[-1].outcome.error if attempts else None),
        "timeline": timeline(delivery, attempts, now),
        "width": WIDTH,
        "attempts": [(attempt.number, outcome_pill(attempt.outcome)) for attempt in attempts],
        "attempt": attempt,
        "request": view_body(_sent(event, attempt)),
        "start": f"POST {parse_url(delivery.url).target} HTTP/1.1",
        "response": None,
        "error": "",
        "exports": exports(
            _afresh(context, delivery, event, secrets) if secrets else None,
            secrets,
            _record(delivery, event, attempt) if attempt else None,
        ),
        "editable": _laid_out(event.body),
        "difference": await _difference(context, delivery, event, attempt, attempts),
        "explanation": None,
    }
    if attempt is not None:
        outcome = attempt.outcome
        found["signature"] = _signature(attempt, event, endpoint)
        found["verdict"] = await verdict_of(sandbox, id, delivery.url, attempt.started_at)
        found["fate"] = describe_consequence(delivery, attempt, now)
        found["explanation"] = await explanation(
            context,
            _sent(event, attempt),
            attempt.request_headers,
            secrets,
            context.query_value("computed"),
        )
        if outcome.response is not None:
            found["response"] = view_body(outcome.response.body)
        if outcome.error is not None:
            found["error"] = ERRORS[outcome.error]
    return found


def last_sent(
    delivery: Delivery, event: Event, attempts: Sequence[Attempt]
) -> ExportedRequest | None:
    """Return what the last attempt sent, to the byte; None where there was no attempt."""
    return _record(delivery, event, attempts[-1]) if attempts else None


def _record(delivery: Delivery, event: Event, attempt: Attempt) -> ExportedRequest:
    return exported_attempt(
        attempt,
        event_type=delivery.event_type,
        url=delivery.url,
        fault=delivery.fault,
        event_body=event.body,
    )


def _laid_out(body: bytes) -> str:
    """Return a body for editing: laid out where it is JSON; what hides in it stays hidden here."""
    try:
        return msgspec.json.format(body, indent=2).decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return text_of(body)


def _chosen(context: PageContext, attempts: Sequence[Attempt]) -> Attempt | None:
    asked = context.query_value("attempt")
    if not asked:
        return attempts[-1] if attempts else None
    for attempt in attempts:
        if str(attempt.number) == asked:
            return attempt
    raise NotFound(f'There is no attempt "{asked:.20}": {len(attempts)} were made.')


def _sent(event: Event, attempt: Attempt | None) -> bytes:
    if attempt is None or attempt.request_body is None:
        return event.body
    return attempt.request_body


def _afresh(
    context: PageContext, delivery: Delivery, event: Event, secrets: Sequence[str]
) -> Request:
    """Return the request as it would be sent now, so that its signature holds when pasted."""
    timestamp = int(context.sandbox.clock.wall())
    return build_request(
        delivery.id,
        event.type,
        event.body,
        url=delivery.url,
        secrets=secrets,
        timestamp=timestamp,
    )


def _signature(attempt: Attempt, event: Event, endpoint: Endpoint | None) -> str:
    """Return what the signature that was sent is worth, at the time that it names."""
    values = [v for name, v in attempt.request_headers if name.lower() == SIGNATURE_HEADER]
    made = values[0].partition("t=")[2].partition(",")[0] if values else ""
    now = int(made) if made.isascii() and made.isdigit() else attempt.started_at // 1000
    known = [endpoint.secret, endpoint.previous_secret] if endpoint else []
    secrets = [secret for secret in known if secret]
    verdict = verify_request(attempt.request_headers, _sent(event, attempt), secrets, now=now)
    if verdict.verified:
        return "Signed with this endpoint's secret."
    if not secrets:
        return "The endpoint is gone, and its secret with it."
    return f"{verdict.sentence} ({verdict.reason})" if verdict.reason else verdict.sentence


async def _difference(
    context: PageContext,
    delivery: Delivery,
    event: Event,
    attempt: Attempt | None,
    attempts: Sequence[Attempt],
) -> list[tuple[str, list[DiffLine]]] | None:
    """Return what differs from another attempt, by number, or from another delivery, by id."""
    other = context.query_value("diff")
    if not other or attempt is None:
        return None
    if other.startswith("msg_"):
        log = context.sandbox.deliveries
        theirs = await log.get(other)
        their_event, their_attempts = await log.event(theirs.event_id), await log.attempts(other)
        against = their_attempts[-1] if their_attempts else None
    else:
        their_event = event
        against = next((attempt for attempt in attempts if str(attempt.number) == other), None)
    if against is None:
        raise NotFound(f'There is no attempt "{other:.40}" to compare with.', pointer="/diff")
    return [
        ("Request", difference(_request_text(their_event, against), _request_text(event, attempt))),
        ("Response", difference(_response_text(against), _response_text(attempt))),
    ]


def _request_text(event: Event, attempt: Attempt) -> str:
    lines = [f"{name}: {value}" for name, value in attempt.request_headers]
    return "\n".join([*lines, "", _text(view_body(_sent(event, attempt)))])


def _response_text(attempt: Attempt) -> str:
    response = attempt.outcome.response
    if response is None:
        return outcome_pill(attempt.outcome).word
    lines = [f"{name}: {value}" for name, value in response.headers]
    return "\n".join([str(response.status_code), *lines, "", _text(view_body(response.body))])


def _text(body: BodyView) -> str:
    return "".join(token.text for token in body.tokens) or body.raw


async def resend(context: PageContext) -> Response:
    """Send a delivery again: verbatim, or with the body that the form holds, signed anew."""
    id, sandbox = context.request.path_params["id"], context.sandbox
    if context.field("how") == "verbatim":
        [replay] = await sandbox.replay([id], verbatim=True)
    else:
        delivery = await sandbox.deliveries.get(id)
        event = await sandbox.deliveries.event(delivery.event_id)
        edits = _edits(event.body, context.field("body"))
        strict = not context.field("as_it_is")
        [replay] = await sandbox.replay([id], set=edits or None, validate=strict)
    return context.redirect("/deliveries", open=replay.id, replayed=1)


def _edits(body: bytes, text: str) -> dict[str, Any]:
    """Return what the text says otherwise than the body, by its keys."""
    try:
        before, after = msgspec.json.decode(body), msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"The body is not JSON: {error}.", pointer="/body") from None
    if not isinstance(before, dict) or not isinstance(after, dict):
        raise InputError("The body of an event is a JSON object.", pointer="/body")
    if missing := [key for key in before if key not in after]:
        raise InputError(f'The body lacks "{missing[0]}".', pointer="/body")
    return {key: value for key, value in after.items() if before.get(key) != value}
