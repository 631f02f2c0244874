"""The style sheet, the script and the icon."""

from pathlib import Path

import httpx
import pytest

from pivotal_sandbox.web.assets import FOLDER, modules, version
from pivotal_sandbox.web.server import Settings, serve


@pytest.mark.parametrize(
    ("name", "media"),
    [
        ("first.js", "text/javascript; charset=utf-8"),
        ("inspector.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ],
)
async def test_a_file_is_kept_by_browsers_under_its_version(
    client: httpx.AsyncClient, name: str, media: str
) -> None:
    answer = await client.get(f"/static/{version()}/{name}")
    assert (FOLDER / name).read_bytes() in answer.content
    assert answer.headers["content-type"] == media
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"


@pytest.mark.parametrize("name", ["nothing.js", "..%2fpages%2fstatic.py", ".."])
async def test_nothing_else_is_there(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/static/x/{name}")).status_code == 404


def test_the_script_is_small() -> None:
    assert sum(len((FOLDER / name).read_bytes()) for name in ("first.js", *modules())) < 25_000


async def test_the_style_sheets_are_one_file(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/static/{version()}/inspector.css")
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert all(path.read_bytes() in answer.content for path in FOLDER.glob("*.css"))


async def test_what_a_module_imports_is_asked_for_with_the_token(tmp_path: Path) -> None:
    settings = Settings(host="0.0.0.0", port=0, token="a b", speed=0, grace_s=0.05)
    async with serve(settings) as running, httpx.AsyncClient(base_url=running.url) as client:
        path = f"/static/{version()}/inspector.js"
        assert (await client.get(path)).status_code == 401
        script = (await client.get(path, params={"token": "a b"})).text
    assert 'from "./dom.js?token=a+b"' in script
    assert 'import "./keys.js?token=a+b"' in script
    assert '.js"' not in script


def test_nothing_comes_from_elsewhere() -> None:
    for path in FOLDER.iterdir():
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "//" not in text.replace("// ", "") or path.suffix == ".js"
        assert "http:" not in text
        assert "https:" not in text
