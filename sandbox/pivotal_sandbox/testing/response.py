"""What a receiver answered."""

import json
from dataclasses import dataclass, field
from typing import Any

from pivotal_sandbox.testing.headers import Headers


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. The body is cut at 64 KiB, which `truncated` tells."""

    status_code: int
    headers: Headers
    body: bytes = field(repr=False)
    truncated: bool = False

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body, parsed."""
        return json.loads(self.body)
