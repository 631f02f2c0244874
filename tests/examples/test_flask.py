"""A Flask receiver whose work is in SQLite: the test sees the very connection that it uses."""

import sqlite3
from collections.abc import Iterator

import pytest
from flask import Flask, request

from pivotal_sandbox import SignatureError, verify
from pivotal_sandbox.testing import Pivotal

SECRET = "whsec_of_this_example"


def create_app(database: sqlite3.Connection) -> Flask:
    app = Flask(__name__)
    database.execute("CREATE TABLE done (event_id PRIMARY KEY, task)")

    @app.post("/webhooks/pivotal")
    def receive() -> tuple[str, int]:
        try:
            verify(request.get_data(), request.headers.get("pivotal-signature"), SECRET)
        except SignatureError:
            return "", 401
        event = request.get_json()
        if event["type"] == "task.completed":
            row = (event["id"], event["data"]["title"])
            database.execute("INSERT OR IGNORE INTO done VALUES (?, ?)", row)
        return "", 204

    return app


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    yield connection
    connection.close()


def test_a_replayed_task_is_done_once(pivotal: Pivotal, database: sqlite3.Connection) -> None:
    pivotal.endpoint(create_app(database), secret=SECRET, events="task.completed")
    delivery = pivotal.trigger("task.completed", {"title": "Import the contacts"})
    assert pivotal.replay(delivery).ok
    assert database.execute("SELECT task FROM done").fetchall() == [("Import the contacts",)]
