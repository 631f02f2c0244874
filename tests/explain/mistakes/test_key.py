"""Each wrong key is named when it is signed with."""

import base64
import hashlib

import pytest
from tests.explain.mistaken import BODY, SECRET, T, digest, named

from pivotal_sandbox.explain.explain import explain
from pivotal_sandbox.explain.mistakes.key import KEY_MISTAKES
from pivotal_sandbox.signature import sign

BARE = SECRET.removeprefix("whsec_")
HEX = "whsec_" + "ab" * 20

KEYS: dict[str, tuple[str, bytes]] = {  # the secret, what was taken for the key
    "key-no-prefix": (SECRET, BARE.encode()),
    "key-base64": (SECRET, base64.b64decode(BARE + "=")),
    "key-base64-whole": (SECRET, base64.urlsafe_b64decode(SECRET[:48])),
    "key-base64-encoded": (SECRET, base64.b64encode(SECRET.encode())),
    "key-hex": (HEX, bytes.fromhex("ab" * 20)),
    "key-hashed": (SECRET, hashlib.sha256(SECRET.encode()).digest()),
    "key-whitespace": (SECRET, f"{SECRET}\n".encode()),
    "key-trimmed": (f"{SECRET}\n", SECRET.encode()),
    "key-quoted": (SECRET, f'"{SECRET}"'.encode()),
    "key-unquoted": (f"'{SECRET}'", SECRET.encode()),
    "key-empty": (SECRET, b""),
    "key-undefined": (SECRET, f"{None}".encode()),
    "key-variable-name": (SECRET, b"$PIVOTAL_WEBHOOK_SECRET"),
    "key-case": (SECRET, SECRET.lower().encode()),
    "key-cut": (SECRET, SECRET[:-1].encode()),
    "key-utf-16": (SECRET, SECRET.encode("utf-16-le")),
}


def test_each_wrong_key_has_its_test() -> None:
    assert list(KEYS) == [mistake.id for mistake, _ in KEY_MISTAKES]


@pytest.mark.parametrize("id", KEYS)
def test_a_wrong_key_is_named(id: str) -> None:
    secret, key = KEYS[id]
    assert named(digest(BODY, key), secret=secret)[0] == id


def test_a_secret_without_a_prefix_is_whole() -> None:
    assert named(digest(BODY, base64.b64decode("c2VjcmV0")), secret="c2VjcmV0")[0] == "key-base64"


def test_another_secret_is_called_by_what_it_is_of() -> None:
    header = sign(BODY, "whsec_live", timestamp=T)
    others = {"endpoint ep_1 (live mode)": "whsec_live", "nothing": ""}
    told = explain(BODY, header, SECRET, others=others)
    assert [mistake.id for mistake in told.mistakes] == ["other-secret"]
    assert told.sentence == (
        "The header's signature is made keyed with the secret of endpoint ep_1 (live mode)."
    )


def test_the_other_of_two_given_secrets_is_named_if_the_header_is_not_signed_by_it() -> None:
    computed = base64.b64encode(digest(BODY, b"whsec_old")).decode()
    header = sign(BODY, SECRET, timestamp=T)
    told = explain(BODY, header, [SECRET, "whsec_old"], computed=computed)
    assert (told.verified, told.computed) == (True, False)
    assert [mistake.id for mistake in told.mistakes] == ["other-secret"]
    assert "another rotation, among those given" in told.sentence
