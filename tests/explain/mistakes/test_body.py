"""Each change of the body's bytes is named when the changed bytes are signed."""

import html
import json
import subprocess
import unicodedata
from urllib.parse import unquote_plus

import pytest
from tests.explain.mistaken import BODY, DELIVERY_ID, SECRET, T, digest, named, told

from pivotal_sandbox.explain.mistakes.body import BODY_MISTAKES

TEXT = BODY.decode()
BOM = "\ufeff"
LONG = b'{"a":"' + b"x" * 5000 + b'"}'
CRLF = BODY.replace(b"\n", b"\r\n")
BROKEN = b'{"a":"\xff\xfe"}'

SIGNED: dict[str, tuple[bytes, bytes]] = {  # what came in, what was signed
    "empty-body": (BODY, b""),
    "newline-added": (BODY, BODY + b"\n"),
    "newline-removed": (BODY, BODY[:-1]),
    "trimmed": (b"  " + BODY, (b"  " + BODY).strip()),
    "crlf-to-lf": (CRLF + b"x", BODY + b"x"),
    "lf-to-crlf": (BODY, CRLF),
    "bom-added": (BODY, TEXT.encode("utf-8-sig")),
    "bom-removed": (TEXT.encode("utf-8-sig"), BODY),
    "mojibake": (BODY, BODY.decode("latin-1").encode()),
    "latin-1-bytes": (b'{"a":"Zo\xc3\xab"} ', b'{"a":"Zo\xeb"} '),
    "ascii": (BODY, TEXT.encode("ascii", "ignore")),
    "replacement": (BROKEN, BROKEN.decode("utf-8", "replace").encode()),
    "utf-16": (BODY, TEXT.encode("utf-16-le")),
    "unicode-normalised": (BODY, unicodedata.normalize("NFD", TEXT).encode()),
    "form-decoded": (b'{"a":"1+1%20"}', unquote_plus('{"a":"1+1%20"}').encode()),
    "html-escaped": (BODY, html.escape(TEXT).encode()),
    "escapes-undone": (b'{"a":"\\/\\\\"}', b'{"a":"/\\"}'),
    "body-cut": (LONG, LONG[:4096]),
    "last-chunk": (LONG, LONG[4096:]),
}


def test_each_change_has_its_test() -> None:
    assert list(SIGNED) == [mistake.id for mistake, _ in BODY_MISTAKES]


@pytest.mark.parametrize("id", SIGNED)
def test_a_body_that_was_changed_before_it_was_signed_is_named(id: str) -> None:
    body, changed = SIGNED[id]
    assert id in named(digest(changed), body)


def test_a_shell_that_echoes_the_body_is_told_of_its_newline() -> None:
    body = json.dumps({"id": DELIVERY_ID}).encode()
    command = ["sh", "-c", "echo $BODY"]
    done = subprocess.run(command, env={"BODY": body.decode()}, capture_output=True, check=True)
    explanation = told(digest(done.stdout), body)
    assert explanation.mistakes[0].id == "newline-added"
    assert explanation.sentence == "The computed MAC is made over the body and a newline after it."


@pytest.mark.needs("openssl")
def test_what_openssl_signs_of_an_echoed_message_is_named() -> None:
    body = b'{"a":1}'
    command = f"echo '{T}.{body.decode()}' | openssl dgst -sha256 -hmac {SECRET} -binary | base64"
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=True)
    assert named(done.stdout.decode().strip(), body)[0] == "newline-added"
