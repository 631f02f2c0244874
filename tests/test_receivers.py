"""Receivers that are not ours, in their own frameworks and with verification code of their own."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SECRET = "whsec_5cRtzVhOQb4GpC1yNqk8TzW3sVbJ7mXfD2uLeA9rKwH"
DEADLINE = 60  # seconds
FLASK = [sys.executable, "-m", "flask", "--app", "tests/flask/receiver", "run", "--port", "0"]
EXPRESS = ["node", "tests/express/receiver.mjs"]


def missing(stack: str) -> str | None:
    """Return why a stack cannot run here, or None."""
    if stack == "express":
        if not shutil.which("node"):
            return "node is not installed"
        if not (TESTS / "express" / "node_modules" / "express").is_dir():
            return "express is not installed: make test installs it where npm is"
    return None


@pytest.fixture(params=["flask", "express"], scope="module")
def receiver(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a receiver that runs in a process of its own."""
    stack: str = request.param
    if reason := missing(stack):
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    process = subprocess.Popen(
        FLASK if stack == "flask" else EXPRESS,
        cwd=TESTS.parent,
        env=os.environ | {"PIVOTAL_WEBHOOK_SECRET": SECRET},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"(http://127\.0\.0\.1:\d+)", line):
                yield f"{found[1]}/webhooks/pivotal"
                break
        else:
            pytest.fail("".join(said))
    finally:
        process.terminate()
        process.communicate(timeout=DEADLINE)


def trigger(type: str, url: str, secret: str) -> "subprocess.CompletedProcess[str]":
    command = ["trigger", type, "--to", url, "--secret", secret, "--json"]
    return subprocess.run(
        [sys.executable, "-m", "pivotal_sandbox", *command],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


@pytest.mark.parametrize("type", ["webhook.ping", "customer.at_risk", "onboarding.created"])
def test_a_genuine_event_is_accepted(receiver: str, type: str) -> None:
    done = trigger(type, receiver, SECRET)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert "evt_" in json.dumps(answer)


def test_an_event_signed_by_another_secret_is_refused(receiver: str) -> None:
    done = trigger("customer.at_risk", receiver, SECRET[:-1] + "x")
    assert done.returncode == 1
    assert "401" in done.stdout
