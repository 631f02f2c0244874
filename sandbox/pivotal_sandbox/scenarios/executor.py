"""Does what the steps of a scenario say, in an open sandbox."""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pivotal_sandbox.common.durations import parse_duration
from pivotal_sandbox.common.headers import SIGNATURE_HEADER
from pivotal_sandbox.common.ids import DELIVERY, Ids
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.bins import Bin, parse_behavior
from pivotal_sandbox.domain.models import Mode, Outcome, Record, Request
from pivotal_sandbox.domain.request import build_request
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.receiver.capture import PREFIX
from pivotal_sandbox.receiver.forward import drop_hop_by_hop_headers
from pivotal_sandbox.records.changes import Change as Changed
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.scenarios.parser import Target
from pivotal_sandbox.scenarios.recorder import ActivityRecorder
from pivotal_sandbox.scenarios.references import filled, flat, references
from pivotal_sandbox.scenarios.steps import (
    Advance,
    Change,
    Create,
    Delete,
    Replay,
    Rotate,
    Send,
    SetBin,
    SetChaos,
    SetEndpoint,
    Step,
    Trigger,
)
from pivotal_sandbox.signature import sign_all


@dataclass(frozen=True, slots=True)
class Receiver:
    """The user's own receiver, in place of every bin."""

    url: str
    secret: str = field(repr=False)


@dataclass(slots=True)
class StepResult:
    """What a step did: to which record, and the ids of what came of it."""

    object: str = ""
    record_id: str = ""
    mode: Mode = "test"
    record: Record | None = None  # as it was last seen
    types: list[str] = field(default_factory=list)
    deliveries: list[str] = field(default_factory=list)
    captures: list[str] = field(default_factory=list)
    exchanges: list[tuple[Request, Outcome]] = field(default_factory=list)


class StepExecutor:
    """Holds the endpoints by their names, and what the named steps did."""

    def __init__(
        self, sandbox: Sandbox, sight: ActivityRecorder, seed: int, receiver: Receiver | None
    ) -> None:
        self._sandbox = sandbox
        self._sight = sight
        self._receiver = receiver
        self._ids = Ids(random.Random(f"{seed}/story"))
        self._named: dict[str, StepResult] = {}
        self.endpoints: dict[str, str] = {}

    def url(self, target: Target | SetEndpoint) -> str | None:
        """Return where an endpoint leads; None where that is not said."""
        if target.url is not None:
            return target.url
        if target.bin is None:
            return None
        if self._receiver:
            return self._receiver.url
        return f"{self._sandbox.base_url}{PREFIX}{target.bin}"

    async def add(self, name: str, target: Target) -> None:
        """Add an endpoint, which is sent its ping."""
        url = self.url(target)
        assert url is not None  # a target has one or a bin
        if target.bin and not self._receiver and target.behaviour is not None:
            await self._sandbox.receiver.set_bin(Bin(target.bin, target.answers()))
        mine = self._receiver.secret if self._receiver and target.url is None else None
        endpoint = await self._sandbox.add_endpoint(
            url,
            mode=target.mode,
            event_types=target.events,
            field_filter=target.field_filter,
            description=target.description,
            secret=target.secret if mine is None else mine,
        )
        self.endpoints[name] = endpoint.id

    def name_of(self, endpoint_id: str) -> str:
        """Return what the story calls an endpoint."""
        names = (name for name, id in self.endpoints.items() if id == endpoint_id)
        return next(names, endpoint_id)

    def named(self, name: str | None) -> StepResult | None:
        """Return what the step of that name did; None for none."""
        return None if name is None else self._named[name]

    async def record(self, name: str) -> Record | None:
        """Return the record that a name stands for as it is now; None where it is gone."""
        named = self._subject(name)
        found = (await self._sandbox.records(named.mode, named.object)).get(named.record_id)
        named.record = found or named.record
        return found

    async def records(self, value: object) -> dict[str, Record]:
        """Return the records that a value refers to by name, those that are gone as they were."""
        found: dict[str, Record] = {}
        for _, name in references(value):
            await self.record(name)
            found[name] = self._named[name].record or {}
        return found

    async def do(self, deed: Step) -> StepResult:
        """Do it, wait until all that is due was attempted, and return what it did."""
        triggered, captures = len(self._sight.triggered), len(self._sight.captures)
        did = await _DOES[type(deed)](self, deed)
        await self._sandbox.dispatcher.settle()
        for fired in self._sight.triggered[triggered:]:
            did.types.append(fired.event.type)
            did.deliveries += [delivery.id for delivery in fired.deliveries]
        if did.exchanges:
            did.captures = list(self._sight.captures)[captures:]
        name = getattr(deed, "as_", None)
        if name is not None:
            self._named[name] = did
        return did

    def _subject(self, name: str) -> StepResult:
        """Return what is known of the record that a name stands for."""
        named = self._named[name]
        if not named.object:
            raise InputError(f'Of what "{name}" names its fault left no record.', pointer="/record")
        return named

    # -- one for each kind

    async def _fields(self, fields: dict[str, Any], key: str = "set") -> dict[str, Any]:
        given: dict[str, Any] = filled(fields, await self.records(fields), f"/{key}")
        return given

    async def _create(self, deed: Create) -> StepResult:
        given = flat(await self._fields(deed.set))
        change, _ = await self._sandbox.change(
            deed.mode, lambda world, now: world.create(deed.object, given, now)
        )
        made = change.records[-1]  # what had to be made for it comes before it
        return StepResult(deed.object, made.id, deed.mode, made.record)

    async def _change(self, deed: Change) -> StepResult:
        named, given = self._subject(deed.record), flat(await self._fields(deed.set))
        object, id = named.object, named.record_id

        def change(world: Any, now: int) -> Changed:
            changed: Changed = world.change(object, id, given, now)
            return changed

        await self._sandbox.change(named.mode, change)
        return StepResult(object, id, named.mode, named.record)

    async def _delete(self, deed: Delete) -> StepResult:
        named = self._subject(deed.record)
        await self.record(deed.record)  # as it was last seen

        def delete(world: Any, now: int) -> Changed:
            changed: Changed = world.delete(named.object, named.record_id, now)
            return changed

        await self._sandbox.change(named.mode, delete)
        return StepResult(mode=named.mode)

    async def _trigger(self, deed: Trigger) -> StepResult:
        given, mode = flat(await self._fields(deed.set)), deed.mode
        if deed.record:
            named = self._subject(deed.record)
            given["id"], mode = named.record_id, mode or named.mode
        did = StepResult()
        for _ in range(deed.count):
            triggered = await self._sandbox.trigger(
                deed.type,
                mode=mode,
                set=given,
                data=await self._fields(deed.data, "data"),
                endpoint_id=self.endpoints[deed.endpoint] if deed.endpoint else None,
                validate=deed.validate,
                fault=deed.fault,
            )
            did = _about(triggered.event.body, self._sandbox.catalog.get(deed.type).object)
            did.mode = triggered.event.mode
        return did

    async def _send(self, deed: Send) -> StepResult:
        sandbox, now = self._sandbox, self._sandbox.clock.now()
        endpoint = sandbox.endpoints.get(self.endpoints[deed.to])
        request = given_request(
            deed,
            url=endpoint.url,
            secrets=endpoint.secrets(now),
            timestamp=int(sandbox.timestamp()),
            delivery_id=self._ids.new(DELIVERY, now),
        )
        return StepResult(exchanges=[(request, await sandbox.sender.send(request))])

    async def _replay(self, deed: Replay) -> StepResult:
        chosen = self._sight.chosen(
            None if deed.of is None else self._named[deed.of].deliveries, None, None
        )
        ids = [delivery.id for delivery in chosen if deed.status in (None, delivery.status)]
        edits = flat(await self._fields(deed.set)) or None
        made = await self._sandbox.replay(ids, verbatim=deed.verbatim, set=edits)
        return StepResult(deliveries=[delivery.id for delivery in made])

    async def _advance(self, deed: Advance) -> StepResult:
        await self._sandbox.advance(parse_duration(deed.by))
        return StepResult()

    async def _bin(self, deed: SetBin) -> StepResult:
        behaviour = parse_behavior(deed.behaviour)
        await self._sandbox.receiver.set_bin(Bin(deed.name, behaviour, secret=deed.secret))
        return StepResult()

    async def _endpoint(self, deed: SetEndpoint) -> StepResult:
        changes = {
            "enabled": deed.enabled,
            "url": self.url(deed),
            "event_types": None if deed.events is None else tuple(deed.events),
            "field_filter": None if deed.field_filter is None else tuple(deed.field_filter),
        }
        given = {key: value for key, value in changes.items() if value is not None}
        await self._sandbox.update_endpoint(self.endpoints[deed.name], **given)
        return StepResult()

    async def _rotate(self, deed: Rotate) -> StepResult:
        endpoint_id, overlap = self.endpoints[deed.endpoint], parse_duration(deed.overlap)
        await self._sandbox.rotate_secret(endpoint_id, overlap)
        return StepResult()

    async def _chaos(self, deed: SetChaos) -> StepResult:
        self._sandbox.set_chaos(deed.spec)
        return StepResult()


_DOES: dict[type[Step], Callable[[StepExecutor, Any], Awaitable[StepResult]]] = {
    Create: StepExecutor._create,
    Change: StepExecutor._change,
    Delete: StepExecutor._delete,
    Trigger: StepExecutor._trigger,
    Send: StepExecutor._send,
    Replay: StepExecutor._replay,
    Advance: StepExecutor._advance,
    SetBin: StepExecutor._bin,
    SetEndpoint: StepExecutor._endpoint,
    Rotate: StepExecutor._rotate,
    SetChaos: StepExecutor._chaos,
}


def _about(body: bytes, object: str) -> StepResult:
    """Return the record that an event is about; a fault may have left nothing of it."""
    try:
        data = msgspec.json.decode(body)["data"]
        return StepResult(object, data["id"], record=data)
    except (ValueError, LookupError, TypeError):
        return StepResult()


def given_request(
    send: Send, *, url: str, secrets: Sequence[str], timestamp: int, delivery_id: str
) -> Request:
    """Return the request to put on the wire: the bytes that are given, to the endpoint's URL.

    `timestamp` (Unix seconds) and `delivery_id` are for what is signed here. Raises `InputError`.
    """
    target, body = url + send.path, send.content()
    if send.headers is None:
        planned = build_request(
            delivery_id,
            send.type or "",
            body,
            url=target,
            secrets=secrets,
            timestamp=timestamp,
        )
        return Request(send.method, target, planned.headers, body)
    headers = list(drop_hop_by_hop_headers(send.headers))
    if send.signs:
        _replace(headers, SIGNATURE_HEADER, sign_all(body, secrets, timestamp=timestamp))
    _replace(headers, "host", parse_url(target).authority)
    if body or send.method not in ("GET", "HEAD"):
        headers.append(("content-length", str(len(body))))
    return Request(send.method, target, tuple(headers), body)


def _replace(headers: list[tuple[str, str]], name: str, value: str) -> None:
    """Give the one header of that name the value; others of it are dropped."""
    places = [index for index, header in enumerate(headers) if header[0].lower() == name]
    for index in reversed(places[1:]):
        del headers[index]
    if places:
        headers[places[0]] = (headers[places[0]][0], value)
    else:
        headers.insert(0 if name == "host" else len(headers), (name, value))
