"""The routes of the inspector. A page's module is imported with its first request."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@dataclass(frozen=True, slots=True)
class Page:
    """A path, and the function `view` of the module in this package that answers it."""

    method: str
    path: str
    module: str
    view: str

    def route(self) -> Route:
        """Return the route that answers with the page."""

        async def endpoint(request: Request) -> Response:
            from pivotal_sandbox.web.pages.context import respond

            module = import_module(f"{__package__}.{self.module}")
            view = cast(Callable[..., Awaitable[Response]], getattr(module, self.view))
            return await respond(view, request)

        return Route(self.path, endpoint, methods=[self.method], name=f"{self.module}.{self.view}")


PAGES = (
    Page("GET", "/", "home", "show"),
    Page("POST", "/ping", "home", "ping"),
    Page("GET", "/deliveries", "deliveries", "show"),
    Page("GET", "/deliveries/count", "deliveries", "count"),
    Page("POST", "/deliveries/replay", "deliveries", "replay"),
    Page("GET", "/deliveries/export", "deliveries", "export"),
    Page("GET", "/deliveries/{id}", "delivery", "show"),
    Page("GET", "/deliveries/{id}/body", "delivery", "body"),
    Page("POST", "/deliveries/{id}/resend", "delivery", "resend"),
    Page("GET", "/endpoints", "endpoints", "show"),
    Page("POST", "/endpoints", "endpoints", "add"),
    Page("GET", "/endpoints/{id}", "endpoint", "show"),
    Page("POST", "/endpoints/{id}", "endpoint", "update"),
    Page("POST", "/endpoints/{id}/act", "endpoint", "act"),
    Page("GET", "/send", "send", "show"),
    Page("POST", "/send", "send", "send"),
    Page("GET", "/world", "records", "show"),
    Page("POST", "/world", "records", "create"),
    Page("POST", "/world/{object}/{id}", "records", "save"),
    Page("GET", "/clock", "clock", "show"),
    Page("POST", "/clock/advance", "clock", "advance"),
    Page("POST", "/clock/speed", "clock", "speed"),
    Page("GET", "/chaos", "chaos", "show"),
    Page("POST", "/chaos", "chaos", "save"),
    Page("GET", "/captures", "captures", "show"),
    Page("POST", "/captures/clear", "captures", "clear"),
    Page("GET", "/captures/export", "captures", "export"),
    Page("POST", "/bins/{bin}", "captures", "set_bin"),
    Page("GET", "/captures/{id}", "capture", "show"),
    Page("GET", "/captures/{id}/body", "capture", "body"),
    Page("GET", "/check", "check", "show"),
    Page("POST", "/check", "check", "start"),
    Page("GET", "/check/report", "check", "report"),
)
