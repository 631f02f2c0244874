"""What is taken for the key in place of the secret as it is shown."""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable

from pivotal_sandbox.explain.mistakes.mistake import Mistake

Key = Callable[[str], Iterable[bytes]]

OTHER_SECRET = Mistake(
    "other-secret",
    "keyed with another secret",
    "The secret of another endpoint, of the other mode (`test` and `live` differ), or the one "
    "before a rotation.",
    "Configure the secret of the very endpoint that the delivery is for; while a secret is "
    "rotated, accept both.",
)

_WHOLE = "Use the UTF-8 bytes of the whole secret as it is shown, `whsec_` included, as the key."
_CLEAN = "Trim the secret where you read the configuration, and write it there without extras."
_UNSET = "Refuse to start while no secret is configured: with such a key, anyone can forge."
_NAME = "PIVOTAL_WEBHOOK_SECRET"


def _after_prefix(secret: str) -> str:
    prefix, underscore, rest = secret.partition("_")
    return rest if underscore and prefix.isalnum() else secret


def _decoded(text: str) -> bytes:
    """Return what the base64 of a text holds, as lenient decoders read it: no padding needed."""
    standard = re.sub("[^A-Za-z0-9+/]", "", text.replace("-", "+").replace("_", "/"))
    # One character beyond a group of four holds no whole byte: decoders drop it.
    standard = standard[: len(standard) - (len(standard) % 4 == 1)]
    return base64.b64decode(standard + "=" * (-len(standard) % 4))


KEY_MISTAKES: tuple[tuple[Mistake, Key], ...] = (
    (
        Mistake(
            "key-no-prefix",
            "keyed with the secret without its prefix",
            "`secret.removeprefix('whsec_')`, as other vendors ask for.",
            _WHOLE,
        ),
        lambda secret: [_after_prefix(secret).encode()],
    ),
    (
        Mistake(
            "key-base64",
            "keyed with what the secret is the base64 of, its prefix left off",
            "A library for Standard Webhooks: it decodes what follows `whsec_`.",
            _WHOLE,
        ),
        lambda secret: [_decoded(_after_prefix(secret))],
    ),
    (
        Mistake(
            "key-base64-whole",
            "keyed with what the whole secret is the base64 of",
            "`base64.b64decode(secret)`, `Buffer.from(secret, 'base64')`.",
            _WHOLE,
        ),
        lambda secret: [_decoded(secret), _decoded(secret.replace("_", "").replace("-", ""))],
    ),
    (
        Mistake(
            "key-base64-encoded",
            "keyed with the secret encoded in base64",
            "`base64.b64encode(secret)`, or a secret manager that hands values out in base64.",
            _WHOLE,
        ),
        lambda secret: [
            base64.b64encode(part.encode()) for part in (secret, _after_prefix(secret))
        ],
    ),
    (
        Mistake(
            "key-hex",
            "keyed with what the secret is the hex of",
            "`bytes.fromhex(secret)`, `Buffer.from(secret, 'hex')`.",
            _WHOLE,
        ),
        lambda secret: [bytes.fromhex(_after_prefix(secret))],
    ),
    (
        Mistake(
            "key-hashed",
            "keyed with a hash of the secret",
            "`sha256(secret)` as the key, as bytes or in hex.",
            _WHOLE,
        ),
        lambda secret: [
            hashlib.sha256(secret.encode()).digest(),
            hashlib.sha256(secret.encode()).hexdigest().encode(),
        ],
    ),
    (
        Mistake(
            "key-whitespace",
            "keyed with the secret and white space around it",
            "`whsec_…\\n` from a file or `echo … | base64`, a blank after `=` in .env.",
            _CLEAN,
        ),
        lambda secret: [
            (start + secret + end).encode()
            for start, end in (
                *(("", end) for end in ("\n", "\r\n", " ", "\r", "\t")),
                *((start, "") for start in (" ", "\t", "\n", "\ufeff")),
                (" ", " "),
            )
        ],
    ),
    (
        Mistake(
            "key-trimmed",
            "keyed with the secret without the white space around it",
            "The secret at hand has a blank or a newline too many: copied so, or read with it.",
            _CLEAN,
        ),
        lambda secret: [secret.strip().strip("\ufeff\0").encode()],
    ),
    (
        Mistake(
            "key-quoted",
            "keyed with the secret in quotes",
            '`SECRET="whsec_…"` in an env file whose reader keeps the quotes.',
            _CLEAN,
        ),
        lambda secret: [f"{mark}{secret}{mark}".encode() for mark in "\"'`"],
    ),
    (
        Mistake(
            "key-unquoted",
            "keyed with the secret without the quotes around it",
            "The secret at hand has quotes around it, which are not part of it.",
            _CLEAN,
        ),
        lambda secret: [secret.strip("\"'`").encode()],
    ),
    (
        Mistake(
            "key-empty",
            "keyed with an empty secret",
            'The environment variable is not set, and its default is "".',
            _UNSET,
        ),
        lambda secret: [b""],
    ),
    (
        Mistake(
            "key-undefined",
            "keyed with the name of nothing, such as “undefined” or “None”",
            "`${process.env.SECRET}`, `str(os.environ.get(…))` of a variable that is not set.",
            _UNSET,
        ),
        lambda secret: [
            word.encode()
            for word in (
                "undefined",
                "null",
                "None",
                "nil",
                "NULL",
                "false",
                "NaN",
                "[object Object]",
            )
        ],
    ),
    (
        Mistake(
            "key-variable-name",
            "keyed with the name of the variable in place of its value",
            f"`${{{_NAME}}}` in a file where nothing fills it in.",
            "See that the configuration is filled in; refuse secrets that do not begin `whsec_`.",
        ),
        lambda secret: [
            form.encode()
            for form in (_NAME, f"${_NAME}", f"${{{_NAME}}}", f"%{_NAME}%", f"{{{{{_NAME}}}}}")
        ],
    ),
    (
        Mistake(
            "key-case",
            "keyed with the secret in all lower or all upper case",
            "A configuration that lowers what it reads.",
            _WHOLE,
        ),
        lambda secret: [secret.lower().encode(), secret.upper().encode()],
    ),
    (
        Mistake(
            "key-cut",
            "keyed with a part of the secret",
            "The first or the last character was not copied; or the key was cut to 16 or 32 bytes.",
            "Copy the whole secret: `whsec_` and 43 characters.",
        ),
        lambda secret: [
            part.encode() for part in (secret[:-1], secret[1:], secret[:16], secret[:32])
        ],
    ),
    (
        Mistake(
            "key-utf-16",
            "keyed with the secret in UTF-16",
            "`Encoding.Unicode.GetBytes(secret)`.",
            _WHOLE,
        ),
        lambda secret: [secret.encode("utf-16-le"), secret.encode("utf-16-be")],
    ),
)
