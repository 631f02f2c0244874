"""Spoils events as they are made, and the request of a delivery, by the fault that it has."""

from collections.abc import Sequence

from pivotal_sandbox.domain.catalog import Catalog
from pivotal_sandbox.domain.models import Event, Request
from pivotal_sandbox.faults.content import dated, spoil_event
from pivotal_sandbox.faults.registry import find_fault, get_fault
from pivotal_sandbox.faults.signature import SPOIL as SIGNATURE
from pivotal_sandbox.faults.signature import SigningContext, Spoil, with_header
from pivotal_sandbox.faults.traffic import OLDER
from pivotal_sandbox.faults.transport import SPOIL as TRANSPORT


def _wrong_content_type(request: Request, signing: SigningContext) -> Request:
    return with_header(request, "content-type", "text/plain")


_SPOIL: dict[str, Spoil] = {**SIGNATURE, **TRANSPORT, "wrong-content-type": _wrong_content_type}


def spoil_events(name: str, events: Sequence[Event], catalog: Catalog) -> list[Event]:
    """Return the events that one fault is made of, in order of time, as it has them.

    Raises `InputError` for a fault that there is not, or that finds nothing to spoil.
    """
    fault = get_fault(name)
    spoilt = [spoil_event(fault.name, event, catalog) for event in events]
    if fault.name == "out-of-order":
        spoilt[0] = dated(spoilt[0], spoilt[0].created_at - OLDER)
    return spoilt


def spoil(name: str | None, request: Request, signing: SigningContext, *, number: int) -> Request:
    """Return the request of the attempt with that number, spoiled where the fault does that."""
    fault = find_fault(name)
    if fault is None or fault.name not in _SPOIL or (number > 1 and not fault.every):
        return request
    return _SPOIL[fault.name](request, signing)
