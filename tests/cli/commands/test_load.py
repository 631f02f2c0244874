import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from tests.load.receiver import receiving

Run = Callable[..., Result]
SHORT = ("--secret", "whsec_1", "--duration", "300ms", "--rate", "50/s")


def test_a_receiver_that_takes_all_is_exit_code_0(run: Run) -> None:
    with receiving(204) as url:
        said = run("load", url, *SHORT)
    assert (said.exit_code, said.stderr) == (0, "")
    lines = said.stdout.splitlines()
    assert lines[0] == f"{url}  50/s wanted, 32 connections"
    assert lines[1] == "15 requests in 0.3 s: 50.0/s"
    assert lines[-1] == "  204                       15  100.0%  delivered"


def test_one_that_does_not_take_all_is_exit_code_1_and_the_fates_are_told(run: Run) -> None:
    with receiving(200, 503, 400) as url:
        said = run("load", url, *SHORT, "--json")
    assert said.exit_code == 1
    told = json.loads(said.stdout)
    assert told["fates"] == {"delivered": 5, "retried": 5, "lost": 5}


def test_a_target_that_nobody_listens_on_is_exit_code_3(run: Run) -> None:
    with receiving(204) as url:
        pass
    said = run("load", url, *SHORT)
    assert (said.exit_code, said.stdout) == (3, "")
    assert "connection refused" in said.stderr


def test_beyond_loopback_it_needs_permission(run: Run) -> None:
    said = run("load", "http://192.0.2.1/hook", *SHORT)
    assert said.exit_code == 3
    assert "--allow-host 192.0.2.1 allows it" in said.stderr


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("--rate", "-5/s"), '"-5/s" is no rate'),
        (("--rate", "0/s"), '"0/s" is no rate'),
        (("--duration", "soon"), '"soon" is no duration'),
        (("--duration", "0s"), "Nothing would be sent"),
        (("--connections", "0"), "0 is not in the range"),
        (("--html", "no/such/folder/page.html"), "no folder that can be written to"),
        (("--catalog", "none.json"), "does not exist"),
    ],
)
def test_what_cannot_be_is_wrong_usage(run: Run, given: tuple[str, ...], says: str) -> None:
    said = run("load", "http://127.0.0.1:1/hook", "--secret", "whsec_1", *given)
    assert (said.exit_code, said.stdout) == (2, "")
    assert says in " ".join(said.stderr.split())


def test_a_url_that_is_none_is_wrong_usage(run: Run) -> None:
    said = run("load", "handler.py", *SHORT)
    assert said.exit_code == 2
    assert "handler.py" in said.stderr


def test_without_a_secret_a_new_one_is_shown(run: Run) -> None:
    with receiving(204) as url:
        said = run("load", url, *SHORT[2:])
    assert said.exit_code == 0
    assert "Signed with a new secret, whsec_" in said.stderr


def test_the_page_is_written_beside_the_report(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "load.html"
    with receiving(204) as url:
        said = run("load", url, *SHORT, "--html", str(page))
    assert said.exit_code == 0
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert str(page) in said.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT for one process")
def test_ctrl_c_ends_it_with_the_report_so_far() -> None:
    command = [sys.executable, "-m", "pivotal_sandbox", "load", "--json", "--secret", "whsec_1"]
    with receiving(204) as url:
        process = subprocess.Popen(
            [
                *command,
                url,
                "--secret",
                "whsec_1",
                "--duration",
                "60s",
                "--rate",
                "100/s",
                "--json",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(3)
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, b"")
    told = json.loads(out)
    assert told["stopped"]
    assert 0 < told["duration_ms"] < 30_000


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal")
def test_at_a_terminal_a_bar_shows_how_far_it_is() -> None:
    import pty

    ours, theirs = pty.openpty()
    with receiving(204, 500) as url:
        done = subprocess.run(
            [sys.executable, "-m", "pivotal_sandbox", "load", url, *SHORT],
            stdout=subprocess.PIPE,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm"},
            timeout=60,
            check=False,
        )
    os.close(theirs)
    shown = os.read(ours, 65_536).decode("utf-8", "replace")
    os.close(ours)
    assert done.returncode == 1
    assert "not delivered" in shown
    assert b"\x1b" not in done.stdout
