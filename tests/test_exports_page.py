"""The sessions of docs/exports.md print what it shows."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pivotal_sandbox.exports.formats import FORMS
from pivotal_sandbox.web.server import Running

PAGE = (Path(__file__).parents[1] / "docs" / "exports.md").read_text("utf-8")
# What a reader types after "$ ", and what is printed then, one after the other.
SESSIONS = [
    (typed, printed)
    for block in re.findall(r"```shell-session\n(.*?)```", PAGE, re.DOTALL)
    for typed, printed in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
]


@pytest.mark.needs("curl")
async def test_the_sessions_print_what_they_show(running: Running, tmp_path: Path) -> None:
    await running.sandbox.trigger("customer.at_risk")
    await running.sandbox.dispatcher.settle()
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:asyncio -p no:cacheprovider")
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    for typed, printed in SESSIONS:
        done = await asyncio.to_thread(
            subprocess.run,
            ["sh", "-c", typed.replace("whsec_dev", running.endpoint.secret)],
            cwd=tmp_path,
            env={**os.environ, "PATH": path, "PIVOTAL_SANDBOX_URL": running.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
            check=False,
        )
        said = re.sub(r" +$", "", done.stdout.decode(), flags=re.MULTILINE)
        assert re.fullmatch(pattern(printed), said), f"{typed}\n{said}"


def pattern(printed: str) -> str:
    """Return what matches it; "..." stands for any lines, or for the middle of one."""
    parts = []
    for line in printed.splitlines():
        if line == "...":
            parts.append("(?:.*\n)*?")
        else:
            parts.append(".*".join(map(re.escape, line.split("..."))) + "\n")
    return "".join(parts)


def test_each_form_is_in_the_table() -> None:
    named = re.findall(r"^\| `([a-z]+)` \|", PAGE, re.MULTILINE)
    assert sorted(named) == sorted([*(form.name for form in FORMS), "jsonl"])
