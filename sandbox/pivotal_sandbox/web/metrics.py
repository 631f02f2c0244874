"""Counts of what happened in this run, for Prometheus."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pivotal_sandbox.feed import Activity, Attempted, Captured, Triggered
from pivotal_sandbox.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from prometheus_client import Metric


class Metrics:
    """Counts from the feed; the text is made when somebody asks."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._events: Counter[tuple[str, str]] = Counter()
        self._attempts: Counter[tuple[str, int | str | None]] = Counter()
        self._captures: Counter[bool | None] = Counter()
        self._seconds = 0.0
        sandbox.feed.subscribe(self._count)

    def text(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        from prometheus_client import CollectorRegistry, generate_latest

        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> "Iterator[Metric]":
        """Yield each metric, as prometheus_client asks of a collector."""
        from prometheus_client.core import (
            CounterMetricFamily,
            GaugeMetricFamily,
            SummaryMetricFamily,
        )

        events = CounterMetricFamily(
            "pivotal_sandbox_events", "Events that were accepted.", labels=["type", "mode"]
        )
        for labels, count in sorted(self._events.items()):
            events.add_metric(labels, count)
        yield events
        attempts = CounterMetricFamily(
            "pivotal_sandbox_attempts",
            "Attempts, by what they left the delivery as and how they ended.",
            labels=["status", "outcome"],
        )
        for status, ended in sorted(self._attempts, key=str):
            attempts.add_metric([status, str(ended)], self._attempts[status, ended])
        yield attempts
        yield SummaryMetricFamily(
            "pivotal_sandbox_attempt_duration_seconds",
            "From connect to the end of the response.",
            count_value=self._attempts.total(),
            sum_value=self._seconds,
        )
        captures = CounterMetricFamily(
            "pivotal_sandbox_captures", "Requests that were captured.", labels=["verified"]
        )
        for verified in sorted(self._captures, key=str):
            captures.add_metric([str(verified).lower()], self._captures[verified])
        yield captures
        yield GaugeMetricFamily(
            "pivotal_sandbox_open_deliveries",
            "Deliveries that are pending or retrying.",
            value=self._sandbox.dispatcher.open_count(),
        )

    def _count(self, activity: Activity) -> None:
        if isinstance(activity, Triggered):
            self._events[activity.event.type, activity.event.mode] += 1
        elif isinstance(activity, Attempted):
            outcome = activity.attempt.outcome
            ended = outcome.response.status_code if outcome.response else outcome.error
            self._attempts[activity.delivery.status, ended] += 1
            self._seconds += outcome.timing.total_ms / 1000
        elif isinstance(activity, Captured) and activity.is_new:
            self._captures[activity.capture.verified] += 1
