"""What becomes of a body's bytes on the way to the signature, besides being parsed."""

import html
import re
import unicodedata
from collections.abc import Callable, Iterable
from urllib.parse import unquote_to_bytes

from pivotal_sandbox.explain.mistakes.json import RAW
from pivotal_sandbox.explain.mistakes.mistake import Mistake

Change = Callable[[bytes], Iterable[bytes]]

_BOM = b"\xef\xbb\xbf"
_KIB = 1024
# Where servers, proxies and stream readers cut: the buffers that are usual.
_CHUNKS = tuple(_KIB * size for size in (1, 2, 4, 8, 16, 32, 64, 100, 128, 256, 512, 1024))
_BYTES = (
    "Hash the bytes as they came. Do not decode them to text on the way, or name UTF-8 where a "
    "text cannot be avoided."
)


def _cut(body: bytes) -> Iterable[bytes]:
    return (body[:size] for size in _CHUNKS if size < len(body))


def _last_chunk(body: bytes) -> Iterable[bytes]:
    return (body[len(body) // size * size :] for size in _CHUNKS if size < len(body))


def _form_decoded(body: bytes) -> Iterable[bytes]:
    return unquote_to_bytes(body.replace(b"+", b" ")), body.replace(b"+", b" ")


def _normalised(body: bytes) -> Iterable[bytes]:
    text = body.decode()
    return (
        unicodedata.normalize("NFC", text).encode(),
        unicodedata.normalize("NFD", text).encode(),
    )


def _html_escaped(body: bytes) -> Iterable[bytes]:
    text = body.decode()
    escaped = html.escape(text)
    return (
        escaped.encode(),
        escaped.replace("&#x27;", "&#039;").encode(),  # PHP
        html.escape(text, quote=False).encode(),
    )


BODY_MISTAKES: tuple[tuple[Mistake, Change], ...] = (
    (
        Mistake(
            "empty-body",
            "over an empty body",
            "The stream was read before: `await request.text()` after `request.json()`, a body "
            "parser that came first, a chunked request that the framework does not read.",
            "Read the body once, raw, before all else, and keep the bytes for both uses.",
        ),
        lambda body: [b""],
    ),
    (
        Mistake(
            "newline-added",
            "over the body and a newline after it",
            "`echo` in a shell, an editor that ends files with a newline, `puts`.",
            "Keep the bytes as they came: `printf %s`, `curl --data-binary`, a file saved raw.",
        ),
        lambda body: [body + b"\n", body + b"\r\n"],
    ),
    (
        Mistake(
            "newline-removed",
            "over the body without the newline at its end",
            "`$(cat body.json)`, `chomp`, `rstrip()`; `curl --data @file` drops newlines as well.",
            "Keep the bytes as they came: `curl --data-binary`, and no trimming.",
        ),
        lambda body: [
            body.removesuffix(b"\n").removesuffix(b"\r"),
            body.rstrip(b"\r\n"),
            body.replace(b"\n", b"").replace(b"\r", b""),
        ],
    ),
    (
        Mistake(
            "trimmed",
            "over the body without the blanks around it",
            "`body.strip()`, `trim($body)`, or a framework's middleware that trims what comes in.",
            "Take the body before any middleware that trims; blanks are signed too.",
        ),
        lambda body: [body.strip(), body.rstrip(), body.lstrip(), body.strip(b" \t\n\r\0\x0b")],
    ),
    (
        Mistake(
            "crlf-to-lf",
            "over the body with LF in place of CRLF",
            "A file read in text mode, or checked out by git with `core.autocrlf`.",
            "Open files in binary mode (`rb`), and mark fixtures `-text` in .gitattributes.",
        ),
        lambda body: [body.replace(b"\r\n", b"\n")],
    ),
    (
        Mistake(
            "lf-to-crlf",
            "over the body with CRLF in place of LF",
            "A file written in text mode on Windows, or checked out by git with `core.autocrlf`.",
            "Write files in binary mode (`wb`), and mark fixtures `-text` in .gitattributes.",
        ),
        lambda body: [body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")],
    ),
    (
        Mistake(
            "bom-added",
            "over the body with a byte order mark before it",
            "Text saved as `utf-8-sig`, or by an editor as UTF-8 with BOM.",
            "Save the body as it came, without a byte order mark.",
        ),
        lambda body: [_BOM + body],
    ),
    (
        Mistake(
            "bom-removed",
            "over the body without its byte order mark",
            "`new TextDecoder().decode(bytes)`, `await request.text()`, a StreamReader.",
            _BYTES,
        ),
        lambda body: [body.removeprefix(_BOM)],
    ),
    (
        Mistake(
            "mojibake",
            "over the body read as Latin-1 and written as UTF-8",
            "`body.toString('latin1')`, `response.text` with a guessed charset: ë becomes Ã«.",
            _BYTES,
        ),
        lambda body: [
            body.decode(encoding, "replace").encode() for encoding in ("latin-1", "cp1252")
        ],
    ),
    (
        Mistake(
            "latin-1-bytes",
            "over the body read as UTF-8 and written as Latin-1",
            "`hmac.update(text, 'latin1')`, `getBytes(ISO_8859_1)`: ë becomes one byte.",
            _BYTES,
        ),
        lambda body: [
            bytes(ord(mark) & 0xFF for mark in _utf16_units(body)),
            body.decode().encode("latin-1", "replace"),
            body.decode().encode("cp1252", "replace"),
        ],
    ),
    (
        Mistake(
            "ascii",
            "over the body with all that is not ASCII replaced or left out",
            "`getBytes(US_ASCII)`, `Encoding.ASCII`, `encode('ascii', 'ignore')`.",
            _BYTES,
        ),
        lambda body: [
            body.decode("utf-8", "replace").encode("ascii", "replace"),
            b"".join(
                b"?" * (1 + (ord(mark) > 0xFFFF)) if ord(mark) > 127 else mark.encode()
                for mark in body.decode("utf-8", "replace")
            ),
            body.decode("utf-8", "replace").encode("ascii", "ignore"),
        ],
    ),
    (
        Mistake(
            "replacement",
            "over the body with U+FFFD for the bytes that are no UTF-8",
            "`body.toString()`, `decode('utf-8', 'replace')`: the bytes were not UTF-8.",
            _BYTES,
        ),
        lambda body: [
            body.decode("utf-8", "replace").encode(),
            body.decode("utf-8", "ignore").encode(),
            body.decode("ascii", "replace").encode(),
        ],
    ),
    (
        Mistake(
            "utf-16",
            "over the body in UTF-16",
            "`Encoding.Unicode.GetBytes(body)`, `Buffer.from(text, 'utf16le')`.",
            _BYTES,
        ),
        lambda body: [
            start + body.decode().encode(encoding)
            for encoding, mark in (("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff"))
            for start in (b"", mark)
        ],
    ),
    (
        Mistake(
            "unicode-normalised",
            "over the body with its accents normalised",
            "`unicodedata.normalize('NFC', text)`, `text.normalize()`, a database that does so.",
            _BYTES,
        ),
        _normalised,
    ),
    (
        Mistake(
            "form-decoded",
            "over the body decoded like a form",
            "`urldecode($body)`, `parse_str`, a urlencoded parser: + becomes a blank.",
            RAW,
        ),
        _form_decoded,
    ),
    (
        Mistake(
            "html-escaped",
            "over the body escaped for HTML",
            "`htmlspecialchars($body)`, or a middleware against XSS that rewrites what comes in.",
            "Take the body before any middleware that rewrites it; escape where you show it.",
        ),
        _html_escaped,
    ),
    (
        Mistake(
            "escapes-undone",
            "over the body without its backslashes",
            "`stripslashes($body)`.",
            RAW,
        ),
        lambda body: [re.sub(rb"\\(.?)", rb"\1", body, flags=re.DOTALL)],
    ),
    (
        Mistake(
            "body-cut",
            "over the beginning of the body",
            "A reader that stops at its buffer (1 KiB to 1 MiB), or at a NUL byte.",
            "Read the body to its end: in a loop, or by what the framework has for that.",
        ),
        lambda body: [*_cut(body), body.partition(b"\0")[0]],
    ),
    (
        Mistake(
            "last-chunk",
            "over the last chunk of the body",
            "A reader in a loop that keeps what it read last, not all that it read.",
            "Join all chunks, or update the MAC by each.",
        ),
        _last_chunk,
    ),
)


def _utf16_units(body: bytes) -> str:
    """Return the body as JavaScript counts it: two marks for what is beyond 16 bits."""
    raw = body.decode().encode("utf-16-be")
    return "".join(chr(int.from_bytes(raw[at : at + 2])) for at in range(0, len(raw), 2))
