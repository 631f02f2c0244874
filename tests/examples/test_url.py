"""A receiver that already runs somewhere, in whatever language: all that is needed is its URL."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pivotal_sandbox import SignatureError, verify
from pivotal_sandbox.testing import Pivotal

SECRET = "whsec_of_this_example"


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            verify(body, self.headers.get("pivotal-signature"), SECRET)
            self.send_response(204)
        except SignatureError:
            self.send_response(401)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/hooks"
        server.shutdown()


def test_a_genuine_event_is_accepted_and_a_tampered_one_is_not(pivotal: Pivotal, url: str) -> None:
    pivotal.endpoint(url, secret=SECRET)
    assert pivotal.trigger("contact.created").ok
    assert pivotal.trigger("contact.created", fault="tampered-body").status == "failed"
