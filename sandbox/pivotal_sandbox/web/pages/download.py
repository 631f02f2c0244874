"""What a browser saves as a file, and never runs."""

from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse


def download(body: bytes, name: str) -> Response:
    """Return the bytes as they are, to be saved under a name of ours."""
    return Response(body, media_type="text/plain", headers=_headers(f"{name}.txt"))


def streamed(parts: AsyncIterator[bytes], name: str, media: str) -> Response:
    """Return a file that is made while it is being saved."""
    return StreamingResponse(parts, media_type=media, headers=_headers(name))


def _headers(name: str) -> dict[str, str]:
    return {
        "content-disposition": f'attachment; filename="{name}"',
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
    }
