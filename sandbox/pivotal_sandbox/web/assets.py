"""Serve the style sheets, the scripts and the icon, which change only with the program."""

import re
from functools import cache
from hashlib import blake2b
from pathlib import Path
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pivotal_sandbox.errors import NotFound
from pivotal_sandbox.web.security import TOKEN

FOLDER = Path(__file__).parent / "static"
STYLES = ("base.css", "frame.css", "lists.css", "detail.css", "forms.css")
_SHEET = "inspector.css"  # all of them: a page that asks for one file is painted sooner
_FIRST = "first.js"  # which is no module: it runs before anything is painted
_MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_IMPORTED = re.compile(rb'^import (?:.* from )?"\./[a-z]+\.js"', re.MULTILINE)


async def serve_asset(request: Request) -> Response:
    """Respond with a file that browsers may cache: its URL changes when the file does."""
    name = request.path_params["name"]
    content = _files().get(name)
    if content is None:
        raise NotFound(f"There is no file {name:.80}.")
    token: str | None = request.scope.get(TOKEN)
    if token and name.endswith(".js"):
        # What a module imports is asked for without the query that it was asked for with.
        query = urlencode({"token": token}).encode()
        content = _IMPORTED.sub(lambda match: match[0][:-1] + b"?" + query + b'"', content)
    headers = {"cache-control": "private, max-age=31536000, immutable"}
    return Response(content, media_type=_MEDIA[Path(name).suffix], headers=headers)


@cache
def modules() -> tuple[str, ...]:
    """Return the names of the script modules, so that a page can preload all of them."""
    return tuple(name for name in _files() if name.endswith(".js") and name != _FIRST)


@cache
def version() -> str:
    """Return a hash of all files, which is part of their URLs."""
    return blake2b(b"\0".join(_files().values()), digest_size=6).hexdigest()


@cache
def _files() -> dict[str, bytes]:
    files = {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir())}
    return files | {_SHEET: b"\n".join(files.pop(name) for name in STYLES)}


ROUTE = Route("/static/{version}/{name}", serve_asset, methods=["GET"])
