"""What a step does, in a few words."""

from collections.abc import Callable, Mapping
from typing import Any

from pivotal_sandbox.common.durations import format_duration
from pivotal_sandbox.common.json_values import written
from pivotal_sandbox.common.text import counted, plural
from pivotal_sandbox.domain.bins import Step as Answer
from pivotal_sandbox.domain.bins import parse_behavior
from pivotal_sandbox.scenarios.parser import Target
from pivotal_sandbox.scenarios.references import flat
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

_SHOWN = 60  # characters of a value


def added(name: str, target: Target, url: str) -> str:
    """Return the words for an endpoint that is added."""
    wants = "every type" if "*" in target.events else ", ".join(target.events)
    if target.field_filter:
        wants += f" where {', '.join(target.field_filter)} changed"
    where = f"bin {target.bin}" if target.bin and "/in/" in url else url
    mode = "" if target.mode == "test" else f"{target.mode} "
    return f"{mode}endpoint {name} wants {wants}, at {where}"


def answering(name: str, behaviour: tuple[Answer, ...]) -> str:
    """Return the words for how a bin answers."""
    *first, last = (_answer(step) for step in behaviour)
    then = f"{', '.join(first)}, then {last}" if first else last
    return f"bin {name} answers {then}"


def wording(deed: Step) -> str:
    """Return the words for what a step does."""
    return _WORDS[type(deed)](deed)


def _answer(step: Answer) -> str:
    if step.hang:
        return "nothing, and hangs"
    if step.reset:
        return "by a reset"
    return f"{step.status} after {format_duration(step.delay)}" if step.delay else f"{step.status}"


def _fields(values: Mapping[str, Any]) -> str:
    shown = (f"{path} {_value(value)}" for path, value in flat(values).items())
    return f": {', '.join(shown)}" if values else ""


def _value(value: Any) -> str:
    text = "null" if value == "$null" else written(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _create(deed: Create) -> str:
    return f"create {deed.object}{f' {deed.as_}' if deed.as_ else ''}{_fields(deed.set)}"


def _trigger(deed: Trigger) -> str:
    times = f" × {deed.count}" if deed.count > 1 else ""
    parts = [f"trigger {deed.type}{times}"]
    if deed.record:
        parts.append(f"of {deed.record}")
    if deed.endpoint:
        parts.append(f"to {deed.endpoint}")
    if deed.fault:
        parts.append(f"with the fault {deed.fault}")
    return " ".join(parts) + _fields({**deed.data, **deed.set})


def _send(deed: Send) -> str:
    signed = "signed anew" if deed.signs else "as given"
    return f"send {counted(len(deed.content()), 'byte')} to {deed.to}{deed.path}, {signed}"


def _replay(deed: Replay) -> str:
    what = f"of {deed.of}" if deed.of else ""
    status = f"{deed.status} " if deed.status else ""
    how = ", byte for byte" if deed.verbatim else ""
    return f"replay the {status}{plural('delivery')} {what}".rstrip() + how + _fields(deed.set)


def _endpoint(deed: SetEndpoint) -> str:
    said = []
    if deed.enabled is not None:
        said.append("enabled" if deed.enabled else "disabled")
    if deed.url or deed.bin:
        said.append(f"moved to {deed.url or f'bin {deed.bin}'}")
    if deed.events is not None:
        said.append(f"given the types {', '.join(deed.events)}")
    if deed.field_filter is not None:
        said.append(f"given the filter {', '.join(deed.field_filter) or 'none'}")
    return f"endpoint {deed.name} is {' and '.join(said)}"


def _chaos(deed: SetChaos) -> str:
    return f"chaos: {deed.spec}" if deed.spec else "no more chaos"


_WORDS: Mapping[type[Step], Callable[[Any], str]] = {
    Create: _create,
    Change: lambda deed: f"change {deed.record}{_fields(deed.set)}",
    Delete: lambda deed: f"delete {deed.record}",
    Trigger: _trigger,
    Send: _send,
    Replay: _replay,
    Advance: lambda deed: f"{deed.by} pass",
    SetBin: lambda deed: answering(deed.name, parse_behavior(deed.behaviour)),
    SetEndpoint: _endpoint,
    Rotate: lambda deed: f"rotate the secret of {deed.endpoint}, both sign for {deed.overlap}",
    SetChaos: _chaos,
}
