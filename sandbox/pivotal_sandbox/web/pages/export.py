"""A request as what one pastes elsewhere: curl, HTTPie, a test for pytest."""

from collections.abc import Sequence

from pivotal_sandbox.core.curl import curl_command, printf, quoted
from pivotal_sandbox.core.model import Headers, Request

_LONGEST = 16 * 1024  # bytes of a body that one still wants to paste
_OF_THE_CLIENT = ("host", "content-length", "accept")


def exports(request: Request, secrets: Sequence[str]) -> list[tuple[str, str]]:
    """Return the forms by name; `secrets` are those that a test can sign with."""
    if len(request.body) > _LONGEST:
        return []
    headers = tuple(pair for pair in request.headers if pair[0].lower() not in _OF_THE_CLIENT)
    forms = [
        ("curl", curl_command(request.method, request.url, headers, request.body)),
        ("HTTPie", _httpie(request, headers)),
    ]
    if secrets:
        forms.append(("pytest", _pytest(request, headers)))
    return forms


def _httpie(request: Request, headers: Headers) -> str:
    words = [f"{name}:{value}" if value else f"{name};" for name, value in headers]
    options = ["--ignore-stdin"] if not request.body else []
    command = " ".join(["http", *options, request.method, quoted(request.url), *map(quoted, words)])
    return f"{printf(request.body)} | {command}" if request.body else command


def _pytest(request: Request, headers: Headers) -> str:
    kept = {
        name: value
        for name, value in headers
        if name.lower() not in ("pivotal-signature", "user-agent")
    }
    lines = "".join(f"    {name!r}: {value!r},\n" for name, value in kept.items())
    return (
        "import os\nimport time\n\nimport httpx\nfrom pivotal_sandbox import sign\n\n"
        f"URL = {request.url!r}\nBODY = {request.body!r}\n"
        f"HEADERS = {{\n{lines}}}\n\n\n"
        "def test_the_handler_takes_it():\n"
        '    secret = os.environ["PIVOTAL_WEBHOOK_SECRET"]\n'
        "    signature = sign(BODY, secret, timestamp=int(time.time()))\n"
        '    headers = HEADERS | {"pivotal-signature": signature}\n'
        "    assert httpx.post(URL, content=BODY, headers=headers).is_success\n"
    )
