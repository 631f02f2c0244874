"""`check`, as it is typed."""

import asyncio
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import Result
from tests.check.broken import BadSignature500, DiesOnLength, NoVerify
from tests.check.correct import PREVIOUS, REVOKED, Rotating
from tests.check.receiver import SECRET, Receiver
from tests.check.server import Answer, Request, serving

Run = Callable[..., Result]

STARTED = """
import http.server, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def do_POST(self):
        print("got a POST", flush=True)
        self.send_response(500)
        self.end_headers()
    def log_message(self, *arguments):
        pass

print("listening", flush=True)
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


@contextmanager
def beside(receiver: Receiver) -> Iterator[str]:
    """Serve a receiver, and its counts, in a thread of its own; yield the URL."""
    ready, stop = threading.Event(), asyncio.Event()
    found: list[str] = []
    loops: list[asyncio.AbstractEventLoop] = []

    async def handler(request: Request) -> Answer:
        if "/count/" in request.path:
            return Answer(200, str(receiver.probe(request.path.rpartition("/")[2])).encode())
        return await receiver(request)

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        async with serving(handler) as url:
            found.append(url)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield found[0]
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join(10)
        receiver.close()


def test_a_good_receiver_is_graded_and_ends_with_0(run: Run) -> None:
    with beside(Receiver()) as url:
        result = run("check", url, "--secret", SECRET, "--probe-url", f"{url}/count/{{id}}")
    assert result.exit_code == 0, result.output
    assert "Grade A" in result.stdout


def test_the_secret_may_be_in_the_environment(run: Run) -> None:
    with beside(Receiver()) as url:
        result = run("check", url, "--only", "sig-missing", env={"PIVOTAL_WEBHOOK_SECRET": SECRET})
    assert result.exit_code == 0
    assert "Grade B" in result.stdout


def test_a_forgeable_one_ends_with_1(run: Run) -> None:
    with beside(NoVerify()) as url:
        result = run("check", url, "--secret", SECRET, "--only", "sig-wrong-secret")
    assert result.exit_code == 1
    assert "Grade F" in result.stdout
    assert "sig-wrong-secret" in result.stdout


def test_lesser_findings_end_with_0(run: Run) -> None:
    with beside(BadSignature500()) as url:
        result = run("check", url, "--secret", SECRET, "--only", "sig-missing")
    assert result.exit_code == 0
    assert "Grade B" in result.stdout


@pytest.mark.parametrize("option", [["--format", "json"], ["--json"]])
def test_json_is_on_stdout_alone(run: Run, option: list[str]) -> None:
    with beside(Receiver()) as url:
        result = run(
            "check", url, "--secret", SECRET, "--seed", "5", "--only", "ping-accepted", *option
        )
    report = json.loads(result.stdout)
    assert report["seed"] == 5
    assert [result["id"] for result in report["results"]] == ["ping-accepted", "valid-accepted"]


def test_a_report_can_go_to_a_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    with beside(Receiver()) as url:
        result = run(
            "check", url, "--secret", SECRET, "--only", "ping-accepted",
            "--format", "html", "--output", str(file),
        )  # fmt: skip
    assert result.stdout == ""
    assert "Grade B" in result.stderr
    assert "<html" in file.read_text("utf-8")


def test_options_reach_the_battery(run: Run) -> None:
    with beside(Rotating()) as url:
        result = run(
            "check", url, "--secret", SECRET, "--only", "secret-rotation", "--only",
            "secret-revoked", "--previous-secret", PREVIOUS, "--revoked-secret", REVOKED,
            "--pace", "200", "--timeout", "5s", "--max-skew", "1m", "--json",
        )  # fmt: skip
    outcomes = {result["id"]: result["outcome"] for result in json.loads(result.stdout)["results"]}
    assert outcomes["secret-rotation"] == outcomes["secret-revoked"] == "passed"


def test_a_file_and_a_command_can_be_probes(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"

    class Writing(Receiver):
        async def work(self, request: Request, event: dict[str, object]) -> None:
            with file.open("a") as out:
                out.write(json.dumps({"id": event["id"]}) + "\n")

    for probe in (
        ["--probe-file", str(file)],
        ["--probe-cmd", f"grep -c {{id}} '{file}' || true"],
    ):
        file.write_text("")
        with beside(Writing()) as url:
            result = run("check", url, "--secret", SECRET, "--only", "same-data-new-id", *probe)
        assert "Grade A" in result.stdout, result.output


def test_the_checks_can_be_listed(run: Run) -> None:
    result = run("check", "--list")
    assert result.exit_code == 0
    assert "dup-t-confusion" in result.stdout
    listed = json.loads(run("check", "--list", "--only", "raw-body", "--json").stdout)
    assert {"body-64k", "body-numbers"} <= {row["id"] for row in listed}
    assert "sig-missing" not in {row["id"] for row in listed}


def test_the_requests_of_a_check_can_be_had_as_commands(run: Run) -> None:
    result = run("check", "http://127.0.0.1:1/x", "--secret", SECRET, "--replay", "sig-empty")
    assert result.exit_code == 0, result.output
    assert result.stdout.count("curl ") == 4
    assert "# control: genuine" in result.stdout


def test_the_requests_of_a_check_can_be_had_as_files(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "requests"
    result = run(
        "check", "http://127.0.0.1:1/x", "--secret", SECRET, "--replay", "dup-t-confusion",
        "--output", str(folder), "--seed", "1",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == ["01.http", "02.http", "03.http"]
    assert files[1].read_bytes().startswith(b"POST /x HTTP/1.1\r\nhost: 127.0.0.1:1\r\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'URL'"),
        (["http://127.0.0.1:1/"], "Which secret"),
        (["http://127.0.0.1:1/", "--secret", "s", "--only", "nonsense"], "There is no check"),
        (
            ["http://127.0.0.1:1/", "--secret", "s", "--probe-cmd", "{id}", "--probe-file", "x"],
            "One probe is enough",
        ),
        (["http://127.0.0.1:1/", "--secret", "s", "--probe-cmd", "count"], "has no {id}"),
        (["http://127.0.0.1:1/", "--secret", "s", "--timeout", "soon"], "is no duration"),
        (["http://192.0.2.1/", "--secret", "s"], "--allow-host"),
        (["http://127.0.0.1:1/", "--secret", "s", "--replay", "leak-secret"], "has no own"),
    ],
)
def test_wrong_usage_ends_with_2(run: Run, arguments: list[str], message: str) -> None:
    result = run("check", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_nobody_there_ends_with_3(run: Run) -> None:
    result = run("check", "http://127.0.0.1:1/", "--secret", SECRET)
    assert result.exit_code == 3
    assert "Nobody listens" in result.stderr


def test_a_receiver_is_started_and_shown_where_it_fails(run: Run, tmp_path: Path) -> None:
    script = tmp_path / "receiver.py"
    script.write_text(STARTED)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/hooks"
    result = run(
        "check", url, "--start", f"exec {sys.executable} '{script}'", "--only", "authenticity"
    )
    assert result.exit_code == 1
    assert "Grade D" in result.stdout
    assert "listening\ngot a POST" in result.stderr
    assert result.stderr.count("got a POST") < 20  # of the first check, not of all that follow


def test_one_that_cannot_be_started_ends_with_3(run: Run) -> None:
    result = run("check", "http://127.0.0.1:1/", "--start", "echo no python here; exit 1")
    assert result.exit_code == 3
    assert "no python here" in result.stderr


def test_one_that_dies_is_reported(run: Run) -> None:
    with beside(DiesOnLength()) as url:
        result = run(
            "check", url, "--secret", SECRET, "--only", "sig-malformed", "--only", "still-alive"
        )
    assert result.exit_code == 1
    assert "died of it" in " ".join(result.stdout.split())
