"""Build signed requests, each different, as cheaply as possible."""

import random
from itertools import cycle
from time import perf_counter

from pivotal_sandbox.clock import wall_time
from pivotal_sandbox.common.headers import SIGNATURE_HEADER
from pivotal_sandbox.common.ids import ALPHABET, DELIVERY, EVENT, Ids, lower_bound
from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.catalog import PING, Catalog
from pivotal_sandbox.domain.payload import build_body
from pivotal_sandbox.domain.request import build_request
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.http1 import encode_head
from pivotal_sandbox.signature import Signer

STOCK = 64
STOCK_S = 1.0

_RANDOM = 18  # characters of an id; those before are its time
_BASE62 = bytes(ord(ALPHABET[byte % len(ALPHABET)]) for byte in range(256))


class _RequestTemplate:
    """The bytes of a delivery of one event type, in the pieces between what is new each time."""

    def __init__(self, type: str, body: bytes, url: str, event_id: str, delivery_id: str) -> None:
        # Cut out of a delivery as the sandbox sends it, so that it cannot come to differ from one.
        request = build_request(
            delivery_id, type, body, url=url, secrets=["whsec_template"], timestamp=0
        )
        head = encode_head(request, parse_url(url))
        signature = dict(request.headers)[SIGNATURE_HEADER]
        self.head, rest = head.split(delivery_id.encode(), 1)
        self.between, self.head_end = rest.split(signature.encode(), 1)
        self.body, rest = body.split(event_id.encode(), 1)
        self.middle, self.body_end = rest.split(format_rfc3339(0).encode(), 1)


class RequestFactory:
    """Makes deliveries of the event types of a catalog in turn, each with ids of its own."""

    def __init__(self, url: str, secret: str, catalog: Catalog, source: random.Random) -> None:
        self._sign = Signer(secret).sign
        self._source = source
        ids = Ids(source)
        event_id, delivery_id = ids.new(EVENT, 0), ids.new(DELIVERY, 0)
        templates = [
            _RequestTemplate(
                event_type.name,
                build_body(event_id, event_type.name, 0, event_type.example["data"]),
                url,
                event_id,
                delivery_id,
            )
            for event_type in catalog
            if event_type.name != PING
        ]
        if not templates:
            raise InputError(f"The catalog has no event type but {PING}: there is no load in it.")
        self._next_template = cycle(templates).__next__
        self._stock: list[bytes] = []
        self._stocked_at = 0.0
        self._characters = b""

    def next(self) -> bytes:
        """Return the next request as it goes over the wire, created and signed now."""
        [request] = self._build_requests(1)
        return request

    def from_stock(self) -> bytes:
        """Return a request from a batch built less than about a second ago; see `freshen`.

        Built one after the other, with no sockets between, requests cost half the time.
        """
        if not self._stock:
            self._stocked_at = perf_counter()
            self._stock = self._build_requests(STOCK)
        return self._stock.pop()

    def freshen(self) -> None:
        """Throw away what has been in stock for a second."""
        if perf_counter() - self._stocked_at > STOCK_S:
            self._stock.clear()

    def _build_requests(self, count: int) -> list[bytes]:
        """Return new requests, created and signed now."""
        seconds = wall_time()
        now, timestamp = int(seconds * 1000), int(seconds)
        created_at = format_rfc3339(now).encode()
        event, delivery = (lower_bound(prefix, now).encode() for prefix in (EVENT, DELIVERY))
        # Ids by `Ids` count upwards within a millisecond, which costs more than all else here.
        size = count * 2 * _RANDOM
        if len(self._characters) < size:
            self._characters = self._source.randbytes(STOCK * 2 * _RANDOM).translate(_BASE62)
        characters, self._characters = self._characters[:size], self._characters[size:]
        requests = []
        for begin in range(0, size, 2 * _RANDOM):
            middle = begin + _RANDOM
            template = self._next_template()
            body = b"".join(
                (
                    template.body,
                    event,
                    characters[begin:middle],
                    template.middle,
                    created_at,
                    template.body_end,
                )
            )
            requests.append(
                b"".join(
                    (
                        template.head,
                        delivery,
                        characters[middle : middle + _RANDOM],
                        template.between,
                        self._sign(body, timestamp=timestamp),
                        template.head_end,
                        body,
                    )
                )
            )
        return requests
