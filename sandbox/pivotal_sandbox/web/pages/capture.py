"""One captured request: what came in, to the byte, and what is to be said of its signature."""

from typing import Any

from starlette.responses import Response

from pivotal_sandbox.common.headers import DELIVERY_ID_HEADER, header_value
from pivotal_sandbox.domain.models import Capture
from pivotal_sandbox.errors import NotFound
from pivotal_sandbox.exports.exchange import exported_capture
from pivotal_sandbox.web.pages.body_view import view_body
from pivotal_sandbox.web.pages.context import PageContext
from pivotal_sandbox.web.pages.diff import difference
from pivotal_sandbox.web.pages.explanation import explanation
from pivotal_sandbox.web.pages.export import download, exports
from pivotal_sandbox.web.pages.formatting import ERRORS


async def show(context: PageContext) -> Response:
    """Show a capture on a page of its own."""
    id = context.request.path_params["id"]
    return context.page("capture.html.j2", detail=await content(context, id))


async def body(context: PageContext) -> Response:
    """Answer with all of the body, or of the answer that it was passed on for, as a file."""
    capture = await context.sandbox.captures.get(context.request.path_params["id"])
    if context.query_value("side") == "response":
        forwarded = capture.forwarded
        if forwarded is None or forwarded.outcome.response is None:
            raise NotFound("It was not passed on, or nothing came back.")
        return download(forwarded.outcome.response.body, f"{capture.id}-response")
    return download(capture.body, capture.id)


async def content(context: PageContext, id: str) -> dict[str, Any]:
    """Return what the page of a capture, or the pane beside the list, is made of."""
    capture = await context.sandbox.captures.get(id)
    sent = exported_capture(capture, context.sandbox.base_url)
    outcome = capture.forwarded.outcome if capture.forwarded else None
    response = outcome.response if outcome else None
    return {
        "capture": capture,
        "request": view_body(capture.body),
        "start": _start(capture),
        "delivery": header_value(capture.headers, DELIVERY_ID_HEADER) or "",
        "response": view_body(response.body) if response else None,
        "error": ERRORS[outcome.error] if outcome and outcome.error else "",
        "exports": exports(sent.request, (), sent),
        "difference": await _difference(context, capture),
        "explanation": await explanation(
            context,
            capture.body,
            capture.headers,
            _secrets(context, capture),
            context.query_value("computed"),
        ),
        "explainable": bool(_secrets(context, capture)),
    }


def _start(capture: Capture) -> str:
    return f"{capture.method} {_target(capture)} HTTP/1.1"


def _target(capture: Capture) -> str:
    return f"{capture.path}?{capture.query}" if capture.query else capture.path


def _secrets(context: PageContext, capture: Capture) -> list[str]:
    sandbox = context.sandbox
    own = sandbox.captures.bin(capture.bin).secret
    address = f"{sandbox.base_url}/in/{capture.bin}"
    return [own] if own else sandbox.endpoints.secrets_at(address, sandbox.clock.now())


async def _difference(context: PageContext, capture: Capture) -> Any:
    """Return what differs from another capture, by its id."""
    other = context.query_value("diff")
    if not other:
        return None
    against = await context.sandbox.captures.get(other)
    return [("Request", difference(_text(against), _text(capture)))]


def _text(capture: Capture) -> str:
    lines = [f"{name}: {value}" for name, value in capture.headers]
    body = view_body(capture.body)
    laid_out = "".join(token.text for token in body.tokens) or body.raw
    return "\n".join([_start(capture), *lines, "", laid_out])
