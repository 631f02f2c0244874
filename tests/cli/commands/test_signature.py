import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from pivotal_sandbox.clock import wall_time

SECRET, BODY = "whsec_of_a_test", '{"name":"Zoë"}\n'.encode()
Run = Callable[..., Result]


def header(run: Run, timestamp: int = 1_000) -> str:
    said = run("sign", "--secret", SECRET, "--timestamp", str(timestamp), input=BODY)
    assert said.exit_code == 0
    return said.stdout.removesuffix("\n")


@pytest.mark.needs("openssl")
def test_sign_prints_what_openssl_computes(run: Run) -> None:
    computed = subprocess.run(
        ["sh", "-c", f"openssl dgst -sha256 -hmac {SECRET} -binary | base64"],
        input=b"1000." + BODY,
        capture_output=True,
        check=True,
    ).stdout.decode()
    assert header(run) == f"v1,t=1000,sig={computed.strip()}"


def test_sign_takes_the_present_and_the_secret_of_the_environment(run: Run) -> None:
    said = run("sign", "--json", input=BODY, env={"PIVOTAL_WEBHOOK_SECRET": SECRET})
    answer = json.loads(said.stdout)
    assert abs(answer["timestamp"] - wall_time()) < 60
    assert answer["header"] == header(run, answer["timestamp"])


def test_a_body_in_a_file_is_read_as_bytes(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "body.json"
    file.write_bytes(b"\xff\r\n")
    piped = run("sign", "--secret", SECRET, "--timestamp", "1", input=b"\xff\r\n")
    named = run("sign", "--secret", SECRET, "--timestamp", "1", "--body", str(file))
    assert named.stdout == piped.stdout


def test_a_good_signature_is_exit_code_0(run: Run) -> None:
    said = run(
        *("verify", "--secret", SECRET, "--header", header(run), "--now", "1300"), input=BODY
    )
    assert (said.exit_code, said.stdout, said.stderr) == (0, "Signature valid.\n", "")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["--now", "1301"], "too_old"),
        (["--now", "1011", "--tolerance", "10"], "too_old"),
        (["--now", "699"], "too_new"),
        (["--now", "1000", "--header", "v1,t=1,sig=x"], "duplicate_header"),
    ],
)
def test_a_signature_that_does_not_hold_is_exit_code_1_with_the_reason(
    run: Run, more: list[str], reason: str
) -> None:
    arguments = ["verify", "--secret", SECRET, "--header", header(run), *more]
    said = run(*arguments, input=BODY)
    assert said.exit_code == 1
    assert said.stdout.startswith(f"{reason}: ")
    answer = json.loads(run(*arguments, "--json", input=BODY).stdout)
    assert answer == {
        "verified": False,
        "reason": reason,
        "verdict": said.stdout.removeprefix(f"{reason}: ").rstrip("\n"),
    }


def test_verify_without_a_time_judges_at_the_present(run: Run) -> None:
    fresh = header(run, int(wall_time()))
    said = run("verify", "--secret", SECRET, "--header", fresh, "--json", input=BODY)
    assert json.loads(said.stdout) == {
        "verified": True,
        "reason": None,
        "verdict": "Signature valid.",
    }


def test_what_a_header_carries_cannot_drive_the_terminal(run: Run) -> None:
    said = run("verify", "--secret", SECRET, "--header", "v1,\x1b[2J", input=BODY)
    assert said.exit_code == 1
    assert "\x1b" not in said.stdout


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (["sign"], "--secret"),
        (["verify", "--secret", "s"], "--header"),
        (["sign", "--secret", "s", "--body", "no-such-file"], "no-such-file"),
        (["sign", "--secret", "s", "--timestamp", "-1"], "1 to 12 digits"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_names_the_cure(
    run: Run, arguments: list[str], cure: str
) -> None:
    said = run(*arguments, input=BODY)
    assert (said.exit_code, said.stdout) == (2, "")
    assert cure in said.stderr


def test_nothing_waits_for_somebody_to_type_a_body() -> None:
    import os
    import pty
    import sys

    ours, theirs = pty.openpty()
    try:
        said = subprocess.run(
            [sys.executable, "-m", "pivotal_sandbox", "sign", "--secret", "s"],
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=30,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert said.returncode == 2
    assert "Name the body by --body FILE, or pipe it in." in said.stderr
