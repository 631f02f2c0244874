"""What a step does, in a few words."""

from collections.abc import Callable, Mapping
from typing import Any

from pivotal_sandbox.common.durations import format_duration
from pivotal_sandbox.common.json_values import dump_json
from pivotal_sandbox.common.text import format_count, pluralize
from pivotal_sandbox.domain.bins import Step as Answer
from pivotal_sandbox.domain.bins import parse_behavior
from pivotal_sandbox.scenarios.parser import Target
from pivotal_sandbox.scenarios.references import flatten
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


def describe_endpoint(name: str, target: Target, url: str) -> str:
    """Return the words for an endpoint that is added."""
    wants = "every type" if "*" in target.events else ", ".join(target.events)
    if target.field_filter:
        wants += f" where {', '.join(target.field_filter)} changed"
    where = f"bin {target.bin}" if target.bin and "/in/" in url else url
    mode = "" if target.mode == "test" else f"{target.mode} "
    return f"{mode}endpoint {name} wants {wants}, at {where}"


def describe_bin(name: str, behaviour: tuple[Answer, ...]) -> str:
    """Return the words for how a bin answers."""
    *first, last = (_answer(step) for step in behaviour)
    then = f"{', '.join(first)}, then {last}" if first else last
    return f"bin {name} answers {then}"


def describe_step(step: Step) -> str:
    """Return the words for what a step does."""
    return _WORDS[type(step)](step)


def _answer(step: Answer) -> str:
    if step.hang:
        return "nothing, and hangs"
    if step.reset:
        return "by a reset"
    return f"{step.status} after {format_duration(step.delay)}" if step.delay else f"{step.status}"


def _fields(values: Mapping[str, Any]) -> str:
    shown = (f"{path} {_value(value)}" for path, value in flatten(values).items())
    return f": {', '.join(shown)}" if values else ""


def _value(value: Any) -> str:
    text = "null" if value == "$null" else dump_json(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _create(step: Create) -> str:
    return f"create {step.object}{f' {step.as_}' if step.as_ else ''}{_fields(step.set)}"


def _trigger(step: Trigger) -> str:
    times = f" × {step.count}" if step.count > 1 else ""
    parts = [f"trigger {step.type}{times}"]
    if step.record:
        parts.append(f"of {step.record}")
    if step.endpoint:
        parts.append(f"to {step.endpoint}")
    if step.fault:
        parts.append(f"with the fault {step.fault}")
    return " ".join(parts) + _fields({**step.data, **step.set})


def _send(step: Send) -> str:
    signed = "signed anew" if step.signs else "as given"
    return f"send {format_count(len(step.content()), 'byte')} to {step.to}{step.path}, {signed}"


def _replay(step: Replay) -> str:
    what = f"of {step.of}" if step.of else ""
    status = f"{step.status} " if step.status else ""
    how = ", byte for byte" if step.verbatim else ""
    return f"replay the {status}{pluralize('delivery')} {what}".rstrip() + how + _fields(step.set)


def _endpoint(step: SetEndpoint) -> str:
    said = []
    if step.enabled is not None:
        said.append("enabled" if step.enabled else "disabled")
    if step.url or step.bin:
        said.append(f"moved to {step.url or f'bin {step.bin}'}")
    if step.events is not None:
        said.append(f"given the types {', '.join(step.events)}")
    if step.field_filter is not None:
        said.append(f"given the filter {', '.join(step.field_filter) or 'none'}")
    return f"endpoint {step.name} is {' and '.join(said)}"


def _chaos(step: SetChaos) -> str:
    return f"chaos: {step.spec}" if step.spec else "no more chaos"


_WORDS: Mapping[type[Step], Callable[[Any], str]] = {
    Create: _create,
    Change: lambda step: f"change {step.record}{_fields(step.set)}",
    Delete: lambda step: f"delete {step.record}",
    Trigger: _trigger,
    Send: _send,
    Replay: _replay,
    Advance: lambda step: f"{step.by} pass",
    SetBin: lambda step: describe_bin(step.name, parse_behavior(step.behaviour)),
    SetEndpoint: _endpoint,
    Rotate: lambda step: f"rotate the secret of {step.endpoint}, both sign for {step.overlap}",
    SetChaos: _chaos,
}
