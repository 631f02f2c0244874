"""docs/scenarios.md: its sessions print what they show, its files are stories."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.load.receiver import receiving
from tests.test_load_and_watch_page import pattern

from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.scenarios.parser import KINDS, Target, parse_scenario
from pivotal_sandbox.web.server import Running

PAGE = (Path(__file__).parents[1] / "docs" / "scenarios.md").read_text("utf-8")
BLOCKS = re.findall(r"```([\w-]+)\n(.*?)```", PAGE, re.DOTALL)
STEPS = PAGE.partition("### Steps")[2]
FILES = [block for kind, block in BLOCKS if kind == "toml"]
SESSIONS = [
    (typed, printed)
    for kind, block in BLOCKS
    if kind == "shell-session"
    for typed, printed in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
]
PORT = re.compile(r"127\.0\.0\.1:\d+")  # may be any


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder with the story of the page, and the address of a receiver that takes all."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / "outage.toml").write_text(FILES[0], "utf-8")
    with receiving(204) as url:
        yield folder, url.split("/")[2]


@pytest.mark.parametrize(("typed", "printed"), SESSIONS)
async def test_each_session_prints_what_it_shows(
    typed: str, printed: str, reader: tuple[Path, str], running: Running
) -> None:
    folder, address = reader
    done = await asyncio.to_thread(
        subprocess.run,
        ["sh", "-c", typed.replace("127.0.0.1:8000", address)],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}/usr/bin{os.pathsep}/bin",
            "PIVOTAL_SANDBOX_URL": running.url,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    shown = "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())
    wanted = pattern(PORT.sub("127.0.0.1:1", printed))
    assert re.fullmatch(wanted, PORT.sub("127.0.0.1:1", shown)), shown


def test_each_file_of_the_page_is_a_story() -> None:
    catalog = load_catalog()
    assert len(FILES) >= 2
    for index, text in enumerate(FILES):
        whole = text if "title" in text else f'title = "x"\n[endpoints.app]\n{text}'
        parse_scenario(whole, f"block-{index}", catalog)


def test_the_tables_name_each_kind_of_step_and_each_key_of_an_endpoint() -> None:
    rows = re.findall(r"^\| `(\w+)`.* \|$", STEPS, re.MULTILINE)
    assert rows == list(KINDS)
    for key in Target.__struct_encode_fields__:
        assert f"`{key}`" in PAGE


@pytest.mark.parametrize("kind", KINDS)
def test_the_row_of_a_kind_names_each_of_its_keys(kind: str) -> None:
    [row] = re.findall(rf"^\| `{kind}` \|.*\|$", STEPS, re.MULTILINE)
    for key in KINDS[kind].__struct_encode_fields__:
        assert re.search(rf"`{key}[ `]", row), key
