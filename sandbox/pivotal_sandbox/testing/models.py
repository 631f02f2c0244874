"""The headers of a request or response, looked up whatever their case."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from pivotal_sandbox.common.headers import EVENT_HEADER
from pivotal_sandbox.common.http_status import is_success
from pivotal_sandbox.common.timestamps import to_datetime
from pivotal_sandbox.domain import models
from pivotal_sandbox.domain.models import Mode
from pivotal_sandbox.receiver.verification import Verdict, verify_request


class Headers(Mapping[str, str]):
    """A mapping whose keys have no case; a name that comes twice has its values joined by commas.

    `pairs` are the headers as they went over the wire: names, order and repetitions.
    """

    def __init__(self, pairs: models.Headers) -> None:
        self.pairs = pairs

    def __getitem__(self, name: str) -> str:
        values = self.all(name)
        if not values:
            raise KeyError(name)
        return ", ".join(values)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower() for name, _ in self.pairs))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def all(self, name: str) -> list[str]:
        """Return every value that a name has."""
        return [value for key, value in self.pairs if key.lower() == name.lower()]

    def __repr__(self) -> str:
        return f"Headers({dict(self)!r})"


_UNJUDGED = Verdict(signed=False, verified=None, reason=None, sentence="")


@dataclass(frozen=True)
class Request:
    """One request as it went over the wire.

    `verify_request` verifies its signature; that is done when it is first asked for.
    """

    method: str
    url: str
    headers: Headers
    body: bytes = field(repr=False)
    verify_request: Callable[[], Verdict] = field(
        default=lambda: _UNJUDGED, repr=False, compare=False
    )

    @cached_property
    def _verdict(self) -> Verdict:
        return self.verify_request()

    @property
    def verified(self) -> bool | None:
        """Whether the signature holds: None where no secret is known."""
        return self._verdict.verified

    @property
    def verdict(self) -> str:
        """What there is to say of the signature, in a sentence."""
        return self._verdict.sentence

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def event(self) -> str | None:
        """The type of event that the `pivotal-event` header names."""
        return self.headers.get(EVENT_HEADER)

    def json(self) -> Any:
        """Return the body, parsed."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. The body is cut at 64 KiB, which `truncated` tells."""

    status_code: int
    headers: Headers
    body: bytes = field(repr=False)
    truncated: bool = False

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body, parsed."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: what was sent, and what came back, or why nothing did.

    `error` is one of timeout, connection_refused, connection_reset, dns, tls, protocol, blocked and
    interrupted;
    `detail` says it in a sentence. `secrets` are those that the endpoint had at that time.
    """

    delivery_id: str
    number: int
    started_at: datetime
    duration_ms: float
    request: Request
    response: Response | None
    error: str | None
    detail: str | None
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def status_code(self) -> int | None:
        """The answer's status, or None if there was no answer."""
        return self.response.status_code if self.response else None

    @property
    def ok(self) -> bool:
        """Whether the receiver took it: any 2xx that arrived whole, in time."""
        return self.response is not None and is_success(self.response.status_code)

    @property
    def came_back(self) -> str:
        """What came back, in a word: the status, or the error."""
        return str(self.status_code or self.error)


def attempt_of(
    attempt: models.Attempt, url: str, body: bytes, secrets: tuple[str, ...], wall: float
) -> Attempt:
    """Return the attempt as tests see it. `wall` is what its receiver's clock says."""
    outcome, response = attempt.outcome, attempt.outcome.response
    headers = attempt.request_headers
    request = Request(
        "POST",
        url,
        Headers(headers),
        body,
        lambda: verify_request(headers, body, secrets, now=wall),
    )
    return Attempt(
        delivery_id=attempt.delivery_id,
        number=attempt.number,
        started_at=to_datetime(attempt.started_at),
        duration_ms=outcome.timing.total_ms,
        request=request,
        response=None
        if response is None
        else Response(
            response.status_code, Headers(response.headers), response.body, response.truncated
        ),
        error=outcome.error,
        detail=outcome.detail,
        secrets=secrets,
    )


class Event:
    """What happened. `body` is what is sent; `data` the record, as it was at that time."""

    def __init__(self, event: models.Event) -> None:
        self.id = event.id
        self.type = event.type
        self.mode = event.mode
        self.body = event.body
        self.changed = event.changed
        self.created_at: datetime = to_datetime(event.created_at)

    @property
    def data(self) -> dict[str, Any]:
        """The record that the event is about: a copy, to be altered as you like."""
        data: dict[str, Any] = json.loads(self.body)["data"]
        return data

    def __repr__(self) -> str:
        return f"<Event {self.id} {self.type}>"


Status = models.Status | Literal["filtered"]


class Delivery:
    """A delivery. It is alive: after `advance` it says what has become of it since.

    `status` is pending, retrying, delivered, failed or cancelled; `filtered` is what no endpoint
    wanted: such a one has no id and is never attempted.
    """

    def __init__(
        self, event: Event, delivery: models.Delivery | None = None, why: str = ""
    ) -> None:
        self.event = event
        self.attempts: list[Attempt] = []
        self._delivery = delivery
        self._why = why

    def update(self, delivery: models.Delivery) -> None:
        """Take over what has become of it."""
        self._delivery = delivery

    @property
    def id(self) -> str:
        """The delivery's id, which the `pivotal-delivery-id` header carries."""
        return self._delivery.id if self._delivery else ""

    @property
    def endpoint_id(self) -> str:
        """The id of the endpoint that it goes to."""
        return self._delivery.endpoint_id if self._delivery else ""

    @property
    def url(self) -> str:
        """Where it goes: the endpoint's URL at the time when it was made."""
        return self._delivery.url if self._delivery else ""

    @property
    def status(self) -> Status:
        """What has become of it."""
        return self._delivery.status if self._delivery else "filtered"

    @property
    def fault(self) -> str | None:
        """How it was spoilt on purpose."""
        return self._delivery.fault if self._delivery else None

    @property
    def replay_of(self) -> str | None:
        """The id of the delivery that this one repeats."""
        return self._delivery.replay_of if self._delivery else None

    @property
    def last(self) -> Attempt | None:
        """The latest attempt."""
        return self.attempts[-1] if self.attempts else None

    @property
    def request(self) -> Request | None:
        """What was sent in the latest attempt."""
        return self.last.request if self.last else None

    @property
    def response(self) -> Response | None:
        """What the latest attempt was answered."""
        return self.last.response if self.last else None

    @property
    def ok(self) -> bool:
        """Whether it is delivered: the latest attempt was answered by a 2xx."""
        return self.status == "delivered"

    @property
    def said(self) -> str:
        """What came of it, in a few words."""
        if not self._delivery:
            return self._why
        if not self.last:
            return "no attempt yet"
        tries = "" if len(self.attempts) == 1 else f" (attempt {len(self.attempts)})"
        text = self.last.detail or (self.response.text if self.response else "")
        brief = " ".join(text.split())
        brief = brief if len(brief) <= 60 else f"{brief[:59]}…"
        return f"{self.last.came_back}{tries}" + (f": {brief}" if brief else "")

    def __repr__(self) -> str:
        fault = f" fault={self.fault}" if self.fault else ""
        return f"<Delivery of {self.event.type}{fault}: {self.status}, {self.said}>"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A receiver. `ping` is the delivery of the `webhook.ping` that it was sent when it was added.

    `secret` is what its requests are signed with.
    """

    id: str
    url: str
    mode: Mode
    secret: str = field(repr=False)
    ping: Delivery
    _deliveries: Callable[[], list[Delivery]] = field(repr=False)

    @property
    def deliveries(self) -> list[Delivery]:
        """All that was sent to it, oldest first, the ping included."""
        return [delivery for delivery in self._deliveries() if delivery.endpoint_id == self.id]
