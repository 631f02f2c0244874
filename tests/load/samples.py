"""Reports of runs that never were."""

from pivotal_sandbox.load.report import Report
from pivotal_sandbox.load.runner import Load
from pivotal_sandbox.load.stats import LoadStats


def report(
    *answers: tuple[str, float], rate: float | None = 200, unsent: int = 0, stopped: bool = False
) -> Report:
    """Return the report of these answers, one every 10 ms, with their latencies."""
    load = Load("http://127.0.0.1:8000/<hook>", "whsec_1", rate, 1_000, 4)
    tally = LoadStats(load.slice_ms, unsent=unsent)
    for number, (answer, latency_ms) in enumerate(answers):
        tally.add(answer, latency_ms, number * 10)
    return Report(load, 1, 1_000, stopped, tally)
