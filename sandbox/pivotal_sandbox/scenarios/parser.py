"""A story as data: endpoints, and steps in order. docs/scenarios.md describes the file."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

import msgspec
from msgspec import Struct

from pivotal_sandbox.common.timestamps import parse_rfc3339
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.common.validation import validation_error
from pivotal_sandbox.domain.bins import Step as Answer
from pivotal_sandbox.domain.bins import parse_behavior
from pivotal_sandbox.domain.catalog import ALL, Catalog
from pivotal_sandbox.domain.models import Mode
from pivotal_sandbox.errors import InputError, did_you_mean
from pivotal_sandbox.scenarios import expectations as expects
from pivotal_sandbox.scenarios import steps as does
from pivotal_sandbox.scenarios.references import NAME, Scope
from pivotal_sandbox.scenarios.steps import Step, check_endpoint_subscription
from pivotal_sandbox.scenarios.toml_positions import Path, key_lines, line_at

KINDS: dict[str, type[Step]] = {
    "create": does.Create,
    "change": does.Change,
    "delete": does.Delete,
    "trigger": does.Trigger,
    "send": does.Send,
    "replay": does.Replay,
    "advance": does.Advance,
    "bin": does.SetBin,
    "endpoint": does.SetEndpoint,
    "rotate": does.Rotate,
    "chaos": does.SetChaos,
    "expect_deliveries": expects.ExpectDeliveries,
    "expect_captures": expects.ExpectCaptures,
    "expect_events": expects.ExpectEvents,
    "expect_record": expects.ExpectRecord,
    "expect_answer": expects.ExpectAnswer,
}
"""What a step can be, by the key that it has in the file."""

SAY = "say"
DEFAULT_ENDPOINT = "app"  # the endpoint of a story that names none

_SYNTAX = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)\Z")


class Target(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An endpoint as the story begins: at a bin, or at the user's own URL."""

    bin: str | None = None
    url: str | None = None
    events: list[str] = msgspec.field(default_factory=lambda: [ALL])
    field_filter: list[str] = []
    mode: Mode = "test"
    description: str = ""
    behaviour: list[Any] | None = None
    secret: str | None = None

    def answers(self) -> tuple[Answer, ...]:
        """Return how its bin answers at first."""
        return (Answer(),) if self.behaviour is None else parse_behavior(self.behaviour)


class _File(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    title: str
    description: str = ""
    seed: int = 0
    start: str | None = None
    endpoints: dict[str, Any] = {}
    steps: list[dict[str, Any]] = []


@dataclass(frozen=True, slots=True)
class ScenarioStep:
    """One step: what is said of it, and what it does, if anything. `kind` is its key in KINDS."""

    index: int
    say: str
    kind: str = SAY
    action: Step | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A story. `start` is in ms; `text` is the file, `lines` say where in it each key stands."""

    name: str
    title: str
    description: str
    seed: int
    start: int | None
    endpoints: Mapping[str, Target]
    steps: tuple[ScenarioStep, ...]
    text: str = field(repr=False)
    lines: Mapping[Path, int] = field(repr=False)
    file: str = ""

    def line_of(self, step: ScenarioStep) -> int:
        """Return the line on which it stands what a step does."""
        return line_at(self.lines, ("steps", step.index, step.kind))

    def placed(self, step: ScenarioStep, error: InputError) -> InputError:
        """Return the error of a step with its place in the file."""
        pointer = f"/steps/{step.index}/{step.kind}{error.pointer}"
        return _placed(self.file, self.lines, str(error), pointer)


def parse_scenario(text: str, name: str, catalog: Catalog, *, file: str = "") -> Scenario:
    """Return the story that a TOML file tells.

    Raises `InputError`, which begins with file and line, for the first thing wrong with it.
    """
    file = file or f"{name}.toml"
    try:
        document = _as_json(tomllib.loads(text))
    except ValueError as error:  # a TOMLDecodeError, or for an integer that is too long
        raise _no_toml(file, str(error), text) from None
    except RecursionError:
        raise InputError(f"{file}: It is nested too deep.") from None
    lines = key_lines(text)
    try:
        read = _read(document, _File)
        start = None if read.start is None else _at("/start", parse_rfc3339, read.start)
        if not read.title.strip():
            raise InputError("A story has a title.", pointer="/title")
        endpoints = _endpoints(read.endpoints or {DEFAULT_ENDPOINT: {}})
        bins = tuple(dict.fromkeys(endpoint.bin for endpoint in endpoints.values() if endpoint.bin))
        scope = Scope(catalog, {name: endpoint.mode for name, endpoint in endpoints.items()}, bins)
        for key, target in endpoints.items():
            _check_target(target, scope, f"/endpoints/{key}")
        if not read.steps:
            raise InputError("A story has one step or more: [[steps]].", pointer="/steps")
        steps = tuple(_step(index, given, scope) for index, given in enumerate(read.steps))
    except InputError as error:
        raise _placed(file, lines, str(error), error.pointer) from None
    return Scenario(
        name,
        read.title.strip(),
        read.description.strip(),
        read.seed,
        start,
        endpoints,
        steps,
        text,
        lines,
        file,
    )


def _endpoints(given: Mapping[str, Any]) -> dict[str, Target]:
    found = {}
    for name, its in given.items():
        pointer = f"/endpoints/{name}"
        if not NAME.match(name):
            raise InputError(f'"{name:.80}" is no name of an endpoint.', pointer=pointer)
        target = _below(pointer, _read, its, Target)
        if target.url is None and target.bin is None:
            target = msgspec.structs.replace(target, bin=name)
        found[name] = target
    return found


def _check_target(target: Target, scope: Scope, pointer: str) -> None:
    try:
        if target.url is not None:
            if target.bin is not None or target.behaviour is not None:
                raise InputError("Behind a URL of your own there is no bin.", pointer="/url")
            _at("/url", parse_url, target.url)
        elif not NAME.match(target.bin or ""):
            raise InputError(f'"{target.bin:.80}" is no name of a bin.', pointer="/bin")
        if target.secret == "":
            raise InputError("The secret is empty: anyone could forge it.", pointer="/secret")
        check_endpoint_subscription(target.events, target.field_filter, scope)
        target.answers()
    except InputError as error:
        raise InputError(str(error), pointer=pointer + error.pointer) from None


def _step(index: int, given: Mapping[str, Any], scope: Scope) -> ScenarioStep:
    pointer = f"/steps/{index}"
    for key in given:
        if key != SAY and key not in KINDS:
            known = (*KINDS, SAY)
            hint = did_you_mean(key, known) or f" There are: {', '.join(known)}."
            raise InputError(f'There is no step "{key:.40}".{hint}', pointer=f"{pointer}/{key}")
    say, kinds = given.get(SAY, ""), [key for key in given if key != SAY]
    if not isinstance(say, str):
        raise InputError("What is said is a text.", pointer=f"{pointer}/{SAY}")
    if not kinds:
        if not say.strip():
            raise InputError(f"A step does one of {', '.join(KINDS)}.", pointer=pointer)
        return ScenarioStep(index, say.strip())
    if len(kinds) > 1:
        raise InputError(
            f"A step does one thing, and this one {kinds[0]} and {kinds[1]}: make it two.",
            pointer=f"{pointer}/{kinds[1]}",
        )
    [kind] = kinds
    value, its = given[kind], KINDS[kind]
    if its.SHORT and not isinstance(value, dict):
        value = {its.SHORT: value}
    action = _below(f"{pointer}/{kind}", _read, value, its)
    _below(f"{pointer}/{kind}", lambda step: step.check(scope), action)
    return ScenarioStep(index, say.strip(), kind, action)


def _read(value: Any, kind: type[Any]) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise validation_error(error, kind) from None


def _below(pointer: str, call: Any, *arguments: Any) -> Any:
    try:
        return call(*arguments)
    except InputError as error:
        raise InputError(str(error), pointer=pointer + error.pointer) from None


def _at(pointer: str, parse: Any, text: str) -> Any:
    try:
        return parse(text)
    except InputError as error:
        raise InputError(str(error), pointer=pointer) from None


def _placed(file: str, lines: Mapping[Path, int], said: str, pointer: str) -> InputError:
    path: Path = ()
    name = ""
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        is_item = part.isdecimal() and (*path, part) not in lines
        path = (*path, int(part) if is_item else part)
        name += f"[{part}]" if is_item else f".{part}"
    at = f"{name.removeprefix('.')}: " if name else ""
    return InputError(f"{file}, line {line_at(lines, path)}: {at}{said}", pointer=pointer)


def _as_json(value: Any) -> Any:
    """Return the value with dates and times as the texts that JSON has for them."""
    if isinstance(value, dict):
        return {key: _as_json(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_as_json(part) for part in value]
    return value.isoformat() if isinstance(value, date | time) else value


def _no_toml(file: str, said: str, text: str) -> InputError:
    match = _SYNTAX.match(said)
    if match is None:
        return InputError(f"{file}: It holds a number with more digits than can be read.")
    line = match["line"] or text.count("\n") + 1
    return InputError(f"{file}, line {line}: {match['what']}.")
