"""What curl makes of the commands is tested with the captures, in tests/cli/test_sent.py."""

import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exports.exchanges import captured, sent, strangers

from pivotal_sandbox.exports.curl import curl_command, curl_script, printf_command, shell_quote
from pivotal_sandbox.exports.exchange import ExportedRequest

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)


def test_a_plain_request_is_one_command_to_read() -> None:
    assert curl_command("POST", "http://h/in", [("host", "h"), ("x-empty", "")], b"{}") == (
        "curl -sS --globoff --path-as-is -X POST http://h/in -H 'host: h' -H 'x-empty;' "
        "-H accept: -H user-agent: -H content-type: -H expect: --max-time 30 --data-raw '{}'"
    )


def test_words_for_curl_can_be_added() -> None:
    command = curl_command("GET", "http://h/", [], b"", options="--http1.1 --max-time 3")
    assert "--path-as-is --http1.1 --max-time 3 -X GET http://h/" in command


def test_bytes_that_no_terminal_shows_are_piped_in() -> None:
    command = curl_command("POST", "http://h/", [], b"\xff'%\n")
    assert command.startswith("printf '\\377\\047\\045\\012' | curl ")
    assert command.endswith(" --data-binary @-")


def test_only_what_a_shell_would_read_is_quoted() -> None:
    assert shell_quote("http://h/a?b") == "'http://h/a?b'"
    assert shell_quote("http://h/a") == "http://h/a"
    assert shell_quote("") == "''"


@settings(max_examples=40, deadline=None)
@given(text=texts, data=st.binary(max_size=60))
def test_a_shell_reads_what_is_meant(text: str, data: bytes) -> None:
    script = f"printf %s {shell_quote(text)}; {printf_command(data)}"
    ran = subprocess.run(["sh", "-c", script.encode()], capture_output=True, timeout=30)
    assert (ran.stdout, ran.stderr) == (text.encode() + data, b"")


def test_a_script_names_what_it_sends_and_when_it_was_sent() -> None:
    lines = curl_script([sent(id="msg_1"), sent(id="msg_2", at=1_500)]).splitlines()
    assert lines[:4] == [
        "#!/bin/sh",
        "failed=0",
        "",
        "# msg_1  1970-01-01T00:00:00.000Z  task.completed",
    ]
    assert lines[6] == "# msg_2  1970-01-01T00:00:01.500Z  task.completed"
    assert [line[:8] for line in lines[4:-2:3]] == ["curl -sS", "curl -sS"]
    assert lines[-1] == "exit $failed"


def test_a_signature_can_be_made_when_it_is_sent() -> None:
    text = curl_script([sent(), sent(signed=False)], re_sign=True)
    assert text.count("-H \"pivotal-signature: $(printf '{}' | pivotal-sandbox sign)\"") == 1
    assert text.count("v1,t=1") == 1


@settings(max_examples=40, deadline=None)
@given(them=st.lists(strangers(), max_size=3), re_sign=st.booleans())
def test_a_script_runs_nothing_but_its_commands(them: list[ExportedRequest], re_sign: bool) -> None:
    """curl and the signing are taken the place of; whatever else ran would say something."""
    text = curl_script(them, re_sign=re_sign)
    head = "curl() { cat >/dev/null; echo sent; }\nPIVOTAL_WEBHOOK_SECRET=x\nPATH=\n"
    cat = "cat() { while read -r line; do :; done; }\n"
    script = (cat + head + text).encode()
    ran = subprocess.run(
        ["sh", "-c", script], capture_output=True, timeout=30, stdin=subprocess.DEVNULL
    )
    assert (ran.stdout, ran.stderr) == (b"sent\n" * len(them), b"")


def test_a_title_stays_a_comment() -> None:
    text = curl_script([captured(below="/x\n$(id)\x85\x9b")])
    comment = next(line for line in text.splitlines() if line.startswith("# cap_"))
    assert comment.endswith(r"POST /in/a/x\n$(id)\x85\x9b")
