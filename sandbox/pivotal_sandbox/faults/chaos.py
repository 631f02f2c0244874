"""Chaos: how often what goes wrong. What is drawn depends on seed and id, not on the order."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from pivotal_sandbox.common.durations import MINUTE, format_duration, parse_duration
from pivotal_sandbox.errors import InputError, did_you_mean
from pivotal_sandbox.faults.content import OF_EVENTS
from pivotal_sandbox.faults.registry import FAULTS, find_fault

UNAVAILABLE = "5xx"
TIMEOUT = "timeout"
DELAY = "delay"

# What the network does with an attempt; the faults are what the sender does.
NETWORK = {
    UNAVAILABLE: "A gateway answers 502 or 503 in place of the receiver, which got the request.",
    TIMEOUT: "The receiver got the request, but its answer does not come back in time.",
    DELAY: "The request is held up on its way, for a time between the two.",
}
LONGEST_DELAY = MINUTE

_EXAMPLE = '"5xx=10%,delay=200ms..2s,duplicate=5%"'
_RATE = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,4}))?%\Z")
_ALL = 1_000_000  # parts that a rate is counted in: ten thousandths of a percent
_KNOWN = {**NETWORK, **{fault.name: fault.help for fault in FAULTS}}


@dataclass(frozen=True, slots=True)
class Rule:
    """How often (0 to 1) something goes wrong; a delay lasts `from_ms` to `to_ms`."""

    name: str
    rate: float
    from_ms: int | None = None
    to_ms: int | None = None

    @property
    def help(self) -> str:
        """What it is, in a sentence."""
        return _KNOWN[self.name]

    def __str__(self) -> str:
        share = f"{round(self.rate * 100, 4):g}%"
        if self.from_ms is None or self.to_ms is None:
            return f"{self.name}={share}"
        span = f"{self.name}={format_duration(self.from_ms)}..{format_duration(self.to_ms)}"
        return span if self.rate == 1 else f"{span}@{share}"


@dataclass(frozen=True, slots=True)
class ChaosEffect:
    """What befalls one attempt: a wait before it is sent, and what comes in place of its answer."""

    delay_ms: int = 0
    status_code: int | None = None
    timeout: bool = False


@dataclass(frozen=True, slots=True)
class Chaos:
    """The rules in force."""

    rules: tuple[Rule, ...] = ()

    @property
    def spec(self) -> str:
        """What `parse_chaos` makes this of."""
        return ",".join(map(str, self.rules))

    def of_event(self, seed: str, event_id: str) -> str | None:
        """Return the fault that alters an event for all its endpoints."""
        rules = [rule for rule in self.rules if rule.name in OF_EVENTS]
        return _pick(rules, _draw(seed, event_id, "event"))

    def of_delivery(self, seed: str, delivery_id: str) -> str | None:
        """Return the fault of a delivery whose event is not altered."""
        altered_share = sum(rule.rate for rule in self.rules if rule.name in OF_EVENTS)
        rules = [
            rule for rule in self.rules if rule.name not in NETWORK and rule.name not in OF_EVENTS
        ]
        # Of the deliveries that are left, so that the rate holds among all of them.
        return _pick(rules, _draw(seed, delivery_id, "delivery") * (1 - altered_share))

    def of_attempt(self, seed: str, delivery_id: str, number: int) -> ChaosEffect:
        """Return what befalls the attempt with that number."""
        ends = [rule for rule in self.rules if rule.name in (UNAVAILABLE, TIMEOUT)]
        end = _pick(ends, _draw(seed, delivery_id, f"{number}/end"))
        status_code = None
        if end == UNAVAILABLE:
            status_code = 502 if _draw(seed, delivery_id, f"{number}/status") < 0.5 else 503
        return ChaosEffect(self._delay(seed, delivery_id, number), status_code, end == TIMEOUT)

    def _delay(self, seed: str, delivery_id: str, number: int) -> int:
        for rule in self.rules:
            if rule.from_ms is None or rule.to_ms is None:
                continue
            if _draw(seed, delivery_id, f"{number}/delayed") < rule.rate:
                share = _draw(seed, delivery_id, f"{number}/delay")
                return rule.from_ms + round(share * (rule.to_ms - rule.from_ms))
        return 0


def parse_chaos(text: str) -> Chaos:
    """Return the chaos that a text such as "5xx=10%,delay=200ms..2s" describes; "" is none.

    Raises `InputError` for the first part that is wrong, and for more than 100 % together.
    """
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    rules: dict[str, Rule] = {}
    for part in parts:
        rule = _rule(part)
        if rule.name in rules:
            raise _wrong(f'"{rule.name}" is there twice.')
        rules[rule.name] = rule
    _check_sum(rules, (UNAVAILABLE, TIMEOUT), "an attempt ends in one of them")
    _check_sum(rules, [name for name in rules if name not in NETWORK], "a delivery has one fault")
    return Chaos(tuple(rules.values()))


def _rule(part: str) -> Rule:
    name, equals, value = part.partition("=")
    if not equals:
        raise _wrong(f'"{part:.60}" is not NAME=RATE, as in {_EXAMPLE}.')
    if name not in _KNOWN:
        hint = did_you_mean(name, _KNOWN) or f" There are: {', '.join(_KNOWN)}."
        raise _wrong(f'Chaos has no "{name:.40}".{hint}')
    fault = find_fault(name)
    if fault is not None and fault.events > 1:
        raise _wrong(
            f'"{name}" takes several events, and no chance makes those: '
            f"`pivotal-sandbox trigger TYPE --fault {name}` does."
        )
    if name != DELAY:
        return Rule(name, _rate(name, value))
    span, at, rate = value.partition("@")
    first, dots, last = span.partition("..")
    try:
        from_ms, to_ms = parse_duration(first), parse_duration(last)
    except InputError:
        dots = ""
    if not dots or not from_ms <= to_ms <= LONGEST_DELAY:
        raise _wrong(
            f'"{part:.60}": a delay is FROM..TO or FROM..TO@RATE, the shorter time first and '
            f"{format_duration(LONGEST_DELAY)} at most, such as delay=200ms..2s@50%."
        )
    return Rule(name, _rate(name, rate) if at else 1.0, from_ms, to_ms)


def _rate(name: str, text: str) -> float:
    match = _RATE.match(text)
    parts = int(match[1]) * 10_000 + int((match[2] or "").ljust(4, "0")) if match else _ALL + 1
    if parts > _ALL:
        raise _wrong(f'"{text:.40}" is no rate for {name}: write 0% to 100%, such as 10% or 0.5%.')
    return parts / _ALL


def _check_sum(rules: dict[str, Rule], names: Iterable[str], why: str) -> None:
    found = [rules[name] for name in names if name in rules]
    # In whole parts, because 0.1 + 0.2 is not to be more than 0.3.
    parts = sum(round(rule.rate * _ALL) for rule in found)
    if parts > _ALL:
        listed = ", ".join(f"{rule}" for rule in found)
        share = f"{parts / _ALL * 100:g}"
        raise _wrong(f"{listed} are {share} % together, but {why}: 100 % at most.")


def _wrong(message: str) -> InputError:
    return InputError(message, pointer="/spec")


def _pick(rules: list[Rule], draw: float) -> str | None:
    for rule in rules:
        if draw < rule.rate:
            return rule.name
        draw -= rule.rate
    return None


def _draw(seed: str, id: str, what: str) -> float:
    key = f"chaos/{seed}/{id}/{what}".encode()
    return int.from_bytes(blake2b(key, digest_size=6).digest()) / 2**48
