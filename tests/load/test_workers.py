import os
import signal
import threading

import pytest
from tests.load.receiver import receiving

from pivotal_sandbox.errors import UnreachableError
from pivotal_sandbox.load.runner import Load
from pivotal_sandbox.load.stats import LoadStats
from pivotal_sandbox.load.workers import processes_for, send


def load_of(url: str, rate: float | None, duration_ms: int = 400) -> Load:
    return Load(url, "whsec_1", rate, duration_ms, 4)


def test_a_rate_is_kept_by_one_process_and_speed_takes_several() -> None:
    assert processes_for(load_of("http://127.0.0.1/", 5)) == 1
    assert processes_for(load_of("http://127.0.0.1/", None)) == min(os.cpu_count() or 1, 4)
    assert processes_for(Load("http://127.0.0.1/", "whsec_1", None, 1, 1)) == 1


@pytest.mark.parametrize("processes", [1, 2])
def test_what_all_processes_sent_is_told_and_added_up(processes: int) -> None:
    told = []
    with receiving(204) as url:
        report = send(load_of(url, None), lambda t: told.append(len(t)), processes=processes)
    assert (report.processes, report.stopped, report.ok) == (processes, False, True)
    assert report.took_ms == pytest.approx(400)
    assert told == sorted(told)
    assert told[-1] == len(report.tally) == report.tally.answers["204"] > 0


@pytest.mark.parametrize("processes", [1, 2])
def test_a_signal_ends_all_of_them_with_a_report(processes: int) -> None:
    before = signal.getsignal(signal.SIGINT)
    interrupted = threading.Event()

    def interrupt(tally: LoadStats) -> None:
        if len(tally) and not interrupted.is_set():
            interrupted.set()
            os.kill(os.getpid(), signal.SIGINT)

    with receiving(204) as url:
        report = send(load_of(url, None, 60_000), interrupt, processes=processes)
    assert report.stopped
    assert 0 < report.took_ms < 30_000
    assert len(report.tally) > 0
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("processes", [1, 2])
def test_a_target_that_nobody_listens_on_is_unreachable(processes: int) -> None:
    with receiving(204) as url:
        pass
    with pytest.raises(UnreachableError, match="connection refused"):
        send(load_of(url, None), lambda tally: None, processes=processes)
