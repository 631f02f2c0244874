"""What a load showed, as text and as JSON."""

from dataclasses import dataclass
from typing import Any

from pivotal_sandbox.common.durations import SECOND, format_elapsed
from pivotal_sandbox.common.text import printable
from pivotal_sandbox.domain.retry_policy import Consequence
from pivotal_sandbox.load.runner import Load
from pivotal_sandbox.load.stats import LoadStats, consequence_of

PERCENTS = (50, 90, 95, 99, 99.9)
FATES: dict[Consequence, str] = {
    "delivered": "delivered",
    "retried": "Pivotal would retry",
    "lost": "LOST: Pivotal does not retry this",
}
WIDTH = 30  # of the longest bar


@dataclass(frozen=True, slots=True)
class Report:
    """One run: what was asked for, how long it was sent, and what came of it.

    `stopped` where it was ended before its time.
    """

    load: Load
    processes: int
    took_ms: float
    stopped: bool
    tally: LoadStats

    @property
    def ok(self) -> bool:
        """Say whether all that was due was sent, and delivered."""
        total = len(self.tally)
        return 0 < total == self.tally.fates()["delivered"] and not self.tally.unsent

    @property
    def per_second(self) -> float:
        """How many answers came in a second."""
        return len(self.tally) / self.took_ms * SECOND if self.took_ms else 0.0


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as an object: times in ms, `rate` null where it was as fast as possible."""
    load, tally, latencies = report.load, report.tally, report.tally.latencies()
    return {
        "target": load.url,
        "rate": load.rate,
        "connections": load.connections,
        "processes": report.processes,
        "duration_ms": round(report.took_ms),
        "stopped": report.stopped,
        "ok": report.ok,
        "requests": len(tally),
        "unsent": tally.unsent,
        "per_second": round(report.per_second, 1),
        "fates": tally.fates(),
        "answers": dict(tally.answers.most_common()),
        "latency_ms": {
            "least": round(latencies.least_ms, 3) if latencies.counts else None,
            "mean": round(latencies.mean_ms, 3),
            **{name(percent): round(latencies.percentile(percent), 3) for percent in PERCENTS},
            "most": round(latencies.most_ms, 3),
        },
        "slices": [
            {
                "at_ms": round(index * tally.slice_ms),
                "requests": len(slice),
                "not_delivered": tally.troubled[index],
                "p50": round(slice.percentile(50), 3),
                "p99": round(slice.percentile(99), 3),
            }
            for index, slice in sorted(tally.slices.items())
        ],
    }


def as_text(report: Report) -> str:
    """Return the report for a terminal."""
    load, tally = report.load, report.tally
    asked = "as fast as answers come" if load.rate is None else f"{load.rate:g}/s wanted"
    latencies = tally.latencies()
    lines = [
        printable(f"{load.url}  {asked}, {load.connections} connections"),
        f"{len(tally):,} requests in {report.took_ms / SECOND:.1f} s"
        f"{', stopped early' if report.stopped else ''}: {report.per_second:,.1f}/s",
    ]
    if tally.unsent:
        lines.append(
            f"{tally.unsent:,} were due and not sent: all connections were waiting for answers"
        )
    if not len(tally):
        return "\n".join(lines)
    lines += ["", "latency    from when it was due to the end of the answer"]
    for label, ms in [
        *((name(percent), latencies.percentile(percent)) for percent in PERCENTS),
        ("most", latencies.most_ms),
    ]:
        bar = "▇" * max(1, round(ms / latencies.most_ms * WIDTH))
        lines.append(f"  {label:<7}{format_latency(ms):>9}  {bar}")
    lines += ["", "answers"]
    for answer, count in tally.answers.most_common():
        share = count / len(tally)
        lines.append(f"  {answer:<19}{count:>9,}  {share:>6.1%}  {FATES[consequence_of(answer)]}")
    return "\n".join(lines)


def name(percent: float) -> str:
    """Return what a percentile is called: "p50", "p99_9"."""
    return f"p{percent:g}".replace(".", "_")


def format_latency(ms: float) -> str:
    """Return a latency for reading: "0.42 ms", "8.1 ms", "1.24 s"."""
    if ms < 0.995:
        return f"{ms:.2f} ms"
    if ms < 9.95:
        return f"{ms:.1f} ms"
    return format_elapsed(ms)
