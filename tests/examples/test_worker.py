"""A receiver that answers at once and leaves the work to a queue, as with Celery or RQ."""

import json
import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, request

from pivotal_sandbox import SignatureError, verify
from pivotal_sandbox.testing import Capture, Pivotal

SECRET = "whsec_of_this_example"
app = Flask(__name__)
jobs: queue.Queue[dict[str, Any] | None] = queue.Queue()


@app.post("/webhooks/pivotal")
def receive() -> tuple[str, int]:
    try:
        verify(request.get_data(), request.headers.get("pivotal-signature"), SECRET)
    except SignatureError:
        return "", 401
    jobs.put(request.get_json())
    return "", 202


def work(chat_url: str) -> None:
    """Tell the team's chat of each customer who leaves, in a process or thread of its own."""
    import urllib.request

    while event := jobs.get():
        if event["type"] == "customer.churned":
            message = json.dumps({"text": f"{event['data']['name']} has left"}).encode()
            urllib.request.urlopen(chat_url, message).close()


@pytest.fixture
def chat(pivotal: Pivotal) -> Iterator[Capture]:
    chat = pivotal.capture()  # stands for the chat's own server
    worker = threading.Thread(target=work, args=[chat.url])
    worker.start()
    yield chat
    jobs.put(None)
    worker.join()


def test_the_team_is_told_when_a_customer_leaves(pivotal: Pivotal, chat: Capture) -> None:
    pivotal.endpoint(app, secret=SECRET)
    assert pivotal.trigger("customer.churned", {"name": "Ærø Rederi"}).ok
    [message] = chat.wait()
    assert message.json() == {"text": "Ærø Rederi has left"}
