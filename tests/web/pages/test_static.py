"""The style sheet, the script and the icon."""

import httpx
import pytest

from pivotal_sandbox.web.pages.static import FOLDER, version


@pytest.mark.parametrize(
    ("name", "media"),
    [
        ("inspector.css", "text/css; charset=utf-8"),
        ("inspector.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ],
)
async def test_a_file_is_kept_by_browsers_under_its_version(
    client: httpx.AsyncClient, name: str, media: str
) -> None:
    answer = await client.get(f"/static/{version()}/{name}")
    assert answer.content == (FOLDER / name).read_bytes()
    assert answer.headers["content-type"] == media
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"


@pytest.mark.parametrize("name", ["nothing.js", "..%2fpages%2fstatic.py", ".."])
async def test_nothing_else_is_there(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/static/x/{name}")).status_code == 404


def test_the_script_is_small() -> None:
    assert len((FOLDER / "inspector.js").read_bytes()) < 25_000


def test_nothing_comes_from_elsewhere() -> None:
    for path in FOLDER.iterdir():
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "//" not in text.replace("// ", "") or path.suffix == ".js"
        assert "http:" not in text
        assert "https:" not in text
