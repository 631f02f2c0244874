import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from click.testing import Result

Run = Callable[..., Result]
SECRET = "whsec_of_a_test"


@dataclass
class Receiver:
    """A handler of a customer's: what it answers, and what it was sent."""

    url: str = ""
    status: int = 200
    body: bytes = b""
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    own = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            own.requests.append((dict(self.headers.items()), self.rfile.read(length)))
            if own.status:
                self.send_response(own.status)
                self.send_header("content-length", str(len(own.body)))
                self.end_headers()
                self.wfile.write(own.body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        own.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield own
        server.shutdown()
        thread.join()


def test_one_signed_event_is_sent_and_nothing_else(run: Run, receiver: Receiver) -> None:
    said = run("trigger", "customer.at_risk", "--to", receiver.url, "--secret", SECRET)
    assert (said.exit_code, said.stderr) == (0, "")
    [(headers, body)] = receiver.requests
    event = json.loads(body)
    assert event["type"] == headers["pivotal-event"] == "customer.at_risk"
    version, t, sig = headers["pivotal-signature"].split(",")
    message = t.removeprefix("t=").encode() + b"." + body
    expected = base64.b64encode(hmac.digest(SECRET.encode(), message, hashlib.sha256)).decode()
    assert (version, sig) == ("v1", f"sig={expected}")
    first, second = said.stdout.splitlines()
    assert first == f"customer.at_risk  {event['id']}"
    assert second.startswith("  200 in ")
    assert second.endswith("  delivered")


@pytest.mark.parametrize(
    ("status", "fate", "exit_code"),
    [
        (204, "delivered", 0),
        (503, "Pivotal would retry for 24 h", 1),
        (404, "LOST: Pivotal does not retry this", 1),
        (302, "LOST: Pivotal does not retry this", 1),
        (0, "Pivotal would retry for 24 h", 1),
    ],
)
def test_the_answers_fate_at_pivotal_is_told(
    run: Run, receiver: Receiver, status: int, fate: str, exit_code: int
) -> None:
    receiver.status = status
    said = run("trigger", "webhook.ping", "--to", receiver.url, "--secret", SECRET)
    assert said.exit_code == exit_code
    assert said.stdout.splitlines()[1].endswith(f"  {fate}")
    assert len(receiver.requests) == 1


def test_the_head_of_the_answer_is_shown_as_text(run: Run, receiver: Receiver) -> None:
    receiver.status, receiver.body = 500, b"Traceback:\n\x1b[2J\xff" + b"x" * 1000
    lines = run("trigger", "task.completed", "--to", receiver.url, "--secret", SECRET).stdout
    assert "  Traceback:\n  \\x1b[2J\ufffdxxx" in lines
    assert lines.endswith("x…\n")
    assert len(lines) < 700


def test_as_json_it_is_the_event_the_attempt_and_the_fate(run: Run, receiver: Receiver) -> None:
    receiver.status = 410
    said = run(
        *("trigger", "customer.churned", "--to", receiver.url, "--secret", SECRET, "--json"),
        *("--mode", "live", "--set", "name=Zoë"),
    )
    assert said.exit_code == 1
    answer = json.loads(said.stdout)
    [(headers, body)] = receiver.requests
    assert answer["event"]["body"] == json.loads(body)
    assert (answer["event"]["mode"], answer["event"]["body"]["data"]["name"]) == ("live", "Zoë")
    assert answer["delivery_id"] == headers["pivotal-delivery-id"]
    assert (answer["fate"], answer["attempt"]["status_code"]) == ("lost", 410)


def test_without_a_secret_one_is_made_and_shown(run: Run, receiver: Receiver) -> None:
    said = run("trigger", "customer.at_risk", "--to", receiver.url, "--count", "2")
    assert said.exit_code == 0
    assert said.stderr.startswith("Signed with a new secret, whsec_")
    assert said.stderr.count("whsec_") == 1
    secret = said.stderr.split()[5].rstrip(";")
    for headers, body in receiver.requests:
        checked = run(
            *("verify", "--secret", secret, "--header", headers["pivotal-signature"]), input=body
        )
        assert checked.exit_code == 0
    assert len(receiver.requests) == 2


def test_the_secret_may_come_from_the_environment(run: Run, receiver: Receiver) -> None:
    env = {"PIVOTAL_WEBHOOK_SECRET": SECRET}
    assert run("trigger", "task.overdue", "--to", receiver.url, env=env).stderr == ""


def test_where_nobody_listens_the_exit_code_is_3(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    said = run("trigger", "customer.at_risk", "--to", url, "--secret", SECRET)
    assert said.exit_code == 3
    assert "  connection_refused in " in said.stdout
    assert said.stderr.startswith("Error: ")


def test_beyond_loopback_nothing_is_sent_unless_allowed(run: Run) -> None:
    said = run("trigger", "customer.at_risk", "--to", "http://192.0.2.1/", "--secret", SECRET)
    assert said.exit_code == 3
    assert "--allow-host 192.0.2.1" in said.stderr
    wrong = run(
        *("trigger", "customer.at_risk", "--to", "http://192.0.2.1/", "--secret", SECRET),
        *("--allow-host", "http://192.0.2.1"),
    )
    assert wrong.exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (["customer.at_rsk"], 'Did you mean "customer.at_risk"?'),
        (["customer.at_risk", "--set", "nme=x"], "name"),
        (["customer.at_risk", "--secret", ""], "secret"),
    ],
)
def test_bad_input_is_told_before_anything_is_sent(
    run: Run, receiver: Receiver, arguments: list[str], cure: str
) -> None:
    said = run("trigger", "--to", receiver.url, *arguments)
    assert said.exit_code == 2
    assert cure in said.stderr
    assert receiver.requests == []


def test_a_url_that_is_none_is_told(run: Run) -> None:
    said = run("trigger", "customer.at_risk", "--to", "localhost:3000", "--secret", SECRET)
    assert said.exit_code == 2
    assert "http://" in said.stderr


def test_a_fault_spoils_what_is_sent_and_the_answer_shows_it(run: Run, receiver: Receiver) -> None:
    receiver.status = 401
    said = run(
        *("trigger", "customer.at_risk", "--to", receiver.url, "--secret", SECRET),
        *("--fault", "tampered-body", "--json"),
    )
    assert said.exit_code == 1
    answer = json.loads(said.stdout)
    [(_, body)] = receiver.requests
    assert (answer["fault"], answer["fate"]) == ("tampered-body", "lost")
    assert answer["attempt"]["request"]["body"].encode() == body
    assert answer["event"]["body"] != json.loads(body)


@pytest.mark.parametrize(
    ("fault", "count"),
    [("duplicate", 2), ("concurrent-duplicate", 2), ("out-of-order", 2), ("burst", 20)],
)
def test_a_fault_of_traffic_is_sent_as_often_as_it_takes(
    run: Run, receiver: Receiver, fault: str, count: int
) -> None:
    for type in ("customer.at_risk", "webhook.ping"):
        receiver.requests.clear()
        said = run("trigger", type, "--to", receiver.url, "--secret", SECRET, "--fault", fault)
        assert said.exit_code == 0
        assert said.stdout.count("  delivered\n") == len(receiver.requests) == count
        times = [json.loads(body)["created_at"] for _, body in receiver.requests]
        assert (times[0] > times[1]) is (fault == "out-of-order")
        ids = {headers["pivotal-delivery-id"] for headers, _ in receiver.requests}
        assert len(ids) == (1 if "duplicate" in fault else count)


def test_what_is_not_accepted_has_no_duplicate(run: Run, receiver: Receiver) -> None:
    receiver.status = 500
    said = run("trigger", "task.created", "--to", receiver.url, "--fault", "duplicate")
    assert (said.exit_code, len(receiver.requests)) == (1, 1)


def test_who_cannot_be_reached_with_a_fault_is_code_3(run: Run) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{sock.getsockname()[1]}/"
    said = run("trigger", "task.created", "--to", url, "--fault", "slow-body")
    assert said.exit_code == 3
    assert "connection refused" in said.stderr


def test_why_there_was_no_answer_is_told(run: Run, receiver: Receiver) -> None:
    receiver.status = 0  # it takes the request, and hangs up
    said = run("trigger", "customer.at_risk", "--to", receiver.url, "--secret", SECRET)
    assert said.exit_code == 1
    why = said.stdout.splitlines()[2]
    assert "127.0.0.1" in why
    https = receiver.url.replace("http://", "https://")
    said = run("trigger", "customer.at_risk", "--to", https, "--secret", SECRET)
    assert said.exit_code == 1
    assert said.stdout.splitlines()[1].startswith("  tls in ")
    assert said.stdout.splitlines()[2].startswith("  ")
