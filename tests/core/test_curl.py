"""What curl makes of the commands is tested with the captures, in tests/cli/test_curl.py."""

import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from pivotal_sandbox.core.curl import curl_command, printf, quoted

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)


def test_a_plain_request_is_one_command_to_read() -> None:
    assert curl_command("POST", "http://h/in", [("host", "h"), ("x-empty", "")], b"{}") == (
        "curl -sS --globoff --path-as-is -X POST http://h/in -H 'host: h' -H 'x-empty;' "
        "-H accept: -H user-agent: -H content-type: -H expect: --data-raw '{}'"
    )


def test_words_for_curl_can_be_added() -> None:
    command = curl_command("GET", "http://h/", [], b"", options="--http1.1 --max-time 3")
    assert "--path-as-is --http1.1 --max-time 3 -X GET http://h/" in command


def test_bytes_that_no_terminal_shows_are_piped_in() -> None:
    command = curl_command("POST", "http://h/", [], b"\xff'%\n")
    assert command.startswith("printf '\\377\\047\\045\\012' | curl ")
    assert command.endswith(" --data-binary @-")


def test_only_what_a_shell_would_read_is_quoted() -> None:
    assert quoted("http://h/a?b") == "'http://h/a?b'"
    assert quoted("http://h/a") == "http://h/a"
    assert quoted("") == "''"


@settings(max_examples=40, deadline=None)
@given(text=texts, data=st.binary(max_size=60))
def test_a_shell_reads_what_is_meant(text: str, data: bytes) -> None:
    script = f"printf %s {quoted(text)}; {printf(data)}"
    ran = subprocess.run(["sh", "-c", script.encode()], capture_output=True, timeout=30)
    assert (ran.stdout, ran.stderr) == (text.encode() + data, b"")
