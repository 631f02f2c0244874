"""Home: what is running, the first event, and the next three things to do."""

from dataclasses import dataclass

from starlette.responses import Response

from pivotal_sandbox.domain.models import Endpoint
from pivotal_sandbox.store.deliveries import DeliveryFilter
from pivotal_sandbox.web.pages.context import PageContext
from pivotal_sandbox.web.pages.delivery_rows import rows_of

_LATEST = 5


@dataclass(frozen=True, slots=True)
class Card:
    """Something to do next, as commands by where they are typed."""

    title: str
    says: str
    commands: tuple[tuple[str, str], ...]


async def show(context: PageContext) -> Response:
    """Show the endpoint to begin with, its last deliveries, and what to do next."""
    endpoints = context.sandbox.endpoints.all(context.mode)
    first = endpoints[0] if endpoints else None
    latest = []
    if first is not None:
        wanted = DeliveryFilter(endpoint_id=first.id)
        found, _ = await context.sandbox.deliveries.page(wanted, limit=_LATEST)
        latest = await rows_of(context.sandbox, found, verdicts=True)
    return context.page(
        "home.html.j2",
        endpoint=first,
        others=len(endpoints) - 1,
        latest=latest,
        sent=context.query_value("sent"),
        cards=_cards(context, first),
    )


async def ping(context: PageContext) -> Response:
    """Send webhook.ping to an endpoint."""
    triggered = await context.sandbox.ping(context.field("endpoint"))
    return context.redirect("/", sent=triggered.deliveries[0].id)


def _cards(context: PageContext, endpoint: Endpoint | None) -> tuple[Card, ...]:
    base, mode = context.sandbox.base_url, context.mode
    bearer = " -H 'authorization: Bearer '$PIVOTAL_SANDBOX_TOKEN" if context.token else ""
    handler = "http://127.0.0.1:8000/webhooks/pivotal"
    live = " --mode live" if mode == "live" else ""
    event_mode = ', "mode": "live"' if mode == "live" else ""
    keyword = ', mode="live"' if mode == "live" else ""
    id = endpoint.id if endpoint else "ep_..."
    return (
        Card(
            "Point it at your handler",
            "Start your handler with the secret above, and send its address here.",
            (
                ("CLI", f"pivotal-sandbox endpoints update {id} --url {handler}"),
                (
                    "curl",
                    f"curl -X PATCH {base}/api/endpoints/{id}{bearer} \\\n"
                    f'  -d \'{{"url": "{handler}"}}\'',
                ),
                (
                    "Python",
                    "import httpx\n\n"
                    f'httpx.patch("{base}/api/endpoints/{id}", json={{"url": "{handler}"}})',
                ),
            ),
        ),
        Card(
            "Check your handler",
            "Genuine and hostile requests: what it refuses, what it loses, what it does twice.",
            (
                ("CLI", f'pivotal-sandbox check {handler} --secret "$PIVOTAL_WEBHOOK_SECRET"'),
                (
                    "curl",
                    f"curl {base}/api/events{bearer} \\\n"
                    f'  -d \'{{"type": "customer.at_risk"{event_mode}}}\'',
                ),
                (
                    "Python",
                    "import httpx\n\n"
                    f'event = {{"type": "customer.at_risk"{event_mode}}}\n'
                    f'httpx.post("{base}/api/events", json=event)',
                ),
            ),
        ),
        Card(
            "Test it in pytest",
            "The plugin brings sender, receiver and a clock that you move.",
            (
                (
                    "Python",
                    "def test_a_customer_at_risk_is_noted(pivotal):\n"
                    f"    pivotal.endpoint(app{keyword})\n"
                    '    assert pivotal.trigger("customer.at_risk").ok',
                ),
                ("CLI", f"pivotal-sandbox trigger customer.at_risk --wait{live}"),
                (
                    "curl",
                    f"curl {base}/api/wait{bearer} \\\n"
                    '  -d \'{"type": "customer.at_risk", "timeout": "10s"}\'',
                ),
            ),
        ),
    )
