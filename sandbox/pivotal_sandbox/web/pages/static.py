"""The style sheet, the script and the icon: files that change with the program only."""

from functools import cache
from hashlib import blake2b
from pathlib import Path

from starlette.responses import Response

from pivotal_sandbox.errors import NotFound
from pivotal_sandbox.web.pages.visit import Visit

FOLDER = Path(__file__).parents[1] / "static"
_MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


async def show(visit: Visit) -> Response:
    """Answer with a file, which a browser may keep: its address changes with it."""
    name = visit.request.path_params["name"]
    content = _files().get(name)
    if content is None:
        raise NotFound(f"There is no file {name:.80}.")
    headers = {"cache-control": "private, max-age=31536000, immutable"}
    return Response(content, media_type=_MEDIA[Path(name).suffix], headers=headers)


@cache
def version() -> str:
    """Return what the addresses of the files change with."""
    return blake2b(b"\0".join(_files().values()), digest_size=6).hexdigest()


@cache
def _files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir())}
