"""The API's endpoints."""

import msgspec
from msgspec import UNSET, Struct, UnsetType

from pivotal_sandbox.domain.models import Mode
from pivotal_sandbox.web.operation import Call, Operation
from pivotal_sandbox.web.request_parsing import Page, read_duration, read_limit
from pivotal_sandbox.web.views import EndpointView, EndpointWithSecret, TriggeredView


class NewEndpoint(Struct, forbid_unknown_fields=True):
    """An endpoint to add; it is sent its ping at once."""

    url: str
    mode: Mode = "test"
    event_types: list[str] = msgspec.field(default_factory=lambda: ["*"])
    field_filter: list[str] = []
    description: str = ""


class EndpointChanges(Struct, forbid_unknown_fields=True):
    """What to change of an endpoint."""

    url: str | UnsetType = UNSET
    event_types: list[str] | UnsetType = UNSET
    field_filter: list[str] | UnsetType = UNSET
    description: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class Rotation(Struct, forbid_unknown_fields=True):
    """For how long the old secret signs too."""

    overlap: str = "24h"


class EndpointQuery(Page, forbid_unknown_fields=True):
    """Which endpoints to list."""

    mode: Mode | None = None


class EndpointList(Struct):
    """A page of endpoints, newest first."""

    items: list[EndpointView]
    next_cursor: str | None


async def list_endpoints(call: Call[EndpointQuery, None]) -> EndpointList:
    """List the endpoints."""
    limit, cursor = read_limit(call.query.limit), call.query.cursor
    newest_first = reversed(call.sandbox.endpoints.all(call.query.mode))
    found = [e for e in newest_first if cursor is None or e.id < cursor]
    page = found[:limit]
    return EndpointList(
        [EndpointView.of(endpoint) for endpoint in page],
        page[-1].id if len(found) > limit else None,
    )


async def add_endpoint(call: Call[None, NewEndpoint]) -> EndpointWithSecret:
    """Add an endpoint, and send it webhook.ping."""
    new = call.body
    endpoint = await call.sandbox.add_endpoint(
        new.url,
        mode=new.mode,
        event_types=new.event_types,
        field_filter=new.field_filter,
        description=new.description,
    )
    return EndpointWithSecret.of(endpoint)


async def show_endpoint(call: Call[None, None]) -> EndpointWithSecret:
    """Show an endpoint, with its secret."""
    return EndpointWithSecret.of(call.sandbox.endpoints.get(call.params["id"]))


async def update_endpoint(call: Call[None, EndpointChanges]) -> EndpointView:
    """Change an endpoint; pending retries keep their URL."""
    changes = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in msgspec.structs.asdict(call.body).items()
        if value is not UNSET
    }
    return EndpointView.of(await call.sandbox.update_endpoint(call.params["id"], **changes))


async def delete_endpoint(call: Call[None, None]) -> None:
    """Delete an endpoint; its pending deliveries are cancelled."""
    await call.sandbox.delete_endpoint(call.params["id"])


async def ping_endpoint(call: Call[None, None]) -> TriggeredView:
    """Send webhook.ping to an endpoint."""
    return TriggeredView.of(await call.sandbox.ping(call.params["id"]))


async def rotate_secret(call: Call[None, Rotation]) -> EndpointWithSecret:
    """Give an endpoint a new secret; for the overlap, the old one signs too."""
    overlap = read_duration(call.body.overlap, "/overlap")
    return EndpointWithSecret.of(await call.sandbox.rotate_secret(call.params["id"], overlap))


_ALL, _ONE = "/api/endpoints", "/api/endpoints/{id}"

OPERATIONS = (
    Operation("GET", _ALL, list_endpoints, {200: EndpointList}, query=EndpointQuery),
    Operation("POST", _ALL, add_endpoint, {201: EndpointWithSecret}, body=NewEndpoint),
    Operation("GET", _ONE, show_endpoint, {200: EndpointWithSecret}),
    Operation("PATCH", _ONE, update_endpoint, {200: EndpointView}, body=EndpointChanges),
    Operation("DELETE", _ONE, delete_endpoint, {204: None}),
    Operation("POST", f"{_ONE}/ping", ping_endpoint, {202: TriggeredView}),
    Operation(
        "POST", f"{_ONE}/rotate-secret", rotate_secret, {200: EndpointWithSecret}, body=Rotation
    ),
)
