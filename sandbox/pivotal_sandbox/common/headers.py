"""HTTP headers: the names that Pivotal sends, and how to find one among others."""

import re
from collections.abc import Iterable

EVENT_HEADER = "pivotal-event"
DELIVERY_ID_HEADER = "pivotal-delivery-id"
SIGNATURE_HEADER = "pivotal-signature"

METHOD_PATTERN = re.compile("[A-Za-z]+")
"""The methods that a scenario file can name."""
NAME_PATTERN = re.compile("[A-Za-z0-9_-]+")
"""The header names that a scenario file can name."""


def header_value(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """Return the first value of the header `name` (lower case), or None if there is none."""
    # A generator would take three times as long, and this runs for each delivery.
    for header, value in headers:
        if header.lower() == name:
            return value
    return None
