"""The sessions of docs/load-and-watch.md print what it shows."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.commands.test_watch import Handler, lines, watching
from tests.load.receiver import answering, receiving

from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.server import Running

PAGE = (Path(__file__).parents[1] / "docs" / "load-and-watch.md").read_text("utf-8")
BLOCKS = re.findall(r"```shell-session\n(.*?)```", PAGE, re.DOTALL)
# What a reader types after "$ ", and what is printed then.
SESSIONS = [
    (typed, printed)
    for block in BLOCKS
    for typed, printed in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
]
[WATCHED] = [printed for typed, printed in SESSIONS if "watch" in typed]
RUN = [session for session in SESSIONS if session[1] != WATCHED]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder, and the address of a receiver that takes all."""
    with receiving(204) as url:
        yield tmp_path_factory.mktemp("reader"), url.split("/")[2]


@pytest.mark.parametrize(("typed", "printed"), RUN)
def test_each_session_prints_what_it_shows(
    typed: str, printed: str, place: tuple[Path, str]
) -> None:
    folder, address = place
    done = subprocess.run(
        ["sh", "-c", typed.replace("127.0.0.1:8000", address)],
        cwd=folder,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert re.fullmatch(pattern(printed), done.stdout.replace(address, "127.0.0.1:8000"))


async def test_the_watch_prints_what_the_page_shows(running: Running, tmp_path: Path) -> None:
    handler = Handler(tmp_path / "handler.py")
    sandbox: Sandbox = running.sandbox
    async with answering(handler) as url:
        endpoint = await sandbox.add_endpoint(url)
        await sandbox.dispatcher.settle()
        async with watching(running, str(handler.file), "--endpoint", endpoint.id) as process:
            handler.save("500", "Internal Server Error")
            shown = await lines(process, "passed")
            handler.save("204")
            shown += await lines(process, "passed")
    wanted = "".join(WATCHED.splitlines(keepends=True)[1:])  # the first is on stderr
    assert re.fullmatch(pattern(wanted), "\n".join([*shown, ""])), shown


def pattern(printed: str) -> str:
    """Return what matches it; "..." stands for any lines, or for the rest of one."""
    parts = []
    for line in printed.splitlines():
        if line == "...":
            parts.append("(?:.*\n)*?")
        elif line.endswith("  ..."):
            parts.append(re.escape(line.removesuffix("...")) + ".*\n")
        else:
            parts.append(re.escape(line) + "\n")
    return "".join(parts)
