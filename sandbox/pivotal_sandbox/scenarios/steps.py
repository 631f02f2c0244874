"""What a step of a scenario does: a struct for each kind, which is its keys, and their registry."""

import base64
import binascii
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from pivotal_sandbox.common.durations import parse_duration
from pivotal_sandbox.common.headers import METHOD_PATTERN, NAME_PATTERN
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.bins import parse_behavior
from pivotal_sandbox.domain.catalog import NAME as TYPE
from pivotal_sandbox.domain.catalog import PING, check_subscription
from pivotal_sandbox.domain.models import Mode, Status
from pivotal_sandbox.errors import InputError, did_you_mean
from pivotal_sandbox.faults.chaos import parse_chaos
from pivotal_sandbox.faults.registry import get_fault
from pivotal_sandbox.scenarios.references import Scope

COUNT_MOST = 10_000
"""The methods, and the names of headers, that `send` can send."""
STATUSES: tuple[Status, ...] = ("pending", "retrying", "delivered", "failed", "cancelled")


class Step(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One kind of step. A bare value in the file is short for its key `SHORT`."""

    SHORT: ClassVar[str] = ""

    def check(self, scope: Scope) -> None:
        """Raise `InputError` naming the key that is wrong; give the scope what the step names."""
        raise NotImplementedError


class Create(Step, frozen=True):
    """Make a record with the fields of `set`, and send what that fires."""

    SHORT = "object"
    object: str
    set: dict[str, Any] = {}
    mode: Mode = "test"
    as_: str | None = msgspec.field(default=None, name="as")

    def check(self, scope: Scope) -> None:
        if self.object not in scope.catalog.objects:
            objects = scope.catalog.objects
            hint = did_you_mean(self.object, objects) or f" There are: {', '.join(objects)}."
            raise InputError(f'There is no object "{self.object:.80}".{hint}', pointer="/object")
        scope.values(self.set, "/set")
        scope.give(self.as_, self.object)


class Change(Step, frozen=True):
    """Give the fields in `set` of a named record new values, and send what that fires."""

    record: str
    set: dict[str, Any]
    as_: str | None = msgspec.field(default=None, name="as")

    def check(self, scope: Scope) -> None:
        object = scope.record(self.record)
        if not self.set:
            raise InputError('Say what to change, as { health = "at_risk" }.', pointer="/set")
        scope.values(self.set, "/set")
        scope.give(self.as_, object)


class Delete(Step, frozen=True):
    """Delete a named record with all that belongs to it, and send what that fires."""

    SHORT = "record"
    record: str
    as_: str | None = msgspec.field(default=None, name="as")

    def check(self, scope: Scope) -> None:
        scope.record(self.record)
        scope.give(self.as_)


class Trigger(Step, frozen=True):
    """Make the change that fires `type`, to a named record or one that is fit, and send that."""

    SHORT = "type"
    type: str
    record: str | None = None
    set: dict[str, Any] = {}
    data: dict[str, Any] = {}
    endpoint: str | None = None
    mode: Mode | None = None
    fault: str | None = None
    count: int = 1
    validate: bool = True
    as_: str | None = msgspec.field(default=None, name="as")

    def check(self, scope: Scope) -> None:
        scope.type(self.type)
        object = scope.catalog.get(self.type).object
        known = scope.record(self.record)
        if known not in (None, object):
            raise InputError(
                f'{self.type} happens to a record of kind {object}, and "{self.record}" is a '
                f"{known}.",
                pointer="/record",
            )
        scope.values(self.set, "/set")
        scope.values(self.data, "/data")
        scope.endpoint(self.endpoint)
        if self.type == PING and self.endpoint is None:
            raise InputError(f"{PING} goes to one endpoint: name it.", pointer="/endpoint")
        mode = scope.endpoints[self.endpoint] if self.endpoint else None
        if self.mode is not None and mode not in (None, self.mode):
            raise InputError(f'"{self.endpoint}" is an endpoint of {mode} mode.', pointer="/mode")
        if self.fault is not None:
            get_fault(self.fault)
        if not 1 <= self.count <= COUNT_MOST:
            raise InputError(f"The count is from 1 to {COUNT_MOST}.", pointer="/count")
        scope.give(self.as_, None if self.type == PING else object)


class Send(Step, frozen=True):
    """Put a request on the wire, its body to the byte, outside of the log of deliveries.

    Without `headers` it has those of a delivery, signed with the endpoint's secret; with them it
    has these, in this order, and `sign` makes the signature among them anew. `path` is what follows
    the endpoint's URL. A body that is no UTF-8 is `body_base64`.
    """

    to: str
    body: str | None = None
    body_base64: str | None = None
    headers: tuple[tuple[str, str], ...] | None = None
    sign: bool | None = None
    method: str = "POST"
    path: str = ""
    as_: str | None = msgspec.field(default=None, name="as")

    def check(self, scope: Scope) -> None:
        scope.endpoint(self.to, "/to")
        if self.body is not None and self.body_base64 is not None:
            raise InputError("Give one of body and body_base64.", pointer="/body_base64")
        try:
            self.content()
        except binascii.Error:
            raise InputError("It is no base64, padded.", pointer="/body_base64") from None
        if self.headers is None and self.type is None:
            raise InputError(
                "Without headers the body is an event: a JSON object with a type.", pointer="/body"
            )
        if not METHOD_PATTERN.fullmatch(self.method):
            raise InputError(f'"{self.method:.40}" is no method.', pointer="/method")
        for index, (name, value) in enumerate(self.headers or ()):
            if (
                not NAME_PATTERN.fullmatch(name)
                or any(character in value for character in "\r\n\0")
                or not _is_latin(value)
            ):
                raise InputError("It is no header that can be sent.", pointer=f"/headers/{index}")
        if self.path:
            if self.path[0] not in "/?":
                raise InputError('It begins with "/" or "?".', pointer="/path")
            try:
                parse_url(f"http://localhost{self.path}")
            except InputError as error:
                raise InputError(str(error), pointer="/path") from None
        scope.give(self.as_)

    @property
    def signs(self) -> bool:
        """Whether the signature is made when it is sent."""
        return self.headers is None if self.sign is None else self.sign

    def content(self) -> bytes:
        """Return the bytes of the body."""
        if self.body_base64 is not None:
            return base64.b64decode(self.body_base64, validate=True)
        return (self.body or "").encode()

    @property
    def type(self) -> str | None:
        """The type of the event that the body is, if it is one."""
        try:
            event = msgspec.json.decode(self.content())
        except (ValueError, RecursionError):
            return None
        type = event.get("type") if isinstance(event, dict) else None
        return type if isinstance(type, str) and TYPE.match(type) else None


class Replay(Step, frozen=True):
    """Send deliveries again: those of a named step, or all with that status."""

    SHORT = "of"
    of: str | None = None
    status: Status | None = None
    verbatim: bool = False
    set: dict[str, Any] = {}
    as_: str | None = msgspec.field(default=None, name="as")

    def check(self, scope: Scope) -> None:
        if self.of is None and self.status is None:
            raise InputError('Say what to replay: of = "…", or status = "failed".', pointer="/of")
        scope.known(self.of)
        scope.values(self.set, "/set")
        if self.verbatim and self.set:
            raise InputError("What is repeated verbatim is not edited.", pointer="/verbatim")
        scope.give(self.as_)


class Advance(Step, frozen=True):
    """Move the clock, making every attempt that falls due on the way."""

    SHORT = "by"
    by: str

    def check(self, scope: Scope) -> None:
        _at("/by", parse_duration, self.by)


class SetBin(Step, frozen=True):
    """Say how a bin answers: a step for each request, the last of which repeats.

    With a `secret` it verifies by that, and not by those of the endpoints that lead to it.
    """

    name: str
    behaviour: list[Any] = msgspec.field(default_factory=lambda: [200])
    secret: str | None = None

    def check(self, scope: Scope) -> None:
        scope.bin(self.name, "/name")
        parse_behavior(self.behaviour)
        if self.secret == "":
            raise InputError("An empty secret verifies nothing.", pointer="/secret")


class SetEndpoint(Step, frozen=True):
    """Change an endpoint: where it is, what it wants, whether it is enabled."""

    name: str
    enabled: bool | None = None
    url: str | None = None
    bin: str | None = None
    events: list[str] | None = None
    field_filter: list[str] | None = None

    def check(self, scope: Scope) -> None:
        scope.endpoint(self.name, "/name")
        if self.url is not None:
            _at("/url", parse_url, self.url)
            if self.bin is not None:
                raise InputError("Give one of url and bin.", pointer="/bin")
        scope.bin(self.bin)
        check_endpoint_subscription(self.events or ["*"], self.field_filter or [], scope)


class Rotate(Step, frozen=True):
    """Give an endpoint a new secret; the old one signs too for the overlap."""

    SHORT = "endpoint"
    endpoint: str
    overlap: str = "24h"

    def check(self, scope: Scope) -> None:
        scope.endpoint(self.endpoint)
        _at("/overlap", parse_duration, self.overlap)


class SetChaos(Step, frozen=True):
    """Let things go wrong by chance, as "5xx=10%"; "" ends that."""

    SHORT = "spec"
    spec: str

    def check(self, scope: Scope) -> None:
        _at("/spec", parse_chaos, self.spec)


def check_endpoint_subscription(events: list[str], field_filter: list[str], scope: Scope) -> None:
    """Raise `InputError` for event types or fields that an endpoint cannot want."""
    try:
        check_subscription(events, field_filter, scope.catalog)
    except InputError as error:
        raise InputError(
            str(error), pointer=error.pointer.replace("/event_types", "/events")
        ) from None


def _at(pointer: str, parse: Any, text: str) -> None:
    try:
        parse(text)
    except InputError as error:
        raise InputError(str(error), pointer=pointer) from None


def _is_latin(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
