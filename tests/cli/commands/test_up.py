import json
import os
import pty
import select
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

import httpx
import pytest
from click.testing import Result

UP = [sys.executable, "-m", "pivotal_sandbox", "up"]
TRIGGER = [sys.executable, "-m", "pivotal_sandbox", "trigger", "customer.at_risk", "--wait"]
DEADLINE = 30


@contextmanager
def up(
    *arguments: str, cwd: Path, command: str | None = None, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """Run `up` until the end of the block."""
    with subprocess.Popen(
        [*([command, "up"] if command else UP), "--port", "0", *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        watchdog = Timer(DEADLINE, process.kill)
        watchdog.start()
        try:
            yield process
        finally:
            watchdog.cancel()
            process.kill()


def stopped(process: subprocess.Popen[str], number: int = signal.SIGINT) -> tuple[str, str]:
    """Stop it as Ctrl-C does; return the rest of what it said."""
    process.send_signal(number)
    said = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, said
    return said


def next_json(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def test_the_banner_says_where_it_is_and_what_to_do_next(tmp_path: Path) -> None:
    with up(cwd=tmp_path) as process:
        assert process.stdout is not None
        ping = process.stdout.readline()
        rest, banner = stopped(process)
    assert "webhook.ping" in ping
    assert "  200  " in ping
    assert "Signature valid, " in ping
    assert rest == ""
    [url] = {word for word in banner.split() if word.startswith("http") and "/in/" not in word}
    for line in (
        f"  Pivotal sandbox 0.1.0  {url}",
        f"  endpoint  {url}/in/demo  (test mode)",
        "  log       pivotal-sandbox.db",
        f"    export PIVOTAL_SANDBOX_URL={url}",
    ):
        assert line in banner.splitlines()
    assert "  secret    whsec_" in banner
    assert " -m pivotal_sandbox trigger customer.at_risk --wait\n" in banner
    assert banner.endswith("Stopped. The log is in pivotal-sandbox.db.\n")
    assert "\x1b" not in ping + banner
    assert (tmp_path / "pivotal-sandbox.db").is_file()


@pytest.mark.parametrize("installed", [True, False])
def test_the_commands_to_copy_are_as_this_one_was_called(tmp_path: Path, installed: bool) -> None:
    script = Path(sys.executable).with_name("pivotal-sandbox")
    path = f"{script.parent}:{os.environ['PATH']}" if installed else "/usr/bin:/bin"
    with up(cwd=tmp_path, command=str(script), PATH=path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        _, banner = stopped(process)
    called = "pivotal-sandbox" if installed else script
    assert f"    {called} deliveries list" in banner.splitlines()


def test_as_json_it_is_ready_first_and_then_a_line_per_attempt(tmp_path: Path) -> None:
    file = tmp_path / "ready.json"
    with up("--ephemeral", "--json", "--ready-file", str(file), cwd=tmp_path) as process:
        ready, ping = next_json(process), next_json(process)
        assert httpx.get(f"{ready['url']}/healthz").status_code == 200
        said = subprocess.run(
            TRIGGER,
            env={**os.environ, "PIVOTAL_SANDBOX_URL": ready["url"]},
            capture_output=True,
            text=True,
            timeout=DEADLINE,
        )
        attempt = next_json(process)
        _, err = stopped(process, signal.SIGTERM)
    assert ready.pop("type") == "ready"
    assert ready == json.loads(file.read_text())
    assert ready["pid"] == process.pid
    assert (ping["type"], ping["delivery"]["event_type"]) == ("attempt", "webhook.ping")
    assert said.returncode == 0, said.stderr
    assert "Signature valid" in said.stdout
    assert attempt["delivery"]["id"] in said.stdout
    assert (attempt["status_code"], attempt["number"]) == (200, 1)
    assert attempt["verdict"].startswith("Signature valid")
    assert err == "Stopped.\n"
    assert os.listdir(tmp_path) == ["ready.json"]


def test_a_terminal_gets_colour_unless_no_color_is_set(tmp_path: Path) -> None:
    def seen(**environment: str) -> bytes:
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [*UP, "--port", "0", "--ephemeral"],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, **environment},
        ) as process:
            os.close(theirs)
            watchdog = Timer(DEADLINE, process.kill)
            watchdog.start()
            text = b""
            while b"Signature valid" not in text:
                text += os.read(ours, 65536)  # fails once the process is gone
            watchdog.cancel()
            process.send_signal(signal.SIGINT)
            process.wait(DEADLINE)
        os.close(ours)
        return text

    assert b"\x1b[36m" in seen()
    assert b"\x1b" not in seen(NO_COLOR="1")


def test_events_go_to_the_url_given_by_to_and_what_fails_says_when_it_is_retried(
    tmp_path: Path,
) -> None:
    with up("--ephemeral", "--to", "http://127.0.0.1:1/hook", cwd=tmp_path) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        _, banner = stopped(process)
    assert "connection_refused" in line
    assert "retry in 3" in line
    assert "endpoint  http://127.0.0.1:1/hook  (test mode)" in banner


def test_a_port_that_is_taken_is_told_with_the_cure(tmp_path: Path) -> None:
    with up("--ephemeral", "--json", cwd=tmp_path) as process:
        port = next_json(process)["url"].rpartition(":")[2]
        said = subprocess.run(
            [*UP, "--ephemeral", "--port", port], capture_output=True, text=True, timeout=DEADLINE
        )
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith("Error: ")
    assert "--port" in said.stderr


@pytest.mark.parametrize("given", [(), ("--token", "it's-mine")])
def test_beyond_loopback_a_token_is_printed_and_asked_for(
    tmp_path: Path, given: tuple[str, ...]
) -> None:
    arguments = ("--ephemeral", "--host", "0.0.0.0", "--ready-file", "r.json", *given)
    with up(*arguments, cwd=tmp_path) as process:
        assert process.stdout is not None
        assert "Signature valid" in process.stdout.readline()  # its own bin is reached
        ready = json.loads((tmp_path / "r.json").read_text())
        url, token = ready["url"], ready["token"]
        refused = subprocess.run(
            [*UP[:-1], "clock", "show"],
            env={**os.environ, "PIVOTAL_SANDBOX_URL": url},
            capture_output=True,
            text=True,
            timeout=DEADLINE,
        )
        let_in = subprocess.run(
            [*UP[:-1], "clock", "show"],
            env={**os.environ, "PIVOTAL_SANDBOX_URL": url, "PIVOTAL_SANDBOX_TOKEN": token},
            capture_output=True,
            text=True,
            timeout=DEADLINE,
        )
        _, banner = stopped(process)
    assert url.startswith("http://127.0.0.1:")
    assert token == given[1] if given else len(token) >= 32
    assert refused.returncode == 2
    assert "PIVOTAL_SANDBOX_TOKEN" in refused.stderr
    assert let_in.returncode == 0, let_in.stderr
    assert f"  token     {token}" in banner.splitlines()
    [line] = [line for line in banner.splitlines() if "export PIVOTAL_SANDBOX_TOKEN=" in line]
    assert shlex.split(line) == ["export", f"PIVOTAL_SANDBOX_TOKEN={token}"]


def test_the_token_may_come_from_the_environment_and_is_then_asked_for_on_loopback_too(
    tmp_path: Path,
) -> None:
    with up("--ephemeral", "--json", cwd=tmp_path, PIVOTAL_SANDBOX_TOKEN="from-env") as process:
        ready = next_json(process)
        assert ready["token"] == "from-env"
        assert httpx.get(f"{ready['url']}/api/clock").status_code == 401
        assert httpx.get(f"{ready['url']}/healthz").status_code == 200
        stopped(process)


def test_every_option_may_come_from_the_environment_and_what_is_typed_goes_first(
    tmp_path: Path,
) -> None:
    environment = {
        "HOST": "127.0.0.2",
        "PORT": "1",
        "DB": "mine.db",
        "SEED": "7",
        "SPEED": "0",
        "CHAOS": "no-signature=100%",
        "KEEP": "1h",
        "TO": "http://127.0.0.1:1/hook",
        "ALLOW_HOST": "192.0.2.1 10.0.0.0/8",
        "READY_FILE": "ready.json",
    }
    named = {f"PIVOTAL_SANDBOX_{name}": value for name, value in environment.items()}
    with up("--json", cwd=tmp_path, **named) as process:
        url = next_json(process)["url"]
        assert json.loads((tmp_path / "ready.json").read_text())["url"] == url
        assert url.startswith("http://127.0.0.2:")
        assert not url.endswith(":1")
        [delivery] = httpx.get(f"{url}/api/deliveries").json()["items"]
        assert (delivery["url"], delivery["fault"]) == (environment["TO"], "no-signature")
        clock = httpx.post(f"{url}/api/clock", json={"advance": "25h"}).json()
        assert (clock["mode"], len(clock["attempts"])) == ("manual", 14)
        assert httpx.get(f"{url}/api/deliveries").json()["items"] == []
        stopped(process)
    assert (tmp_path / "mine.db").is_file()


@pytest.mark.parametrize(
    ("arguments", "environment", "files"),
    [
        (["--ephemeral"], {"PIVOTAL_SANDBOX_DB": "mine.db"}, set()),
        (["--db", "mine.db"], {"PIVOTAL_SANDBOX_EPHEMERAL": "1"}, {"mine.db", "mine.db-owner"}),
    ],
)
def test_where_the_log_is_kept_is_as_typed_whatever_the_environment_says(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], files: set[str]
) -> None:
    with up("--json", *arguments, cwd=tmp_path, **environment) as process:
        next_json(process)
        stopped(process)
    assert set(os.listdir(tmp_path)) == files


@pytest.mark.parametrize(
    ("arguments", "environment", "cure"),
    [
        ([], {}, "--host takes an address of this machine"),
        (["--host", "nobody.invalid"], {}, "--host takes an address of this machine"),
        (["--token", "two words"], {}, "printable ASCII without spaces"),
        (["--ephemeral", "--db", "x.db"], {}, "there is no --db to name"),
        ([], {"EPHEMERAL": "1", "DB": "x.db"}, "there is no --db to name"),
        (["--port", "65536"], {}, "--port"),
        ([], {"PORT": "x"}, "PIVOTAL_SANDBOX_PORT"),
        (["--keep", "90"], {}, '"90" is no duration'),
        (["--keep", "999ms"], {}, "for 1s at least"),
        ([], {"KEEP": "forever"}, '"forever" is no duration'),
        (["--chaos", "5xx"], {}, '"5xx" is not NAME=RATE'),
        ([], {"CHAOS": "duplicat=1%"}, 'Did you mean "duplicate"?'),
        (["--ready-file", "no/r.json"], {}, "no is no folder that can be written to"),
        (["--catalog", "no-such-file"], {}, "no-such-file"),
    ],
)
def test_wrong_usage_is_told_and_nothing_is_made(
    run: Callable[..., Result],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    environment: dict[str, str],
    cure: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    # Were it not refused, this would be: here, it must not serve until Ctrl-C.
    named = {"PIVOTAL_SANDBOX_HOST": "192.0.2.1"} | {
        f"PIVOTAL_SANDBOX_{name}": value for name, value in environment.items()
    }
    said = run("up", *arguments, env=named)
    assert (said.exit_code, said.stdout) == (2, "")
    assert cure in " ".join(said.stderr.split())
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (["--ephemeral", "--speed", "-1"], "0 (manual) to 1000000"),
        (["--ephemeral", "--to", "localhost:3000"], "http://"),
        (["--ephemeral", "--allow-host", "no/host"], "'no/host' is neither"),
        (["--db", "no-such-folder/x.db"], "no-such-folder"),
    ],
)
def test_what_is_found_wrong_while_it_starts_ends_it(
    tmp_path: Path, arguments: list[str], cure: str
) -> None:
    said = subprocess.run(
        [*UP, "--port", "0", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert (said.returncode, said.stdout) == (2, "")
    assert cure in said.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("token", [None, "se+cret"])
def test_open_shows_the_inspector_in_the_browser(tmp_path: Path, token: str | None) -> None:
    pipe, browser = tmp_path / "pipe", tmp_path / "browser"
    os.mkfifo(pipe)
    browser.write_text(f'#!/bin/sh\necho "$1" > {pipe}\n')
    browser.chmod(0o700)
    shown = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    flags = ["--ephemeral", "--json", "--open", *(("--token", token) if token else ())]
    with up(*flags, cwd=tmp_path, BROWSER=f"{browser} %s") as process:
        url = next_json(process)["url"]
        assert select.select([shown], [], [], DEADLINE)[0]
        link = os.read(shown, 1000).decode().strip()
        assert httpx.get(link, verify=False).status_code == 200
        stopped(process)
    os.close(shown)
    assert link == (f"{url}/?token=se%2Bcret" if token else url)


def test_without_a_browser_the_address_is_said(tmp_path: Path) -> None:
    none = {"BROWSER": "/nowhere/browser", "PATH": "/nowhere", "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    with up("--ephemeral", "--open", cwd=tmp_path, **none) as process:
        assert process.stderr is not None
        said = ""
        while "No browser could be opened" not in said:
            said = process.stderr.readline()
            assert said
        stopped(process)


def test_a_ready_file_of_an_earlier_run_is_gone_at_once(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    ready.write_text('{"url": "http://127.0.0.1:1"}')
    with up("--to", "nowhere", "--ready-file", str(ready), cwd=tmp_path) as process:
        process.communicate(timeout=DEADLINE)
    assert process.returncode == 2
    assert not ready.exists()


def test_the_banner_says_that_the_endpoint_is_disabled_and_how_to_enable_it(tmp_path: Path) -> None:
    with up("--json", cwd=tmp_path) as process:
        ready = next_json(process)
        endpoint_url = f"{ready['url']}/api/endpoints/{ready['endpoint_id']}"
        assert httpx.patch(endpoint_url, json={"enabled": False}, verify=False).status_code == 200
        stopped(process)
    with up(cwd=tmp_path) as process:
        assert process.stderr is not None
        banner = "".join(iter(process.stderr.readline, "  Ctrl-C stops it.\n"))
        stopped(process)
    assert "/in/demo  (test mode, disabled)\n" in banner
    assert f" endpoints update {ready['endpoint_id']} --enable\n" in banner
