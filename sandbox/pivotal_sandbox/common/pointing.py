"""References within a JSON document: "#/components/schemas/Customer"."""

from typing import Any
from urllib.parse import unquote

from pivotal_sandbox.errors import InputError


def follow(document: Any, reference: Any) -> Any:
    """Return what a reference leads to. Raises `InputError` where that is nothing in here."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        raise InputError(
            f'"{reference!s:.80}" leads out of the document; nothing is fetched.', pointer="/$ref"
        )
    found = document
    for part in unquote(reference[1:]).split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and key in found:
            found = found[key]
        elif isinstance(found, list) and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        else:
            raise InputError(f'"{reference:.80}" leads nowhere.', pointer="/$ref")
    return found
