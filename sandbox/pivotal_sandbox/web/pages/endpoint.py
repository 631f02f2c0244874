"""One endpoint: its secret, what it wants, and what becomes of it."""

from dataclasses import dataclass

from starlette.responses import Response

from pivotal_sandbox.common.durations import parse_duration
from pivotal_sandbox.common.json_paths import paths_overlap
from pivotal_sandbox.domain.catalog import check_subscription
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.store.deliveries import DeliveryFilter
from pivotal_sandbox.web.pages.context import PageContext
from pivotal_sandbox.web.pages.delivery_rows import rows_of
from pivotal_sandbox.web.pages.endpoints import (
    SPARK_HEIGHT,
    SPARK_WIDTH,
    card_of,
    chosen_types,
    others_of,
    paths,
    uses_of,
)
from pivotal_sandbox.web.request_parsing import read_at

_LATEST = 5
_PREVIEWED = 50  # deliveries of each type


@dataclass(frozen=True, slots=True)
class Preview:
    """Of the last events of a type, how many a field filter would have let through."""

    type: str
    passed: int
    total: int


async def show(context: PageContext) -> Response:
    """Show an endpoint; with `fields`, what that filter would have let through."""
    sandbox = context.sandbox
    endpoint = sandbox.endpoints.get(context.request.path_params["id"])
    wanted = DeliveryFilter(endpoint_id=endpoint.id)
    found, _ = await sandbox.deliveries.page(wanted, limit=_LATEST)
    filter = context.query_value("field_filter") or " ".join(endpoint.field_filter)
    previews, wrong = await _previews(context, paths(filter))
    known = {type_ for use in uses_of(sandbox.catalog) for type_ in use.types}
    return context.page(
        "endpoint.html.j2",
        card=await card_of(context, endpoint),
        endpoint=endpoint,
        latest=await rows_of(sandbox, found, verdicts=True),
        uses=uses_of(sandbox.catalog),
        others=others_of(sandbox.catalog),
        unknown=[t for t in endpoint.event_types if t not in known and t != "*"],
        filter=filter,
        previews=previews,
        wrong=wrong,
        spark=(SPARK_WIDTH, SPARK_HEIGHT),
        overlap=endpoint.secrets(sandbox.clock.now())[1:],
    )


async def update(context: PageContext) -> Response:
    """Change what the form says."""
    id = context.request.path_params["id"]
    await context.sandbox.update_endpoint(
        id,
        url=context.field("url"),
        description=context.field("description"),
        event_types=chosen_types(context),
        field_filter=paths(context.field("field_filter")),
    )
    return context.redirect(f"/endpoints/{id}", saved=1)


async def act(context: PageContext) -> Response:
    """Ping, rotate the secret, enable, disable or delete."""
    id, sandbox = context.request.path_params["id"], context.sandbox
    match context.field("do"):
        case "ping":
            await sandbox.ping(id)
        case "rotate":
            overlap = read_at("/overlap", parse_duration, context.field("overlap") or "24h")
            await sandbox.rotate_secret(id, overlap)
            return context.redirect(f"/endpoints/{id}", rotated=1)
        case "enable" | "disable" as which:
            await sandbox.update_endpoint(id, enabled=which == "enable")
        case "delete":
            await sandbox.delete_endpoint(id)
            return context.redirect("/endpoints")
        case other:
            raise InputError(f'Nothing is called "{other:.40}" here.', pointer="/do")
    return context.redirect(f"/endpoints/{id}")


async def _previews(context: PageContext, filter: tuple[str, ...]) -> tuple[list[Preview], str]:
    """Return what the filter does to the last events, and what is wrong with it."""
    if not filter:
        return [], ""
    log, catalog = context.sandbox.deliveries, context.sandbox.catalog
    try:
        check_subscription(("*",), filter, catalog)
    except InputError as error:
        return [], str(error)
    previews = []
    for type in [event_type.name for event_type in catalog if event_type.name.endswith(".updated")]:
        wanted = DeliveryFilter(mode=context.mode, event_type=type)
        found, _ = await log.page(wanted, limit=_PREVIEWED)
        changed = [
            (await log.event(id)).changed for id in {delivery.event_id for delivery in found}
        ]
        passed = sum(any(paths_overlap(p, f) for p in its for f in filter) for its in changed)
        if changed:
            previews.append(Preview(type, passed, len(changed)))
    return previews, ""
