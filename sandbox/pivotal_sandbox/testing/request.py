"""A request: what a delivery put on the wire, or what a capture receiver got."""

import json
from dataclasses import dataclass, field
from typing import Any

from pivotal_sandbox.testing.headers import Headers


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it went over the wire.

    `verified` says whether the signature holds: None where no secret is known. `verdict` says the
    same in a sentence.
    """

    method: str
    url: str
    headers: Headers
    body: bytes = field(repr=False)
    verified: bool | None = None
    verdict: str = ""

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
