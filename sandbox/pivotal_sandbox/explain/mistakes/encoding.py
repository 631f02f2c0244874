"""How a MAC is written in place of standard base64 with its padding."""

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from pivotal_sandbox.explain.mistakes.mistake import Mistake

_SIZE = 32  # bytes in the digest of SHA-256
_MIN_BYTES = 10  # bytes of it that are not met by chance
_MAX_CHARACTERS = 1000  # characters that could still be a MAC
_BASE64 = "Write and compare standard base64 (`+`, `/`) with its `=` at the end, and nothing else."

HEX = Mistake(
    "hex",
    "written in hex",
    "`hexdigest()`, `digest('hex')`, `hash_hmac` without `true`.",
    _BASE64,
)
URL_SAFE = Mistake(
    "url-safe",
    "written in the url-safe base64",
    "`urlsafe_b64encode`, `digest('base64url')`: `-` and `_` in place of `+` and `/`.",
    _BASE64,
)
UNPADDED = Mistake(
    "unpadded",
    "written without the = at its end",
    "`part.split('=')[1]` of `sig=…=`, `rstrip('=')`, `digest('base64url')`.",
    "Split each part of the header on its first `=` only; write base64 with its padding.",
)
STRAY_BITS = Mistake(
    "stray-bits",
    "written with something after its end",
    "A last character, or more after the `=`, that lenient decoders skip.",
    _BASE64,
)
BASE64_OF_HEX = Mistake(
    "base64-of-hex",
    "written as the base64 of its hex",
    "`base64_encode(hash_hmac('sha256', $message, $secret))`: hash_hmac gives hex.",
    "Encode the raw digest: `hash_hmac('sha256', $message, $secret, true)`, `.digest()`.",
)
BASE64_TWICE = Mistake(
    "base64-twice",
    "written in base64 twice",
    "`btoa(digest('base64'))`.",
    _BASE64,
)
TRUNCATED = Mistake(
    "truncated",
    "cut short",
    "`mac[:16]`, a column that is too short, a copy without the end.",
    "Keep and compare all 32 bytes: 44 characters of base64.",
)
CASE = Mistake(
    "case",
    "written in the wrong case",
    "`signature.lower()`: hex bears it, base64 does not.",
    _BASE64,
)

Unwrap = Callable[[str], str]


def _between_quotes(text: str) -> str:
    match = re.fullmatch(r"b?(['\"])(.*)\1", text, re.DOTALL)
    return match[2] if match else text


# Each takes one thing off; what it does not find it leaves as it is.
WRAPPINGS: tuple[tuple[Mistake, Unwrap], ...] = (
    (
        Mistake(
            "whitespace",
            "written with white space around or in it",
            "`Base64.encode64` in Ruby, `encodebytes`, `base64` in a shell: a newline at the end.",
            "Use the strict variant: `strict_encode64`, `b64encode`, `base64 -w0`; or trim it.",
        ),
        lambda text: re.sub(r"[\r\n\t]", "", text).strip(),
    ),
    (
        Mistake(
            "quoted",
            "written in quotes",
            "`str(b64encode(digest))` in Python gives `b'…'`; `JSON.stringify(signature)`.",
            "Decode bytes to text (`.decode()`) before they go into a header or a comparison.",
        ),
        _between_quotes,
    ),
    (
        Mistake(
            "prefixed",
            "written with a prefix",
            "`sig=…`, `v1,…` or `sha256=…` is still before the MAC.",
            "Take what follows the first `=` of the part `sig=…`.",
        ),
        lambda text: re.sub(r"^(?:v1[,=]|t=\d+,|sig=|sha256=)+", "", text),
    ),
    (
        Mistake(
            "percent-encoded",
            "written percent-encoded",
            "`encodeURIComponent(signature)`: `%2B`, `%2F`, `%3D`.",
            _BASE64,
        ),
        unquote,
    ),
    (
        Mistake(
            "plus-to-blank",
            "written with blanks in place of +",
            "`parse_str`, `URLSearchParams`: a parser of forms took the header apart.",
            "Split the header on `,` and on the first `=`; it is no form.",
        ),
        lambda text: text.replace(" ", "+"),
    ),
)

ENCODING_MISTAKES: tuple[Mistake, ...] = (
    HEX,
    URL_SAFE,
    UNPADDED,
    BASE64_OF_HEX,
    BASE64_TWICE,
    STRAY_BITS,
    CASE,
    TRUNCATED,
    *(mistake for mistake, _ in WRAPPINGS),
)


@dataclass(frozen=True, slots=True)
class DecodedMac:
    """A digest that a text may stand for, and the mistakes in writing it so."""

    digest: bytes
    mistakes: tuple[Mistake, ...] = ()


def decode_candidates(text: str) -> Iterator[DecodedMac]:
    """Yield what a text may be, were it written as one of the mistakes does."""
    if len(text) > _MAX_CHARACTERS:
        return
    mistakes_so_far: tuple[Mistake, ...] = ()
    for mistake, unwrap in WRAPPINGS:
        inner = unwrap(text)
        if inner != text:
            text, mistakes_so_far = inner, (*mistakes_so_far, mistake)
    if re.fullmatch(f"(?:[0-9a-fA-F]{{2}}){{{_MIN_BYTES},}}", text):
        yield DecodedMac(bytes.fromhex(text), (HEX, *mistakes_so_far))
    if not re.fullmatch(r"[A-Za-z0-9+/_-]{14,}=*.{0,8}", text, re.DOTALL):
        return
    leading_base64 = re.match(r"[A-Za-z0-9+/_-]+", text)
    assert leading_base64 is not None
    core = leading_base64[0]
    if "-" in core or "_" in core:
        mistakes_so_far = (URL_SAFE, *mistakes_so_far)
    standard = core.replace("-", "+").replace("_", "/")
    if len(standard) % 4 == 1:
        return
    padding = "=" * (-len(standard) % 4)
    digest = base64.b64decode(standard + padding)
    if text == core and padding:
        mistakes_so_far = (*mistakes_so_far, UNPADDED)
    if base64.b64encode(digest).decode() != standard + padding or text not in (
        core,
        core + padding,
    ):
        mistakes_so_far = (*mistakes_so_far, STRAY_BITS)
    yield DecodedMac(digest, mistakes_so_far)
    yield from _decode_nested(digest, mistakes_so_far)


def _decode_nested(digest: bytes, mistakes_so_far: tuple[Mistake, ...]) -> Iterator[DecodedMac]:
    """Yield what is in the base64, where that is a text again."""
    if re.fullmatch(b"(?:[0-9a-f]{2}){16,64}", digest, re.IGNORECASE):
        yield DecodedMac(bytes.fromhex(digest.decode()), (BASE64_OF_HEX, *mistakes_so_far))
    elif re.fullmatch(b"[A-Za-z0-9+/]{43}=", digest):
        yield DecodedMac(base64.b64decode(digest), (BASE64_TWICE, *mistakes_so_far))


def damaged_encoding(text: str, right: bytes) -> Mistake | None:
    """Return how `text` was made from the base64 of the `right` digest by losing a part of it."""
    whole = base64.b64encode(right).decode()
    if text != whole and text.lower() == whole.lower():
        return CASE
    for decoded in decode_candidates(text):
        if _MIN_BYTES <= len(decoded.digest) < _SIZE and right.startswith(decoded.digest):
            return TRUNCATED
    return None
