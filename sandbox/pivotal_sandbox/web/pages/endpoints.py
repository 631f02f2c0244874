"""The endpoints: what each wants, and how it does."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from pivotal_sandbox.domain.catalog import PING, Catalog
from pivotal_sandbox.domain.models import Delivery, Endpoint
from pivotal_sandbox.store.deliveries import DeliveryFilter
from pivotal_sandbox.web.pages.context import PageContext

_LOOKED_AT = 40  # deliveries of each endpoint
SPARK_WIDTH, SPARK_HEIGHT = 160, 28

USES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    (
        "warehouse",
        "Warehouse",
        "Every change of every record: high volume.",
        tuple(
            f"{object}.{verb}"
            for object in ("customer", "contact", "onboarding", "task")
            for verb in ("created", "updated", "deleted")
        ),
    ),
    (
        "alerting",
        "Alerting",
        "State flips that a person should hear of: low volume.",
        ("customer.at_risk", "customer.churned", "onboarding.delayed", "task.overdue"),
    ),
    (
        "crm",
        "CRM sync",
        "Customers and contacts, kept the same elsewhere: medium volume; filter by fields.",
        ("customer.created", "customer.updated", "contact.created", "contact.updated"),
    ),
    (
        "analytics",
        "Analytics",
        "How onboardings go: low to medium volume.",
        (
            *("onboarding.started", "phase.changed", "onboarding.completed"),
            *("onboarding.cancelled", "task.completed"),
        ),
    ),
)
"""What endpoints are for: name, title, volume, event types."""


@dataclass(frozen=True, slots=True)
class Card:
    """An endpoint and how its last deliveries went; `points` draw how long the answers took."""

    endpoint: Endpoint
    rated: int
    success: str
    points: str
    slowest: float | None


@dataclass(frozen=True, slots=True)
class Use:
    """A use of events, with the types of it that the catalog has."""

    name: str
    title: str
    volume: str
    types: tuple[str, ...]


async def show(context: PageContext) -> Response:
    """Show the endpoints of the mode, and the form for another."""
    return context.page(
        "endpoints.html.j2",
        cards=await asyncio.gather(
            *(
                card_of(context, endpoint)
                for endpoint in context.sandbox.endpoints.all(context.mode)
            )
        ),
        uses=uses_of(context.sandbox.catalog),
        others=others_of(context.sandbox.catalog),
        spark=(SPARK_WIDTH, SPARK_HEIGHT),
    )


async def add(context: PageContext) -> Response:
    """Add an endpoint, which is sent its ping at once."""
    endpoint = await context.sandbox.add_endpoint(
        context.field("url"),
        mode=context.mode,
        event_types=chosen_types(context),
        field_filter=paths(context.field("field_filter")),
        description=context.field("description"),
    )
    return context.redirect(f"/endpoints/{endpoint.id}", added=1)


async def card_of(context: PageContext, endpoint: Endpoint) -> Card:
    """Return an endpoint with what its last deliveries say of it."""
    wanted = DeliveryFilter(endpoint_id=endpoint.id)
    found, _ = await context.sandbox.deliveries.page(wanted, limit=_LOOKED_AT)
    ended = [
        delivery for delivery in found if delivery.status in ("delivered", "failed", "retrying")
    ]
    good = sum(delivery.status == "delivered" for delivery in ended)
    took = [
        delivery.last_duration_ms for delivery in found if delivery.last_duration_ms is not None
    ]
    return Card(
        endpoint,
        len(ended),
        f"{good / len(ended):.0%}" if ended else "",
        _points(found),
        max(took, default=None),
    )


def uses_of(catalog: Catalog) -> list[Use]:
    """Return the uses whose events the catalog has."""
    uses = [
        Use(name, title, volume, tuple(type_ for type_ in types if type_ in catalog))
        for name, title, volume, types in USES
    ]
    return [use for use in uses if use.types]


def others_of(catalog: Catalog) -> list[str]:
    """Return the event types that belong to no use."""
    used = {event_type for use in USES for event_type in use[3]}
    return [
        event_type.name
        for event_type in catalog
        if event_type.name not in used and event_type.name != PING
    ]


def chosen_types(context: PageContext) -> Sequence[str]:
    """Return the event types that a form picked; all where it picked none."""
    return tuple(dict.fromkeys(context.fields("type"))) or ("*",)


def paths(text: str) -> tuple[str, ...]:
    """Return the dotted paths in a text: separated by commas, blanks or line breaks."""
    return tuple(dict.fromkeys(text.replace(",", " ").split()))


def _points(newest_first: Sequence[Delivery]) -> str:
    """Return the line of how long the answers took, the oldest on the left."""
    took = [d.last_duration_ms for d in reversed(newest_first) if d.last_duration_ms is not None]
    if len(took) < 2:
        return ""
    most = max(*took, 1.0)
    step = SPARK_WIDTH / (len(took) - 1)
    return " ".join(
        f"{at * step:.1f},{SPARK_HEIGHT - 2 - ms / most * (SPARK_HEIGHT - 4):.1f}"
        for at, ms in enumerate(took)
    )
