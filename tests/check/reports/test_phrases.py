from dataclasses import replace

import pytest
from tests.check.samples import (
    BROKEN,
    CAPPED,
    CLEAN,
    ERROR,
    FOLLOWER,
    FORGED,
    INFO,
    PASSED,
    SHOULD,
    SKIPPED,
    exchange,
)

from pivotal_sandbox.check.model import Grade
from pivotal_sandbox.check.reports.phrases import (
    describe_grade,
    format_answer,
    format_counts,
    format_duration,
    format_excerpt,
    format_extent,
    format_position,
    format_verdict,
)
from pivotal_sandbox.common.text import format_count


@pytest.mark.parametrize(
    ("grade", "word"),
    [("A", "Clean"), ("B", "Sound"), ("C", "Duplicates"), ("D", "refused"), ("F", "Forgeable")],
)
def test_each_grade_is_explained(grade: Grade, word: str) -> None:
    assert word in describe_grade(replace(CLEAN, grade=grade))


def test_a_b_says_what_keeps_it_from_an_a() -> None:
    assert describe_grade(replace(CAPPED, results=(PASSED, SHOULD, INFO, SKIPPED))) == (
        "Sound: no forgery is taken and no genuine event is lost. 1 finding of less weight should "
        "be mended. 1 check not run without a probe, so that it cannot be an A."
    )
    not_needed = replace(SKIPPED, observed="the handler does not fail")
    assert "cannot be an A" not in describe_grade(replace(CAPPED, results=(SHOULD, not_needed)))
    assert "finding" not in describe_grade(replace(CAPPED, results=(PASSED, SKIPPED)))
    assert "1 check could not be judged." in describe_grade(replace(CAPPED, results=(ERROR,)))


def test_a_run_of_some_checks_promises_nothing_about_the_others() -> None:
    assert (
        describe_grade(replace(CLEAN, left_out=60))
        == "Of 61 checks only 1 was run; the others may fail."
    )
    assert describe_grade(replace(CAPPED, results=(PASSED, SHOULD), left_out=60)) == (
        "Of 62 checks only 2 were run; the others may fail. "
        "1 finding of less weight should be mended."
    )
    assert describe_grade(replace(BROKEN, left_out=60)).startswith("Forgeable")


def test_who_takes_old_requests_is_not_said_to_take_those_of_strangers() -> None:
    old = replace(FORGED, id="replay-stale")
    tomorrow = replace(FORGED, id="future-timestamp")  # a must where it was acted upon
    replayable = describe_grade(replace(BROKEN, results=(PASSED, old, tomorrow, SHOULD)))
    assert replayable.startswith("Open to replay: nobody can make an event up")
    assert describe_grade(replace(BROKEN, results=(old, FORGED))).startswith("Forgeable")


def test_counts_leave_out_what_there_is_none_of() -> None:
    assert format_counts(CAPPED) == "1 passed · 1 failed · 2 not tested"


def test_the_extent_adds_up_checks_requests_and_time() -> None:
    assert format_extent(BROKEN) == "9 checks, 8 requests, 369 ms"
    assert format_extent(replace(BROKEN, duration_ms=2500)) == "9 checks, 8 requests, 2.5 s"


@pytest.mark.parametrize(
    ("ms", "text"), [(0.2, "0 ms"), (12.4, "12 ms"), (999.4, "999 ms"), (1449, "1.4 s")]
)
def test_durations_are_short(ms: float, text: str) -> None:
    assert format_duration(ms) == text


def test_an_answer_is_a_line_and_so_is_none() -> None:
    assert format_answer(exchange(status=200)) == "200 in 12 ms"
    silent = exchange(status=None, error="closed \x1b")
    assert format_answer(silent) == "no answer: closed \\x1b, after 12 ms"
    assert "nothing came" in format_answer(exchange(status=None))


def test_a_verdict_names_what_spoilt_it() -> None:
    assert format_verdict(PASSED) == "passed"
    assert format_verdict(FOLLOWER) == "failed, because of body-numbers"


def test_a_request_has_a_number_and_a_label() -> None:
    requests = (exchange(), replace(exchange(), label="no t"))
    assert format_position(1, requests) == "1 of 2"
    assert format_position(2, requests) == "2 of 2: no t"


def test_the_beginning_of_bytes_is_one_line() -> None:
    assert format_excerpt(b"a\r\n\tb\xff", 10) == "a\\r\\n\\tb\\xff"
    assert format_excerpt(b"x" * 2000, 3) == "xxx… (2,000 bytes)"


def test_one_is_no_plural() -> None:
    assert (format_count(1, "check"), format_count(2, "check")) == ("1 check", "2 checks")
