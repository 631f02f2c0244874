"""`scenario`: list, show and run; what is wrong with a file; exit codes; Ctrl-C."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from tests.load.receiver import receiving

from pivotal_sandbox.package_data import SCENARIOS
from pivotal_sandbox.scenarios.library import scenario_names

Run = Callable[..., Result]

STORY = """\
title = "Mine"
description = "A story of a user's own."

[[steps]]
trigger = { type = "customer.at_risk", as = "risk" }

[[steps]]
expect_deliveries = { of = "risk", status = "delivered", count = 1 }
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    file = tmp_path / "mine.toml"
    file.write_text(STORY, "utf-8")
    return file


def test_the_list_names_each_story_with_its_title(run: Run) -> None:
    done = run("scenario", "list")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()[1:]
    assert [line.split()[0] for line in lines] == scenario_names()
    assert "receiver-outage" in scenario_names()
    shown = [json.loads(line) for line in run("scenario", "list", "--json").stdout.splitlines()]
    assert [row["name"] for row in shown] == scenario_names()
    assert shown[0].keys() == {"name", "title", "description", "steps"}


def test_show_prints_the_file_to_copy(run: Run, tmp_path: Path) -> None:
    done = run("scenario", "show", "first-ping")
    assert done.stdout_bytes == (SCENARIOS / "first-ping.toml").read_bytes()
    copy = tmp_path / "copy.toml"
    copy.write_bytes(done.stdout_bytes)
    again = run("scenario", "run", str(copy))
    assert again.exit_code == 0
    assert again.stdout == run("scenario", "run", "first-ping").stdout


def test_a_story_that_holds_is_0_and_one_that_does_not_is_1(run: Run, mine: Path) -> None:
    done = run("scenario", "run", str(mine))
    assert done.exit_code == 0
    assert done.stdout.startswith("Mine\nA story of a user's own.\n\n01-01 00:00:00  endpoint app")
    assert done.stdout.splitlines()[-1] == "✓ It holds. 2 events, 2 deliveries, 2 attempts in 0s."
    mine.write_text(STORY.replace("delivered", "failed"))
    done = run("scenario", "run", str(mine))
    assert done.exit_code == 1
    assert f"✗ {mine}, line 8\n" in done.stdout
    assert "expected  1 delivery of the step risk: failed\n" in done.stdout
    assert "observed  1 × delivered, 1 attempt, 200\n" in done.stdout


def test_json_is_a_line_for_each_thing(run: Run, mine: Path) -> None:
    done = run("scenario", "run", str(mine), "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["type"] for line in lines][-2:] == ["expectation", "summary"]
    assert done.stdout == run("scenario", "run", str(mine), "--json").stdout
    other = run("scenario", "run", str(mine), "--json", "--seed", "9").stdout
    assert len(other.splitlines()) == len(lines)
    assert other != done.stdout


def test_a_story_is_told_to_the_users_receiver(run: Run, mine: Path) -> None:
    with receiving(204) as url:
        done = run("scenario", "run", str(mine), "--to", url)
    assert done.exit_code == 0, done.output
    assert "Signed with a new secret, whsec_" in done.stderr
    assert f"at {url}" in done.stdout
    with receiving(401) as url:
        done = run("scenario", "run", str(mine), "--to", url, "--secret", "s")
    assert done.exit_code == 1
    assert done.stderr == ""


def test_a_story_may_come_on_stdin(run: Run) -> None:
    done = run("scenario", "run", "-", input=STORY.encode())
    assert done.exit_code == 0
    assert done.stdout.startswith("Mine\n")
    done = run("scenario", "run", "-", input=STORY.replace("delivered", "failed").encode())
    assert "✗ stdin, line 8" in done.stdout
    done = run("scenario", "run", "-", input=b"\xff")
    assert (done.exit_code, done.stderr) == (2, "Error: What came on stdin is no UTF-8.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nosuch"], 'There is no scenario "nosuch". `pivotal-sandbox scenario list`'),
        (["receiver-outag"], 'Did you mean "receiver-outage"?'),
        (["no/such.toml"], '"no/such.toml" cannot be read: No such file or directory.'),
        (["first-ping", "--to", "nowhere"], "URL"),
        (["first-ping", "--secret", "s"], "--secret goes with --to"),
        (["first-ping", "--catalog", "none.json"], "does not exist"),
    ],
)
def test_what_cannot_be_told_is_a_usage_error(run: Run, arguments: list[str], said: str) -> None:
    done = run("scenario", "run", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"Mine"', '"Mine', "mine.toml, line 1: "),
        ("trigger =", "triger =", 'line 5: steps[0].triger: There is no step "triger"'),
        ("at_risk", "atrisk", 'line 5: steps[0].trigger.type: There is no event type "customer.'),
        ("as =", 'set = { helth = "x" }, as =', "line 5: steps[0].trigger.set.helth: "),
    ],
)
def test_what_is_wrong_with_a_file_is_a_usage_error_with_its_place(
    run: Run, mine: Path, old: str, new: str, said: str
) -> None:
    mine.write_text(STORY.replace(old, new))
    done = run("scenario", "run", str(mine))
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_file_that_is_no_text_is_told_so(run: Run, mine: Path) -> None:
    mine.write_bytes(b'title = "x"\n\n# \xff')
    done = run("scenario", "run", str(mine))
    assert done.exit_code == 2
    assert "mine.toml, line 3: This is no UTF-8." in done.stderr


def test_a_name_is_completed(run: Run) -> None:
    env = {
        "_PIVOTAL_SANDBOX_COMPLETE": "bash_complete",
        "COMP_WORDS": "pivotal-sandbox scenario run receiver",
        "COMP_CWORD": "3",
    }
    assert run(env=env).stdout.strip() == "plain,receiver-outage"


def test_ctrl_c_ends_it_at_once_and_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/hook"
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "pivotal_sandbox", "scenario", "run", "first-ping"),
                *("--to", url, "--secret", "s"),
            ],
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        while "endpoint app" not in (line := process.stdout.readline()):
            assert line, process.communicate()[1]
        os.kill(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert said == "Stopped before the end of the story.\n"
    assert process.returncode == 1
