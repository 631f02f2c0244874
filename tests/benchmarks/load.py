"""Requests per second of `load` beside wrk, in one run, to one nginx that answers 204.

    load       as the command sends by default: signed events with fresh ids, several processes
    load (1)   the same in one process
    wrk        wrk with one thread and as many connections: one body, again and again
    wrk (n)    the same with as many threads as `load` has processes

Without nginx and wrk it says so and measures nothing.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.transport import by_wrk, in_turn, medians_of, request_to, sink

from pivotal_sandbox.load.runner import Load
from pivotal_sandbox.load.workers import processes_for, send

CONNECTIONS = 32  # wrk's, too


def by_load(url: str, window: float, processes: int | None) -> float:
    wish = Load(url, "whsec_1", None, round(window * 1000), CONNECTIONS)
    report = send(wish, lambda tally: None, processes=processes)
    assert report.ok, report.tally.answers
    return report.per_second


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--window", type=float, default=3.0, help="seconds for each contender")
    parser.add_argument("--rounds", type=int, default=5, help="medians are of so many rounds")
    given = parser.parse_args()
    if missing := [name for name in ("nginx", "wrk") if not shutil.which(name)]:
        print(f"load: needs {' and '.join(missing)} (apt install)", file=sys.stderr)
        return
    processes = processes_for(Load("http://127.0.0.1/", "whsec_1", None, 1, CONNECTIONS))
    with tempfile.TemporaryDirectory() as name, sink(Path(name)) as url:
        request = request_to(url)
        contenders: dict[str, Callable[[], float]] = {
            "load": lambda: by_load(url, given.window, None),
            "load (1)": lambda: by_load(url, given.window, 1),
            "wrk": lambda: by_wrk(request, given.window, Path(name)),
        }
        if processes > 1:
            contenders[f"wrk ({processes})"] = lambda: by_wrk(
                request, given.window, Path(name), threads=processes
            )
        rates = in_turn(contenders, given.rounds)
    medians = medians_of(rates)

    def ratio(name: str, other: str) -> float:
        """Neighbours come and go between rounds: what was measured side by side is compared."""
        pairs = zip(rates[name], rates[other], strict=True)
        return round(statistics.median(ours / theirs for ours, theirs in pairs), 2)

    result = {
        "benchmark": "load",
        "window_s": given.window,
        "rounds": given.rounds,
        "processes": processes,
        "per_second": {contender: round(found) for contender, found in medians.items()},
        "load_to_wrk": ratio("load", "wrk"),
        "load_1_to_wrk": ratio("load (1)", "wrk"),
    }
    if processes > 1:
        result[f"load_to_wrk_{processes}"] = ratio("load", f"wrk ({processes})")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
