"""Receivers that are started for the check."""

import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from tests.check.server import Answer, Request, serving

from pivotal_sandbox.check.receiver_process import start_receiver
from pivotal_sandbox.errors import InputError, UnreachableError

END_MS = 300

SERVER = """
import http.server, os, sys
print("up, with", os.environ["PIVOTAL_WEBHOOK_SECRET"], os.environ.get("PIVOTAL_PROBE_FILE"))
sys.stdout.flush()
address = ("127.0.0.1", int(os.environ["PORT"]))
http.server.HTTPServer(address, http.server.SimpleHTTPRequestHandler).serve_forever()
"""


@pytest.fixture
def url() -> str:
    """A URL on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/hooks"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


async def test_it_is_told_its_port_and_secret_and_ended_with_its_children(
    tmp_path: Path, url: str
) -> None:
    (tmp_path / "server.py").write_text(SERVER)
    pids = tmp_path / "pids"
    command = (
        f"cd {tmp_path}; sleep 60 & echo $! > {pids}; "
        f"{sys.executable} server.py & echo $! >> {pids}; wait"
    )
    async with start_receiver(
        command, url, "s3cret", probe_file=tmp_path / "probe", end_ms=END_MS
    ) as receiver:
        assert f"up, with s3cret {tmp_path / 'probe'}" in receiver.output()
        assert receiver.exit_code is None
        children = [int(line) for line in pids.read_text().split()]
        assert all(map(alive, children))
    assert len(children) == 2
    assert not any(map(alive, children))


async def test_it_is_killed_without_a_word_and_started_again(tmp_path: Path, url: str) -> None:
    (tmp_path / "server.py").write_text(SERVER)
    pids = tmp_path / "pids"
    command = f"cd {tmp_path}; echo $$ >> {pids}; trap '' TERM; exec {sys.executable} server.py"
    async with start_receiver(command, url, "s3cret", end_ms=END_MS) as receiver:
        await receiver.restart()
        first, second = map(int, pids.read_text().split())
        assert receiver.output().count("up, with s3cret") == 2
        assert not alive(first)
        assert alive(second)
    assert not alive(second)


async def test_what_left_its_process_group_is_not_taken_for_killed(
    tmp_path: Path, url: str
) -> None:
    (tmp_path / "server.py").write_text(SERVER)
    pid = tmp_path / "pid"
    daemon = f"setsid sh -c 'echo $$ > {pid}; exec {sys.executable} server.py' & wait"
    async with start_receiver(f"cd {tmp_path}; {daemon}", url, "s3cret") as receiver:
        try:
            with pytest.raises(InputError, match="a daemon or a container, and cannot be killed"):
                await receiver.restart()
        finally:
            os.kill(int(pid.read_text()), signal.SIGKILL)


async def test_who_ignores_the_order_to_end_is_killed(tmp_path: Path, url: str) -> None:
    (tmp_path / "server.py").write_text(SERVER)
    command = f"cd {tmp_path}; trap '' TERM; {sys.executable} server.py"
    async with start_receiver(command, url, "s", end_ms=END_MS) as receiver:
        pass
    assert receiver.exit_code is not None


async def test_one_that_ends_at_once_is_shown_with_what_it_printed(url: str) -> None:
    with pytest.raises(UnreachableError, match=r"(?s)exit code 3 before .*no such module"):
        async with start_receiver("echo no such module; exit 3", url, "s"):
            raise AssertionError


async def test_one_that_does_not_answer_in_time_is_ended(url: str) -> None:
    with pytest.raises(UnreachableError, match=r"(?s)did not answer .* in 0.2 s.*\(nothing\)"):
        async with start_receiver("sleep 60", url, "s", start_ms=200, end_ms=END_MS):
            raise AssertionError


async def test_a_port_that_is_taken_is_not_graded_by_mistake() -> None:
    async def handler(request: Request) -> Answer:
        return Answer(404)

    async with serving(handler) as url:
        with pytest.raises(InputError, match="answers already"):
            async with start_receiver("sleep 60", url, "s"):
                raise AssertionError


async def test_only_plain_http_is_started() -> None:
    with pytest.raises(InputError, match="http://"):
        async with start_receiver("sleep 60", "https://127.0.0.1:1/", "s"):
            raise AssertionError


async def test_of_much_output_the_end_is_shown(url: str) -> None:
    command = f"{sys.executable} -c \"print('x' * 9000 + 'the end')\"; exit 1"
    with pytest.raises(UnreachableError, match=r"printed:\n…x+the end$"):
        async with start_receiver(command, url, "s"):
            raise AssertionError
