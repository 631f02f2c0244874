"""How a bin answers: a list of steps, one for each request, the last of which repeats."""

from dataclasses import dataclass, field

from pivotal_sandbox.common.durations import format_duration, parse_duration
from pivotal_sandbox.common.json_values import escape_pointer, validate_json_value
from pivotal_sandbox.domain.models import Headers
from pivotal_sandbox.errors import InputError, did_you_mean

_ANSWER_KEYS = ("status", "delay", "headers", "body")
_KEYS = (*_ANSWER_KEYS, "hang", "reset")
_OF_THE_SERVER = ("content-length", "transfer-encoding", "connection")


@dataclass(frozen=True, slots=True)
class Step:
    """One answer. `delay` is in ms; a step that hangs or resets answers nothing."""

    status: int = 200
    delay: int = 0
    headers: Headers = ()
    body: str = ""
    hang: bool = False
    reset: bool = False

    def as_json(self) -> dict[str, object]:
        """Return the step as the API shows it."""
        if self.hang:
            return {"hang": True}
        if self.reset:
            return {"reset": True}
        return {
            "status": self.status,
            "delay": format_duration(self.delay),
            "headers": dict(self.headers),
            "body": self.body,
        }


@dataclass(frozen=True, slots=True)
class Bin:
    """A place that captures: its behaviour, where it forwards to, what it verifies with."""

    name: str
    behaviour: tuple[Step, ...] = (Step(),)
    forward_to: str | None = None
    secret: str | None = field(default=None, repr=False)


def parse_behavior(steps: object, pointer: str = "/behaviour") -> tuple[Step, ...]:
    """Return the steps that JSON describes; a bare number is short for {"status": number}.

    Raises `InputError` naming the step and key.
    """
    steps = validate_json_value(steps, pointer)
    if not isinstance(steps, list) or not steps:
        raise InputError("The behaviour is a list of one step or more.", pointer=pointer)
    return tuple(_step(step, f"{pointer}/{index}") for index, step in enumerate(steps))


def _step(step: object, pointer: str) -> Step:
    if isinstance(step, int) and not isinstance(step, bool):
        step = {"status": step}
    if not isinstance(step, dict):
        raise InputError('A step is an object such as {"status": 503}.', pointer=pointer)
    for key in step:
        if key not in _KEYS:
            raise InputError(
                f'A step has no "{key:.40}"; it has {", ".join(_KEYS)}.{did_you_mean(key, _KEYS)}',
                pointer=f"{pointer}/{escape_pointer(key)}",
            )
    for key in ("hang", "reset"):
        if key in step:
            if step[key] is not True or len(step) > 1:
                raise InputError(
                    f'A step that does "{key}" is {{"{key}": true}} and nothing else.',
                    pointer=f"{pointer}/{key}",
                )
            return Step(hang=key == "hang", reset=key == "reset")
    return Step(
        status=_status(step.get("status", 200), f"{pointer}/status"),
        delay=_delay(step.get("delay", "0s"), f"{pointer}/delay"),
        headers=_headers(step.get("headers", {}), f"{pointer}/headers"),
        body=_body(step.get("body", ""), f"{pointer}/body"),
    )


def _status(status: object, pointer: str) -> int:
    if not isinstance(status, int) or isinstance(status, bool) or not 200 <= status <= 599:
        raise InputError("The status is a number from 200 to 599.", pointer=pointer)
    return status


def _delay(delay: object, pointer: str) -> int:
    if not isinstance(delay, str):
        raise InputError('The delay is a text such as "500ms" or "2s".', pointer=pointer)
    try:
        return parse_duration(delay)
    except InputError as error:
        raise InputError(str(error), pointer=pointer) from None


def _headers(headers: object, pointer: str) -> Headers:
    if not isinstance(headers, dict):
        raise InputError('The headers are an object such as {"x-a": "b"}.', pointer=pointer)
    for name, value in headers.items():
        its = f"{pointer}/{escape_pointer(name)}"
        if not isinstance(value, str):
            raise InputError("A header's value is a text.", pointer=its)
        if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
            raise InputError("A header's name has letters, digits, - and _ only.", pointer=its)
        if name.lower() in _OF_THE_SERVER:
            raise InputError(f"{name} is set by the server, as the body needs it.", pointer=its)
        if not value.isprintable() or not value.isascii():
            raise InputError("A header's value is printable ASCII.", pointer=its)
    return tuple(headers.items())


def _body(body: object, pointer: str) -> str:
    if not isinstance(body, str):
        raise InputError("The body is a text.", pointer=pointer)
    return body
