"""A request: what a delivery put on the wire, or what a capture receiver got."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pivotal_sandbox.core.verdict import Verdict
from pivotal_sandbox.testing.headers import Headers

_UNJUDGED = Verdict(signed=False, verified=None, reason=None, sentence="")


@dataclass(frozen=True)
class Request:
    """One request as it went over the wire.

    `judge` verifies its signature; that is done when it is first asked for.
    """

    method: str
    url: str
    headers: Headers
    body: bytes = field(repr=False)
    judge: Callable[[], Verdict] = field(default=lambda: _UNJUDGED, repr=False, compare=False)

    @cached_property
    def _verdict(self) -> Verdict:
        return self.judge()

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
        return self.headers.get("pivotal-event")

    def json(self) -> Any:
        """Return the body, parsed."""
        return json.loads(self.body)
