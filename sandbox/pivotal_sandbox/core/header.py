"""A header among others, whatever the case of its name."""

from collections.abc import Iterable


def header_of(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """Return the first value of the header `name` (in lower case), or None where there is none."""
    for one, value in headers:  # a generator would take three times as long, and each delivery asks
        if one.lower() == name:
            return value
    return None
