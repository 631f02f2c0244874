"""Each wrong way to write the right MAC is named."""

import base64
import subprocess
from urllib.parse import quote

import pytest
from tests.explain.mistaken import BODY, SECRET, T, digest, named, told

from pivotal_sandbox.explain.mistakes.encoding import ENCODING_MISTAKES, decode_candidates

# A body whose MAC has all that encodings differ in: + and / and a padding.
BODY_OF_ALL = next(
    body
    for body in (b'{"n":%d}' % number for number in range(1000))
    if {b"+"[0], b"/"[0]} <= {*base64.b64encode(digest(body))}
)
RAW = digest(BODY_OF_ALL)
RIGHT = base64.b64encode(RAW).decode()

WRITTEN = {
    "hex": RAW.hex(),
    "url-safe": base64.urlsafe_b64encode(RAW).decode(),
    "unpadded": RIGHT.rstrip("="),
    "base64-of-hex": base64.b64encode(RAW.hex().encode()).decode(),
    "base64-twice": base64.b64encode(RIGHT.encode()).decode(),
    "stray-bits": RIGHT + "AAAA",
    "case": RIGHT.lower(),
    "truncated": RAW[:16].hex(),
    "whitespace": base64.encodebytes(RAW).decode(),
    "quoted": str(base64.b64encode(RAW)),
    "prefixed": f"sig={RIGHT}",
    "percent-encoded": quote(RIGHT, safe=""),
    "plus-to-blank": RIGHT.replace("+", " "),
}


def test_each_encoding_has_its_test() -> None:
    assert list(WRITTEN) == [mistake.id for mistake in ENCODING_MISTAKES]


@pytest.mark.parametrize("id", WRITTEN)
def test_the_right_mac_written_wrongly_is_named(id: str) -> None:
    assert named(WRITTEN[id], BODY_OF_ALL) == [id]
    assert "is the right one, but " in told(WRITTEN[id], BODY_OF_ALL).sentence


@pytest.mark.needs("ruby")
def test_rubys_encode64_is_told_of_its_newline() -> None:
    code = (
        "require 'base64'; require 'openssl'; secret, t = ARGV;"
        "print Base64.encode64(OpenSSL::HMAC.digest('SHA256', secret, t + $stdin.binmode.read))"
    )
    done = subprocess.run(
        ["ruby", "-e", code, SECRET, f"{T}."], input=BODY, capture_output=True, check=True
    )
    assert named(done.stdout.decode()) == ["whitespace"]


def test_several_ways_at_once_are_all_named() -> None:
    text = base64.urlsafe_b64encode(RAW).decode().rstrip("=")
    assert named(f"'{text}'\n", BODY_OF_ALL) == ["url-safe", "whitespace", "quoted", "unpadded"]


@pytest.mark.parametrize("text", ["", "x", "A" * 13, "A" * 17, "A" * 2000, "ë" * 44, "\ud800", "="])
def test_what_can_be_no_mac_is_not_read_as_one(text: str) -> None:
    assert list(decode_candidates(text)) == []
