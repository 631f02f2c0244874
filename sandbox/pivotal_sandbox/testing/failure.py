"""What a failed test shows: its deliveries, with request, response, verdict and attempts."""

from collections.abc import Sequence
from textwrap import indent

import pytest

from pivotal_sandbox.core.catalog import PING
from pivotal_sandbox.testing.async_pivotal import AsyncPivotal
from pivotal_sandbox.testing.shown import ShownAttempt, ShownDelivery, shown

TITLE = "pivotal: the deliveries of this test"
KEPT = "pivotal_deliveries"
"""The attribute of a test's report that holds its deliveries; pytest-xdist sends it along."""

_WHOLE = 2  # deliveries that are shown whole
_ATTEMPTS = 15


def show_in(report: pytest.TestReport, sandboxes: list[AsyncPivotal], *, keep: bool) -> None:
    """Add the deliveries of the test's sandboxes to its report; with `keep`, as data too."""
    deliveries = [shown(one) for sandbox in sandboxes for one in sandbox.deliveries]
    if not deliveries:
        return
    add = getattr(report.longrepr, "addsection", None)
    if add is not None:  # a plain text, such as a failed fixture's, has no place for it
        add(TITLE, failure_text(deliveries))
    if keep:
        setattr(report, KEPT, deliveries)


def failure_text(deliveries: Sequence[ShownDelivery]) -> str:
    """Return the deliveries for reading: those that did not arrive come last, and whole."""
    undelivered = [one for one in deliveries if one["status"] != "delivered"]
    more_than_pings = [one for one in undelivered if one["event"] != PING]
    whole = (more_than_pings or undelivered)[-_WHOLE:] or list(deliveries[-1:])
    brief = [one for one in deliveries if not any(one is other for other in whole)]
    return "\n".join([*[_line(one) for one in brief], *[_whole(one) for one in whole]])


def _line(delivery: ShownDelivery) -> str:
    fault = f" ({delivery['fault']})" if delivery["fault"] else ""
    where = f" -> {delivery['url']}" if delivery["url"] else ""
    return f"{delivery['event']}{fault}{where}: {delivery['status']}, {delivery['said']}"


def _whole(delivery: ShownDelivery) -> str:
    parts = [_line(delivery), f"  ids       {delivery['ids']}"]
    attempts = delivery["attempts"]
    if len(attempts) > 1:
        parts += [_brief(one) for one in attempts[-_ATTEMPTS:]]
    if attempts:
        last = attempts[-1]
        parts += ["  request", indent(last["request"], "    ")]
        parts += [f"  response in {last['took']}", indent(last["response"], "    ")]
        parts.append(f"  verdict   {last['verdict']}")
        if last["explanation"]:
            parts.append(f"  explained {last['explanation']}")
    return "\n".join(parts)


def _brief(attempt: ShownAttempt) -> str:
    return f"  attempt {attempt['number']:<2} {attempt['when']}  {attempt['came_back']}"
