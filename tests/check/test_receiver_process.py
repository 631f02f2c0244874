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


async def test_receiver_gets_port_and_secret_and_is_ended_with_its_children(
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


async def test_restart_kills_the_receiver_and_starts_it_again(tmp_path: Path, url: str) -> None:
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


async def test_restart_rejects_a_receiver_that_left_its_process_group(
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


async def test_receiver_may_clean_up_on_sigterm(tmp_path: Path, url: str) -> None:
    (tmp_path / "server.py").write_text(SERVER)
    command = f"cd {tmp_path}; trap 'touch cleaned; exit' TERM; {sys.executable} server.py & wait"
    async with start_receiver(command, url, "s"):
        assert not (tmp_path / "cleaned").exists()
    assert (tmp_path / "cleaned").exists()


async def test_receiver_that_ignores_sigterm_is_killed(tmp_path: Path, url: str) -> None:
    (tmp_path / "server.py").write_text(SERVER)
    command = f"cd {tmp_path}; trap '' TERM; {sys.executable} server.py"
    async with start_receiver(command, url, "s", end_ms=END_MS) as receiver:
        pass
    assert receiver.exit_code is not None


async def test_error_shows_the_output_of_a_receiver_that_exits(url: str) -> None:
    with pytest.raises(UnreachableError, match=r"(?s)exit code 3 before .*no such module"):
        async with start_receiver("echo no such module; exit 3", url, "s"):
            raise AssertionError


async def test_receiver_that_does_not_answer_in_time_is_ended(url: str) -> None:
    with pytest.raises(UnreachableError, match=r"(?s)did not answer .* in 0.2 s.*\(nothing\)"):
        async with start_receiver("sleep 60", url, "s", start_ms=200, end_ms=END_MS):
            raise AssertionError


async def test_port_that_is_already_in_use_is_rejected() -> None:
    async def handler(request: Request) -> Answer:
        return Answer(404)

    async with serving(handler) as url:
        with pytest.raises(InputError, match="answers already"):
            async with start_receiver("sleep 60", url, "s"):
                raise AssertionError


async def test_https_url_is_rejected_with_start() -> None:
    with pytest.raises(InputError, match="http://"):
        async with start_receiver("sleep 60", "https://127.0.0.1:1/", "s"):
            raise AssertionError


async def test_error_shows_the_end_of_long_output(url: str) -> None:
    command = f"{sys.executable} -c \"print('x' * 9000 + 'the end')\"; exit 1"
    with pytest.raises(UnreachableError, match=r"printed:\n…x+the end$"):
        async with start_receiver(command, url, "s"):
            raise AssertionError
