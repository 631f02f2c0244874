"""Resolve references within a JSON document, such as "#/components/schemas/Customer"."""

from typing import Any

from referencing import Registry, Specification
from referencing.exceptions import Unresolvable

from pivotal_sandbox.errors import InputError


def resolve_reference(document: Any, reference: Any) -> Any:
    """Return the part of `document` that `reference` names.

    Raise `InputError` if it names no part, or a part of another document: nothing is fetched.
    """
    if not isinstance(reference, str) or not reference.startswith("#"):
        raise InputError(
            f'"{reference!s:.80}" leads out of the document; nothing is fetched.', pointer="/$ref"
        )
    resource = Specification.OPAQUE.create_resource(document)
    registry = Registry[Any]().with_resource("", resource)
    try:
        return registry.resolver().lookup(reference).contents
    except (Unresolvable, TypeError, ValueError):  # the last two: a text or number has no parts
        raise InputError(f'"{reference:.80}" leads nowhere.', pointer="/$ref") from None
