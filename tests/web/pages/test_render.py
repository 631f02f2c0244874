"""What all pages have around their content."""

import re
from pathlib import Path

from tests.web.pages.conftest import Look

from pivotal_sandbox.web.pages.render import FOLDER, RAIL


async def test_the_rail_leads_to_every_page_and_says_where_one_is(look: Look) -> None:
    for _, path, title, key in RAIL:
        page = await look(path)
        [here] = [a for a in page.all("a", aria_current="page") if "data-go" in a.attributes]
        assert (here.text, here.attributes["data-go"]) == (title, key)


async def test_the_clock_is_on_every_page(look: Look) -> None:
    page = await look("/deliveries")
    assert "2026-01-01 00:00:00" in page.find("section", class_="clock").text
    assert [b.text for b in page.all("button", name="by")] == ["+1 h", "+24 h"]


async def test_every_key_is_told(look: Look) -> None:
    text = (await look("/")).find("dialog").text
    for _, _, title, _ in RAIL:
        assert f"go to {title}" in text
    assert "copy as curl" in text


def test_templates_mark_nothing_as_safe() -> None:
    for path in FOLDER.iterdir():
        text = path.read_text()
        assert "|safe" not in text.replace("|safe_text", ""), path
        assert "autoescape" not in text, path
        assert " style=" not in text, path


async def test_the_documentation_has_the_keys_of_the_help(look: Look) -> None:
    dialog = (await look("/")).find("dialog").text
    text = (Path(__file__).parents[3] / "docs" / "inspector.md").read_text()
    rows = re.findall(r"^\| ((?:`[^`]+` ?)+) \| (.+) \|$", text.partition("## Keys")[2], re.M)
    keys = ["".join(re.findall("`([^`]+)`", keys)) + does for keys, does in rows]
    assert f"Keys {' '.join(keys)} Close" == dialog
