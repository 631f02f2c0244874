"""Apply a fault to the events it consists of and to the requests of a delivery."""

from collections.abc import Sequence

from pivotal_sandbox.domain.catalog import Catalog
from pivotal_sandbox.domain.models import Event, Request
from pivotal_sandbox.faults.content import alter_event, dated
from pivotal_sandbox.faults.registry import find_fault, get_fault
from pivotal_sandbox.faults.signature import ALTERATIONS as SIGNATURE
from pivotal_sandbox.faults.signature import Alteration, SigningContext, with_header
from pivotal_sandbox.faults.traffic import OLDER
from pivotal_sandbox.faults.transport import ALTERATIONS as TRANSPORT


def _wrong_content_type(request: Request, signing: SigningContext) -> Request:
    return with_header(request, "content-type", "text/plain")


_ALTERATIONS: dict[str, Alteration] = {
    **SIGNATURE,
    **TRANSPORT,
    "wrong-content-type": _wrong_content_type,
}


def alter_events(name: str, events: Sequence[Event], catalog: Catalog) -> list[Event]:
    """Return the events that the fault consists of, in order of time, altered by it.

    Raise `InputError` for an unknown fault, or one that finds nothing to alter.
    """
    fault = get_fault(name)
    altered = [alter_event(fault.name, event, catalog) for event in events]
    if fault.order == "newest-first":
        altered[0] = dated(altered[0], altered[0].created_at - OLDER)
    return altered


def alter_request(
    name: str | None, request: Request, signing: SigningContext, *, number: int
) -> Request:
    """Return the request of attempt `number`, altered if the fault applies to that attempt."""
    fault = find_fault(name)
    if fault is None or fault.name not in _ALTERATIONS or (number > 1 and not fault.every):
        return request
    return _ALTERATIONS[fault.name](request, signing)
