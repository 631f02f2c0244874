"""What is told of a story, one thing after the other. `at` is the sandbox's time, in ms."""

from dataclasses import dataclass

from pivotal_sandbox.domain.models import Event, Outcome, Request
from pivotal_sandbox.feed import Attempted
from pivotal_sandbox.scenarios.expectations import ExpectationResult


@dataclass(frozen=True, slots=True)
class Narration:
    """A sentence of the story."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was done, in words."""

    at: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Fired:
    """An event, and how many endpoints want it."""

    at: int
    event: Event
    wanted: int


@dataclass(frozen=True, slots=True)
class AttemptMade:
    """An attempt at a delivery, and the name of the endpoint that it went to."""

    at: int
    endpoint: str
    attempted: Attempted


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that a step put on the wire by itself, and how that ended."""

    at: int
    endpoint: str
    request: Request
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ExpectationChecked:
    """An expectation, and whether it holds; `line` is where it stands in the file."""

    at: int
    judgement: ExpectationResult
    line: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """What could not be done or looked at here, and why."""

    at: int
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Summary:
    """How a story ended. `took` is in ms on the sandbox's clock."""

    at: int
    held: int
    failed: int
    skipped: int
    events: int
    deliveries: int
    attempts: int
    took: int

    @property
    def ok(self) -> bool:
        """Whether everything that it expects holds."""
        return not self.failed


Entry = Narration | Done | Fired | AttemptMade | Sent | ExpectationChecked | Skipped | Summary
