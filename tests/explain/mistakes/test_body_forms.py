"""Each other form of the body's bytes is named when it is signed."""

import base64
import hashlib
import json

import pytest
from tests.explain.mistaken import BODY, digest, named

from pivotal_sandbox.explain.mistakes.body_forms import BODY_FORMS

QUOTED = json.dumps(BODY.decode()).encode()
SIGNED: dict[str, tuple[bytes, bytes]] = {  # what came in, what was signed
    "text-python-bytes": (BODY, f"{BODY!r}".encode()),
    "text-byte-list": (BODY, f"[{' '.join(str(byte) for byte in BODY)}]".encode()),
    "text-node-buffer": (
        BODY,
        json.dumps({"type": "Buffer", "data": list(BODY)}, separators=(",", ":")).encode(),
    ),
    "json-string": (BODY, QUOTED),
    "json-unwrapped": (QUOTED, BODY),
    "base64-body": (BODY, base64.b64encode(BODY)),
    "base64-body-decoded": (base64.b64encode(BODY), BODY),
    "hashed-body": (BODY, hashlib.sha256(BODY).hexdigest().encode()),
}


def test_each_form_has_its_test() -> None:
    assert list(SIGNED) == [mistake.id for mistake, _ in BODY_FORMS]


@pytest.mark.parametrize("id", SIGNED)
def test_a_body_in_another_form_is_named(id: str) -> None:
    body, form = SIGNED[id]
    assert named(digest(form), body)[0] == id


@pytest.mark.parametrize("body", [b"7", b'{"a":1}', b'"half'])
def test_what_is_no_text_in_json_is_not_unwrapped(body: bytes) -> None:
    assert "json-unwrapped" not in named(digest(b"half"), body, "s")
