"""Print an attempt of the running sandbox as a line on stdout."""

import msgspec

from pivotal_sandbox.cli.attempt_output import attempt_line
from pivotal_sandbox.feed import Attempted
from pivotal_sandbox.web.views import AttemptOfDelivery


def text_line(attempted: Attempted) -> str:
    """Return the line for people."""
    shown = msgspec.to_builtins(AttemptOfDelivery.of_activity(attempted))
    return attempt_line(shown["delivery"], shown, attempted.verdict)


def json_line(attempted: Attempted) -> str:
    """Return the line for programs: what the API shows of the attempt, and the verdict."""
    shown = msgspec.to_builtins(AttemptOfDelivery.of_activity(attempted))
    return msgspec.json.encode({"type": "attempt", **shown, "verdict": attempted.verdict}).decode()
