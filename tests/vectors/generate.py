"""Makes fixtures/vectors/pivotal_signature.json: run `python tests/vectors/generate.py`.

It shares no code with the program, so that the vectors are an oracle for it. Each byte follows
from the files of this folder: the same source gives the same vectors.
"""

import base64
import hashlib
import hmac
import json
import string
import tomllib
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from string import Template
from typing import Any

HERE = Path(__file__).parent
TARGET = HERE.parents[1] / "fixtures" / "vectors" / "pivotal_signature.json"
VERSION = "1.0"
HEADER = [
    "pivotal-signature: v1,t=<unix seconds>,sig=<base64 of HMAC-SHA256(secret, t + '.' + body)>",
    "signatureHeaders and body are base64 of exact bytes; now stands for the clock.",
    "PivotalSignature: answer valid or invalid. Acceptable vectors may be answered either way.",
    "PivotalSign: answer the exact header, or invalid where nothing may be signed.",
    "An exception is wrong everywhere. These vectors are public domain (CC0 1.0).",
]

Vector = dict[str, Any]
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
NOW = 1753178400


def base62(label: str, length: int) -> str:
    number = int.from_bytes(hashlib.sha256(label.encode()).digest(), "big")
    return "".join(ALPHABET[number // 62**place % 62] for place in range(length))


def event(kind: str, data: str) -> bytes:
    head = f'{{"id":"evt_{base62(kind, 26)}","type":"{kind}"'
    return f'{head},"created_at":"2025-07-22T10:00:00.000Z","data":{data}}}'.encode()


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


SECRET, PREVIOUS, OLDEST, STRANGER = (
    "whsec_" + base62(label, 43) for label in ("current", "previous", "oldest", "stranger")
)
BODY = event("customer.at_risk", '{"id":"cus_1","name":"Northwind","health":"at_risk","score":38}')
PING = event("webhook.ping", "{}")


def digest(message: bytes, key: bytes | str = SECRET, algorithm: str = "sha256") -> bytes:
    return hmac.new(key.encode() if isinstance(key, str) else key, message, algorithm).digest()


def message(body: bytes = BODY, t: int | str = NOW) -> bytes:
    return f"{t}.".encode() + body


def sig(body: bytes = BODY, t: int | str = NOW, key: bytes | str = SECRET) -> str:
    return b64(digest(message(body, t), key))


def header(signature: str | bytes, t: int | str = NOW) -> str:
    return f"v1,t={t},sig={signature if isinstance(signature, str) else b64(signature)}"


def signed(body: bytes = BODY, t: int | str = NOW, key: bytes | str = SECRET) -> str:
    return header(sig(body, t, key), t)


def case(
    result: str,
    flags: str,
    comment: str,
    *headers: str | bytes,
    body: bytes = BODY,
    secrets: Sequence[str] = (SECRET,),
    now: int = NOW,
) -> Vector:
    raw = [value.encode() if isinstance(value, str) else value for value in headers]
    return {
        "comment": comment,
        "flags": flags.split(),
        "secrets": list(secrets),
        "now": now,
        "signatureHeaders": [b64(value) for value in raw],
        "body": b64(body),
        "result": result,
    }


def found(wanted: Callable[[bytes], bool]) -> bytes:
    """Return the first of a row of bodies whose MAC is as wanted."""
    bodies = (event("task.completed", f'{{"id":"tsk_{n}"}}') for n in count(1))
    return next(body for body in bodies if wanted(digest(message(body))))


DATA = tomllib.loads((HERE / "bodies.toml").read_text("utf-8"))
PLUS_AND_SLASH = found(lambda mac: "+" in b64(mac) and "/" in b64(mac))
NUL_FIRST = found(lambda mac: mac[0] == 0)
PRETTY = json.dumps(json.loads(BODY), indent=2).encode()
CRLF = PRETTY.replace(b"\n", b"\r\n")
SPACED = json.dumps(json.loads(BODY)).encode()
SORTED = json.dumps(json.loads(BODY), sort_keys=True, separators=(",", ":")).encode()
MARKED = b"\xef\xbb\xbf" + BODY
LATIN1 = event("contact.created", '{"name":"Renée"}').decode().encode("latin-1")
BODIES = {
    **{comment: event("customer.updated", data) for comment, data in DATA["data"].items()},
    "indented by two blanks": PRETTY,
    "lines that end in CR LF": CRLF,
    "a blank after each comma and colon": SPACED,
    "a newline at the end": BODY + b"\n",
    "blanks at the beginning": b" \t" + BODY,
    "a byte order mark": MARKED,
    "a NUL byte": BODY[:-1] + b',"x":"\0"}',
    "bytes that are not UTF-8": LATIN1,
    "every byte once": bytes(range(256)),
    "an empty body": b"",
    "not JSON, with dots and commas": b"1,t=0.sig=.v1",
    "just over 64 KiB": event("task.created", '"%s"' % ("0123456789abcdef" * 4096)),
}
ODD_SECRETS = {
    "without the prefix": "correct horse battery staple",
    "outside ASCII": "whsec_Schlüssel-鍵",
    "of 64 bytes": SECRET.ljust(64, "k"),
    "of 65 bytes": SECRET.ljust(65, "k"),
}


def genuine() -> Iterator[Vector]:
    yield case("valid", "Canonical", "an event as it is sent", signed())
    yield case("valid", "Canonical", "a ping", signed(PING), body=PING)
    for comment, body in BODIES.items():
        yield case("valid", "RawBytes", comment, signed(body), body=body)
    for comment, key in ODD_SECRETS.items():
        yield case("valid", "Secret", f"a secret {comment}", signed(key=key), secrets=[key])
    for comment, body in {
        "+ and /": PLUS_AND_SLASH,
        "neither + nor /": found(lambda mac: not {"+", "/"} & set(b64(mac))),
        "/ first": found(lambda mac: b64(mac)[0] == "/"),
        "a NUL first, decoded": NUL_FIRST,
    }.items():
        yield case("valid", "Base64", f"a signature with {comment}", signed(body), body=body)
    keys = [SECRET, PREVIOUS, OLDEST]
    for place, key in enumerate(keys, 1):
        comment = f"secret {place} of 3 signed"
        yield case("valid", "Rotation", comment, signed(key=key), secrets=keys)
    yield case("valid", "Rotation", "the same secret twice", signed(), secrets=[SECRET, SECRET])


def at(result: str, flag: str, *offsets: int) -> Iterator[Vector]:
    for offset in offsets:
        yield case(result, flag, f"t is now {offset:+d} s", signed(t=NOW + offset))


def timestamps() -> Iterator[Vector]:
    yield from at("valid", "Freshness", -299, -60, -1, 1, 60, 299)
    yield from at("acceptable", "ToleranceBoundary", -300, 300)
    yield from at("invalid", "Stale", -301, -3600, -86400, -NOW)
    yield from at("invalid", "Future", 301, 3600, 2**32, 10**12 - 1 - NOW)
    for t in (1, 2**31, 2**32, 10**12 - 1):
        yield case("valid", "TimestampRange", f"t and now are {t}", signed(t=t), now=t)
    t = 10**12
    yield case("invalid", "TimestampRange", f"t and now are {t}", signed(t=t), now=t)


def narrow_tolerance() -> Iterator[Vector]:
    yield from at("valid", "Freshness", -59, 59)
    yield from at("invalid", "Stale", -61, -299)
    yield from at("invalid", "Future", 61, 299)


def forged_tags() -> Iterator[Vector]:
    mac = digest(message())
    for byte, bit in ((0, 0), (0, 7), (15, 3), (31, 0), (31, 7)):
        tag = bytes(value ^ (1 << bit) * (place == byte) for place, value in enumerate(mac))
        yield case("invalid", "ModifiedTag", f"bit {bit} of byte {byte} flipped", header(tag))
    for comment, tag in {
        "the same bit flipped in two bytes": bytes([mac[0] ^ 1, mac[1] ^ 1]) + mac[2:],
        "two bytes exchanged": bytes([mac[1], mac[0]]) + mac[2:],
        "all bits flipped": bytes(value ^ 255 for value in mac),
        "all bytes 0": bytes(32),
    }.items():
        yield case("invalid", "ModifiedTag", comment, header(tag))
    comment = "only the NUL at the beginning is right"
    yield case("invalid", "ModifiedTag", comment, header(bytes(32)), body=NUL_FIRST)
    yield case("invalid", "ModifiedTag", "the signature of another event", header(sig(PING)))
    for length in (1, 4, 8, 42):
        comment = f"the first {length} of 44 characters"
        yield case("invalid", "Truncated", comment, header(sig()[:length]))
    for length in (1, 16, 31):
        comment = f"the first {length} of 32 bytes"
        yield case("invalid", "Truncated", comment, header(mac[:length]))
    yield case("invalid", "Truncated", "one byte too many", header(mac + b"\0"))


def forged_bodies() -> Iterator[Vector]:
    for comment, body in {
        "one digit replaced": BODY.replace(b"38", b"39"),
        "one letter in upper case": BODY.replace(b"Northwind", b"NorthWind"),
        "a newline added": BODY + b"\n",
        "a NUL added": BODY + b"\0",
        "a blank put before": b" " + BODY,
        "the last byte lost": BODY[:-1],
        "nothing left": b"",
        "a key repeated": BODY[:-1] + b',"type":"customer.churned"}',
        "keys in another order": SORTED,
        "blanks put between": SPACED,
    }.items():
        yield case("invalid", "ModifiedBody", f"body: {comment}", signed(), body=body)
    pairs = {
        comment: (event("task.created", before), event("task.created", after))
        for comment, (before, after) in DATA["normalised"].items()
    } | {
        "indentation lost": (PRETTY, BODY),
        "CR LF made LF": (CRLF, PRETTY),
        "a byte order mark lost": (MARKED, BODY),
        "Latin-1 made UTF-8": (LATIN1, LATIN1.decode("latin-1").encode()),
        "wrong bytes replaced": (LATIN1, LATIN1.decode("utf-8", "replace").encode()),
    }
    for comment, (before, after) in pairs.items():
        yield case("invalid", "LossyDecode", f"body: {comment}", signed(before), body=after)


def wrong_keys() -> Iterator[Vector]:
    keys: dict[str, str | bytes] = {
        "another secret": STRANGER,
        "a retired secret": OLDEST,
        "the secret without its prefix": SECRET.removeprefix("whsec_"),
        "the base64 behind the prefix": base64.b64decode(SECRET.removeprefix("whsec_") + "="),
        "the secret and a newline": f"{SECRET}\n",
        "the secret in upper case": SECRET.upper(),
        "the secret without its last character": SECRET[:-1],
        "the secret in UTF-16": SECRET.encode("utf-16-le"),
        "both secrets, joined by a comma": f"{SECRET},{PREVIOUS}",
    }
    for comment, key in keys.items():
        comment, known = f"key: {comment}", [SECRET, PREVIOUS]
        yield case("invalid", "WrongKey", comment, signed(key=key), secrets=known)
    for word in ("", "undefined", "null", "None", "[object Object]", "secret", "whsec_"):
        yield case("invalid", "WeakKey", f"key: {word!r}", signed(key=word))
    configured: dict[str, list[str]] = {"none": [], "empty": [""], "one empty": [SECRET, ""]}
    for comment, known in configured.items():
        comment = f"key: '', secrets: {comment}"
        yield case("invalid", "WeakKey", comment, signed(key=""), secrets=known)


def other_constructions() -> Iterator[Vector]:
    key, t, text = SECRET.encode(), str(NOW).encode(), message()
    signatures: dict[str, str | bytes] = {
        "HMAC-SHA1": digest(text, algorithm="sha1"),
        "HMAC-SHA512": digest(text, algorithm="sha512"),
        "SHA-256 of the body": hashlib.sha256(BODY).digest(),
        "SHA-256 of secret and message": hashlib.sha256(key + text).digest(),
        "key and message exchanged": digest(key, text),
        "the body alone": digest(BODY),
        "the timestamp alone": digest(t),
        "a colon instead of the dot": digest(t + b":" + BODY),
        "no dot": digest(t + BODY),
        "body before timestamp": digest(BODY + b"." + t),
        "an id before the timestamp": digest(b"msg_1." + text),
        "milliseconds in the message": sig(t=NOW * 1000),
        "hexadecimal": digest(text).hex(),
        "hexadecimal in base64": digest(text).hex().encode(),
        "letters in the other case": sig().swapcase(),
    }
    for comment, signature in signatures.items():
        yield case("invalid", "WrongAlgorithm", comment, header(signature))


def spellings() -> Iterator[Vector]:
    values: dict[str, object] = {"now": NOW, "sig": sig(), "hex": digest(message()).hex()}
    values |= {"stale": NOW - 7200, "stale_sig": sig(t=NOW - 7200)}
    values |= {"wrong": b64(bytes(32)), "other": sig(PING)}
    for group in tomllib.loads((HERE / "headers.toml").read_text("utf-8"))["group"]:
        result, flags = group["result"], " ".join(group["flags"])
        for comment, template in group.get("headers", {}).items():
            yield case(result, flags, comment, Template(template).substitute(values))
        for comment, template in group.get("timestamps", {}).items():
            t = Template(template).substitute(values)
            yield case(result, flags, f"t: {comment}", signed(t=t))
    yield case("invalid", "LenientNumber", "t: 5000 digits", signed(t="9" * 5000))
    yield case("invalid", "Malformed", "no header")
    yield case("invalid", "Malformed", "4096 commas", "v1" + "," * 4096)
    yield case("invalid", "Malformed", "a sig of 8 KiB", header("A" * 8192))
    yield case("invalid", "Malformed NonAscii", "a byte 0xff", header("").encode() + b"\xff")

    right = sig(PLUS_AND_SLASH)
    url_safe = right.replace("+", "-").replace("/", "_")
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
    last = alphabet[alphabet.index(right[-2]) + 1]  # two of its six bits carry nothing
    for comment, signature in {
        "no padding": right.rstrip("="),
        "the URL-safe alphabet": url_safe,
        "the URL-safe alphabet, no padding": url_safe.rstrip("="),
        "unused bits of the last character set": f"{right[:-2]}{last}=",
        "a blank inside": f"{right[:20]} {right[20:]}",
    }.items():
        value = header(signature)
        yield case("acceptable", "EncodingMalleable", comment, value, body=PLUS_AND_SLASH)


def configurations() -> Iterator[Vector]:
    both, wrong = f"{signed()},sig={sig(key=PREVIOUS)}", header(bytes(32))
    for known, keys in {"new": [SECRET], "old": [PREVIOUS], "both": [PREVIOUS, SECRET]}.items():
        comment = f"two secrets signed, known: {known}"
        yield case("acceptable", "Rotation Grammar", comment, both, secrets=keys)
    for comment, keys in {
        "a newline after the secret": [f"{SECRET}\n"],
        "an empty secret before the right one": ["", SECRET],
    }.items():
        yield case("acceptable", "SecretHygiene", comment, signed(), secrets=keys)
    for comment, headers in {
        "right, then wrong": (signed(), wrong),
        "wrong, then right": (wrong, signed()),
        "right twice": (signed(), signed()),
    }.items():
        yield case("acceptable", "DuplicateHeader", f"two headers: {comment}", *headers)


def signing(
    flags: str, comment: str, body: bytes = BODY, keys: Sequence[str] = (SECRET,), t: int = NOW
) -> Vector:
    vector = {"comment": comment, "flags": flags.split(), "secrets": list(keys), "timestamp": t}
    vector |= {"body": b64(body), "result": "invalid"}
    if keys and all(keys) and 0 <= t < 10**12:
        signatures = [f"sig={sig(body, t, key)}" for key in keys]
        vector |= {"result": "valid", "header": ",".join([f"v1,t={t}", *signatures])}
    return vector


def signings() -> Iterator[Vector]:
    yield signing("Canonical", "an event")
    yield signing("Canonical", "a ping", PING)
    for comment in ("names outside ASCII", "bytes that are not UTF-8", "an empty body"):
        yield signing("RawBytes", comment, BODIES[comment])
    yield signing("Base64", "+ and / in the signature", PLUS_AND_SLASH)
    for comment, key in ODD_SECRETS.items():
        yield signing("Secret", f"a secret {comment}", keys=[key])
    for comment, keys in {
        "the new secret, then the old": [SECRET, PREVIOUS],
        "the old secret, then the new": [PREVIOUS, SECRET],
        "three secrets": [OLDEST, PREVIOUS, SECRET],
    }.items():
        yield signing("Rotation", comment, keys=keys)
    for t in (0, 1, 2**31, 10**12 - 1, 10**12, -1):
        yield signing("TimestampRange", f"t is {t}", t=t)
    for comment, keys in {"no": [], "an empty": [""], "one empty": [SECRET, ""]}.items():
        yield signing("WeakKey", f"{comment} secret", keys=keys)


def render() -> str:
    """Return the text of the file of vectors."""
    sections = [genuine, timestamps, forged_tags, forged_bodies, wrong_keys, other_constructions]
    sections += [spellings, configurations]
    verify: Vector = {"type": "PivotalSignature"}
    groups: list[Vector] = [
        verify | {"toleranceSeconds": 300, "tests": [case for each in sections for case in each()]},
        verify | {"toleranceSeconds": 60, "tests": list(narrow_tolerance())},
        {"type": "PivotalSign", "tests": list(signings())},
    ]
    vectors = [vector for group in groups for vector in group["tests"]]
    for number, vector in enumerate(vectors, 1):
        vector["tcId"] = number
    document = {
        "schema": "schema.json",
        "profile": "pivotal-v1",
        "generatorVersion": VERSION,
        "numberOfTests": len(vectors),
        "header": HEADER,
        "notes": tomllib.loads((HERE / "notes.toml").read_text("utf-8")),
        "testGroups": groups,
    }
    return json.dumps(document, indent=1) + "\n"


if __name__ == "__main__":
    TARGET.write_text(render(), "utf-8")
