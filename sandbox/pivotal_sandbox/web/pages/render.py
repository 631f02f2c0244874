"""Render pages from templates."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from pivotal_sandbox.common.html import page, templates_in
from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.web.assets import modules, version
from pivotal_sandbox.web.pages import formatting
from pivotal_sandbox.web.pages.body_view import text_of, visible

FOLDER = Path(__file__).parents[1] / "templates"

RAIL = (
    ("home", "/", "Home", "h"),
    ("deliveries", "/deliveries", "Deliveries", "d"),
    ("endpoints", "/endpoints", "Endpoints", "e"),
    ("send", "/send", "Send", "s"),
    ("world", "/world", "World", "w"),
    ("captures", "/captures", "Captures", "c"),
    ("check", "/check", "Check", "k"),
)
"""The navigation rail: icon, path, name, and the key after `g`."""


def render(template: str, content: Mapping[str, Any]) -> str:
    """Return the page that `template` makes of `content`, which includes the names of the frame."""
    return page(
        _ENVIRONMENT.get_template(template),
        **content,
        rail=RAIL,
        version=version(),
        modules=modules(),
    )


@pass_context
def _relative(context: Context, moment: int) -> str:
    return formatting.relative(moment, context["now"])


@pass_context
def _hour(context: Context, moment: int) -> str:
    return formatting.clock_time(moment, context["now"])


_ENVIRONMENT = templates_in(FOLDER)
_ENVIRONMENT.filters |= {
    "alien": visible,
    "bytes": text_of,
    "relative": _relative,
    "hour": _hour,
    "utc": formatting.utc,
    "rfc3339": format_rfc3339,
    "duration": formatting.duration,
    "span": formatting.span,
    "size": formatting.size,
    "latin": lambda text: text_of(text.encode("latin-1", "replace")),
}
_ENVIRONMENT.globals |= {"count": formatting.count}
