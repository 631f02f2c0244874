"""Each other algorithm is named when it is what signs."""

import hashlib
import hmac
import subprocess

import pytest
from tests.explain.mistaken import BODY, SECRET, T, digest, named

from pivotal_sandbox.explain.mistakes.algorithm import ALGORITHM_MISTAKES

KEY = SECRET.encode()
MESSAGE = f"{T}.".encode() + BODY
MADE = {
    "sha-1": [digest(BODY, name="sha1")],
    "sha-512": [digest(BODY, name="sha512")],
    "other-hash": [digest(BODY, name=name) for name in ("md5", "sha384", "sha3_256")],
    "no-hmac": [
        hashlib.sha256(content).digest() for content in (MESSAGE, KEY + MESSAGE, MESSAGE + KEY)
    ],
    "no-hmac-other-hash": [hashlib.md5(KEY + MESSAGE).digest(), hashlib.sha1(MESSAGE).digest()],
    "swapped": [hmac.digest(MESSAGE, KEY, "sha256")],
    "hashed-twice": [hmac.digest(KEY, hashlib.sha256(MESSAGE).digest(), "sha256")],
    "hmac-twice": [hmac.digest(KEY, digest(BODY), "sha256")],
}


def test_each_algorithm_has_its_test() -> None:
    assert list(MADE) == [mistake.id for mistake, _ in ALGORITHM_MISTAKES]


@pytest.mark.parametrize("id", MADE)
def test_another_algorithm_is_named(id: str) -> None:
    for made in MADE[id]:
        assert named(made)[0] == id


@pytest.mark.needs("php")
def test_php_with_its_arguments_swapped_is_told_so() -> None:
    code = "[, $s, $t] = $argv; echo hash_hmac('sha256', $s, $t . stream_get_contents(STDIN));"
    done = subprocess.run(
        ["php", "-r", code, "--", SECRET, f"{T}."], input=BODY, capture_output=True, check=True
    )
    assert named(done.stdout.decode()) == ["swapped", "hex"]
