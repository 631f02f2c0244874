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
from pivotal_sandbox.records.changes import Change as RecordChangeSet
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.scenarios.parser import Target
from pivotal_sandbox.scenarios.recorder import ActivityRecorder
from pivotal_sandbox.scenarios.references import flatten, references, resolve_references
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
        self, sandbox: Sandbox, recorder: ActivityRecorder, seed: int, receiver: Receiver | None
    ) -> None:
        self._sandbox = sandbox
        self._recorder = recorder
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
        receiver_secret = self._receiver.secret if self._receiver and target.url is None else None
        endpoint = await self._sandbox.add_endpoint(
            url,
            mode=target.mode,
            event_types=target.events,
            field_filter=target.field_filter,
            description=target.description,
            secret=target.secret if receiver_secret is None else receiver_secret,
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

    async def do(self, step: Step) -> StepResult:
        """Do it, wait until all that is due was attempted, and return what it did."""
        triggered, captures = len(self._recorder.triggered), len(self._recorder.captures)
        result = await _HANDLERS[type(step)](self, step)
        await self._sandbox.dispatcher.settle()
        for fired in self._recorder.triggered[triggered:]:
            result.types.append(fired.event.type)
            result.deliveries += [delivery.id for delivery in fired.deliveries]
        if result.exchanges:
            result.captures = list(self._recorder.captures)[captures:]
        name = getattr(step, "as_", None)
        if name is not None:
            self._named[name] = result
        return result

    def _subject(self, name: str) -> StepResult:
        """Return what is known of the record that a name stands for."""
        named = self._named[name]
        if not named.object:
            raise InputError(f'Of what "{name}" names its fault left no record.', pointer="/record")
        return named

    # -- one for each kind

    async def _fields(self, fields: dict[str, Any], key: str = "set") -> dict[str, Any]:
        resolved: dict[str, Any] = resolve_references(fields, await self.records(fields), f"/{key}")
        return resolved

    async def _create(self, step: Create) -> StepResult:
        fields = flatten(await self._fields(step.set))
        change, _ = await self._sandbox.change(
            step.mode, lambda store, now: store.create(step.object, fields, now)
        )
        replayed = change.records[-1]  # what had to be made for it comes before it
        return StepResult(step.object, replayed.id, step.mode, replayed.record)

    async def _change(self, step: Change) -> StepResult:
        named, fields = self._subject(step.record), flatten(await self._fields(step.set))
        object, id = named.object, named.record_id

        def change(store: Any, now: int) -> RecordChangeSet:
            changed: RecordChangeSet = store.change(object, id, fields, now)
            return changed

        await self._sandbox.change(named.mode, change)
        return StepResult(object, id, named.mode, named.record)

    async def _delete(self, step: Delete) -> StepResult:
        named = self._subject(step.record)
        await self.record(step.record)  # as it was last seen

        def delete(store: Any, now: int) -> RecordChangeSet:
            changed: RecordChangeSet = store.delete(named.object, named.record_id, now)
            return changed

        await self._sandbox.change(named.mode, delete)
        return StepResult(mode=named.mode)

    async def _trigger(self, step: Trigger) -> StepResult:
        fields, mode = flatten(await self._fields(step.set)), step.mode
        if step.record:
            named = self._subject(step.record)
            fields["id"], mode = named.record_id, mode or named.mode
        result = StepResult()
        for _ in range(step.count):
            triggered = await self._sandbox.trigger(
                step.type,
                mode=mode,
                set=fields,
                data=await self._fields(step.data, "data"),
                endpoint_id=self.endpoints[step.endpoint] if step.endpoint else None,
                validate=step.validate,
                fault=step.fault,
            )
            result = _record_of_event(
                triggered.event.body, self._sandbox.catalog.get(step.type).object
            )
            result.mode = triggered.event.mode
        return result

    async def _send(self, step: Send) -> StepResult:
        sandbox, now = self._sandbox, self._sandbox.clock.now()
        endpoint = sandbox.endpoints.get(self.endpoints[step.to])
        request = build_send_request(
            step,
            url=endpoint.url,
            secrets=endpoint.secrets(now),
            timestamp=int(sandbox.timestamp()),
            delivery_id=self._ids.new(DELIVERY, now),
        )
        return StepResult(exchanges=[(request, await sandbox.sender.send(request))])

    async def _replay(self, step: Replay) -> StepResult:
        deliveries = self._recorder.select_deliveries(
            None if step.of is None else self._named[step.of].deliveries, None, None
        )
        ids = [delivery.id for delivery in deliveries if step.status in (None, delivery.status)]
        edits = flatten(await self._fields(step.set)) or None
        replayed = await self._sandbox.replay(ids, verbatim=step.verbatim, set=edits)
        return StepResult(deliveries=[delivery.id for delivery in replayed])

    async def _advance(self, step: Advance) -> StepResult:
        await self._sandbox.advance(parse_duration(step.by))
        return StepResult()

    async def _bin(self, step: SetBin) -> StepResult:
        behaviour = parse_behavior(step.behaviour)
        await self._sandbox.receiver.set_bin(Bin(step.name, behaviour, secret=step.secret))
        return StepResult()

    async def _endpoint(self, step: SetEndpoint) -> StepResult:
        changes = {
            "enabled": step.enabled,
            "url": self.url(step),
            "event_types": None if step.events is None else tuple(step.events),
            "field_filter": None if step.field_filter is None else tuple(step.field_filter),
        }
        fields = {key: value for key, value in changes.items() if value is not None}
        await self._sandbox.update_endpoint(self.endpoints[step.name], **fields)
        return StepResult()

    async def _rotate(self, step: Rotate) -> StepResult:
        endpoint_id, overlap = self.endpoints[step.endpoint], parse_duration(step.overlap)
        await self._sandbox.rotate_secret(endpoint_id, overlap)
        return StepResult()

    async def _chaos(self, step: SetChaos) -> StepResult:
        self._sandbox.set_chaos(step.spec)
        return StepResult()


_HANDLERS: dict[type[Step], Callable[[StepExecutor, Any], Awaitable[StepResult]]] = {
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


def _record_of_event(body: bytes, object: str) -> StepResult:
    """Return the record that an event is about; a fault may have left nothing of it."""
    try:
        data = msgspec.json.decode(body)["data"]
        return StepResult(object, data["id"], record=data)
    except (ValueError, LookupError, TypeError):
        return StepResult()


def build_send_request(
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
