"""The style sheets, the script's modules and the icon: files that change with the program only."""

import re
from functools import cache
from hashlib import blake2b
from pathlib import Path
from urllib.parse import urlencode

from starlette.responses import Response

from pivotal_sandbox.errors import NotFound
from pivotal_sandbox.web.pages.context import PageContext

FOLDER = Path(__file__).parents[1] / "static"
STYLES = ("base.css", "frame.css", "lists.css", "detail.css", "forms.css")
_SHEET = "inspector.css"  # all of them: a page that asks for one file is painted sooner
_FIRST = "first.js"  # which is no module: it runs before anything is painted
_MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_IMPORTED = re.compile(rb'^import (?:.* from )?"\./[a-z]+\.js"', re.MULTILINE)


async def show(visit: PageContext) -> Response:
    """Answer with a file, which a browser may keep: its address changes with it."""
    name = visit.request.path_params["name"]
    content = _files().get(name)
    if content is None:
        raise NotFound(f"There is no file {name:.80}.")
    if visit.token and name.endswith(".js"):
        # What a module imports is asked for without the query that it was asked for with.
        token = urlencode({"token": visit.token}).encode()
        content = _IMPORTED.sub(lambda match: match[0][:-1] + b"?" + token + b'"', content)
    headers = {"cache-control": "private, max-age=31536000, immutable"}
    return Response(content, media_type=_MEDIA[Path(name).suffix], headers=headers)


@cache
def modules() -> tuple[str, ...]:
    """Return the names of the script's modules: a browser that knows them asks for all at once."""
    return tuple(name for name in _files() if name.endswith(".js") and name != _FIRST)


@cache
def version() -> str:
    """Return what the addresses of the files change with."""
    return blake2b(b"\0".join(_files().values()), digest_size=6).hexdigest()


@cache
def _files() -> dict[str, bytes]:
    files = {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir())}
    return files | {_SHEET: b"\n".join(files.pop(name) for name in STYLES)}
