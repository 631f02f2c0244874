import json

import pytest
from tests.load.samples import report

from pivotal_sandbox.load.report import as_json, as_text, format_latency


def test_it_is_well_only_where_all_that_was_due_was_delivered() -> None:
    assert report(("200", 1), ("204", 1)).ok
    assert not report(("200", 1), ("500", 1)).ok
    assert not report(("200", 1), unsent=1).ok
    assert not report().ok


def test_the_text_says_rate_percentiles_and_the_fate_of_each_answer() -> None:
    text = as_text(report(*[("204", 8.0)] * 18, ("503", 1_500), ("401", 1.0), unsent=3))
    assert text.splitlines()[:3] == [
        "http://127.0.0.1:8000/<hook>  200/s wanted, 4 connections",
        "20 requests in 1.0 s: 20.0/s",
        "3 were due and not sent: all connections were waiting for answers",
    ]
    lines = [line.split() for line in text.splitlines()]
    assert next(line for line in lines if line[:1] == ["p50"])[:3] == ["p50", "8.0", "ms"]
    assert next(line for line in lines if line[:1] == ["most"])[:3] == ["most", "1.50", "s"]
    assert text.splitlines()[-3:] == [
        "  204                       18   90.0%  delivered",
        "  503                        1    5.0%  Pivotal would retry",
        "  401                        1    5.0%  LOST: Pivotal does not retry this",
    ]


def test_where_nothing_was_answered_there_are_no_percentiles() -> None:
    text = as_text(report(rate=None, stopped=True))
    assert "as fast as answers come" in text
    assert text.endswith("0 requests in 1.0 s, stopped early: 0.0/s")


def test_as_json_it_has_the_same_numbers() -> None:
    found = json.loads(json.dumps(as_json(report(("204", 8.0), ("timeout", 10_000.0), unsent=2))))
    assert found["target"] == "http://127.0.0.1:8000/<hook>"
    assert (found["requests"], found["unsent"], found["ok"], found["rate"]) == (2, 2, False, 200)
    assert found["fates"] == {"delivered": 1, "retried": 1, "lost": 0}
    assert found["answers"] == {"204": 1, "timeout": 1}
    assert list(found["latency_ms"]) == [
        "least",
        "mean",
        "p50",
        "p90",
        "p95",
        "p99",
        "p99_9",
        "most",
    ]
    assert found["latency_ms"]["p50"] == pytest.approx(8, rel=0.01)
    assert [(row["requests"], row["not_delivered"]) for row in found["slices"]] == [(2, 1)]


def test_as_json_nothing_has_no_least_latency() -> None:
    assert as_json(report())["latency_ms"]["least"] is None


@pytest.mark.parametrize(
    ("ms", "text"), [(0.42, "0.42 ms"), (8.13, "8.1 ms"), (421.2, "421 ms"), (1_240, "1.24 s")]
)
def test_a_latency_is_shown_with_as_many_digits_as_one_reads(ms: float, text: str) -> None:
    assert format_latency(ms) == text
