"""One context of a page: what was asked for, how links lead on, and how it is answered."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args
from urllib.parse import parse_qsl, quote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from pivotal_sandbox.domain.models import Mode
from pivotal_sandbox.errors import InputError, NotFound, SandboxError
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.problem_details import on_sandbox_error
from pivotal_sandbox.web.security import TOKEN

Fields = list[tuple[str, str]]


@dataclass(frozen=True)
class PageContext:
    """A request for a page; `form` holds the fields of one that was sent."""

    request: Request
    form: Fields

    @property
    def sandbox(self) -> Sandbox:
        """The sandbox that is looked at."""
        sandbox: Sandbox = self.request.app.state.sandbox
        return sandbox

    @cached_property
    def mode(self) -> Mode:
        """Which of the two worlds is looked at."""
        given = self.query_value("mode") or self.field("mode")
        return "live" if given == "live" else "test"

    @property
    def token(self) -> str | None:
        """The token that links have to carry."""
        token: str | None = self.request.scope.get(TOKEN)
        return token

    def query_value(self, name: str) -> str:
        """Return what the address says of `name`, or nothing."""
        return self.request.query_params.get(name, "").strip()

    def field(self, name: str) -> str:
        """Return what the form says of `name`, or nothing."""
        return next((value for key, value in self.form if key == name), "").strip()

    def fields(self, name: str) -> list[str]:
        """Return all that the form says of `name`."""
        return [value for key, value in self.form if key == name and value]

    def url(self, path: str, /, **query: object) -> str:
        """Return the address of another page, in the same world."""
        given = {"mode": None if self.mode == "test" else self.mode, "token": self.token, **query}
        pairs = [(name, str(value)) for name, value in given.items() if value not in (None, "")]
        return quote(path, safe="/") + (f"?{urlencode(pairs)}" if pairs else "")

    def current_url(self, **changes: object) -> str:
        """Return this address with some of its query changed; None leaves a part out."""
        given = {name: value for name, value in self.request.query_params.items() if value}
        return self.url(self.request.url.path, **{**given, **changes})

    def page(self, template: str, status: int = 200, **content: Any) -> Response:
        """Return the page that a template makes."""
        # Imported here so that Jinja is loaded with the first page, not when the sandbox starts.
        from pivotal_sandbox.web.pages.render import render

        clock, sandbox = self.sandbox.clock, self.sandbox
        frame = {
            "context": self,
            "url": self.url,
            "mode": self.mode,
            "now": clock.now(),
            "clock": clock,
            "next_due": sandbox.dispatcher.next_due(),
            "base_url": sandbox.base_url,
            "token": self.token,
        }
        # Unlike `no-referrer`, this lets browsers say that our own page sends a form.
        headers = {"referrer-policy": "same-origin"}
        return HTMLResponse(render(template, {**content, **frame}), status, headers)

    def redirect(self, path: str, /, **query: object) -> Response:
        """Return the way to a page, after a form was sent."""
        return RedirectResponse(self.url(path, **query), 303)

    def redirect_with(self, path: str, pairs: Fields, /) -> Response:
        """Return the way to a page whose query repeats some names."""
        address = self.url(path)
        joint = "&" if "?" in address else "?"
        return RedirectResponse(f"{address}{joint}{urlencode(pairs)}", 303)


async def respond(view: Callable[[PageContext], Awaitable[Response]], request: Request) -> Response:
    """Return what a view answers, or the page that says what was wrong."""
    context = PageContext(request, await _form(request))
    try:
        return await view(context)
    except SandboxError as error:
        field = error.pointer.removeprefix("/") if isinstance(error, InputError) else ""
        status = (await on_sandbox_error(request, error)).status_code
        return context.page("error.html.j2", status, why=str(error), field=field)


def check_choice(value: str, kind: Any, name: str) -> Any:
    """Return `value` if the literal type `kind` has it, None if it is empty."""
    if value and value not in get_args(kind):
        known = ", ".join(get_args(kind))
        raise NotFound(f'There is no {name} "{value:.40}"; there are {known}.', pointer=f"/{name}")
    return value or None


async def _form(request: Request) -> Fields:
    if request.method != "POST":
        return []
    body = await request.body()
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
