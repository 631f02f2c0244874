"""A body as a file: what a browser saves, and never runs."""

from starlette.responses import Response


def download(body: bytes, name: str) -> Response:
    """Return the bytes as they are, to be saved under a name of ours."""
    headers = {
        "content-disposition": f'attachment; filename="{name}.txt"',
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
    }
    return Response(body, media_type="text/plain", headers=headers)
