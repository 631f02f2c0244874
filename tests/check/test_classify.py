"""Kinds and fates of answers."""

from typing import Any

import pytest

from pivotal_sandbox.check.classify import (
    classify_answer,
    consequence,
    describe_answer,
    header,
    is_ack,
    list_answers,
    summarize_answers,
    worst_consequence,
)
from pivotal_sandbox.check.model import Exchange


def exchange(status: int | None, **changes: Any) -> Exchange:
    return Exchange(b"", 0, status, None, b"", 1.0, **changes)


@pytest.mark.parametrize(
    ("status", "expected", "becomes"),
    [
        (200, "ack", "delivered"),
        (204, "ack", "delivered"),
        (301, "redirect", "LOST"),
        (400, "reject", "LOST"),
        (401, "reject", "LOST"),
        (404, "reject", "LOST"),
        (408, "throttle", "LOST"),
        (409, "reject", "LOST"),
        (410, "gone", "LOST"),
        (425, "throttle", "LOST"),
        (429, "throttle", "LOST"),
        (500, "crash", "retried"),
        (503, "crash", "retried"),
    ],
)
def test_status_determines_kind_and_consequence(status: int, expected: str, becomes: str) -> None:
    assert classify_answer(exchange(status)) == expected
    assert consequence(exchange(status)) == becomes
    assert is_ack(exchange(status)) is (expected == "ack")


def test_503_with_retry_after_is_throttling() -> None:
    assert classify_answer(exchange(503, response_headers=(("Retry-After", "5"),))) == "throttle"


@pytest.mark.parametrize(
    ("failure", "expected", "words"),
    [
        ("timeout", "hang", "no answer in time"),
        ("connection_reset", "crash", "a closed connection"),
        ("connection_refused", "crash", "connection refused"),
        ("protocol", "crash", "something that is not HTTP/1.1"),
    ],
)
def test_missing_answer_is_a_hang_or_a_crash_and_is_retried(
    failure: str, expected: str, words: str
) -> None:
    unanswered = exchange(None, failure=failure)
    assert classify_answer(unanswered) == expected
    assert consequence(unanswered) == "retried"
    assert describe_answer(unanswered) == words


def test_worst_consequence_wins() -> None:
    assert worst_consequence([exchange(200), exchange(500)]) == "retried"
    assert worst_consequence([exchange(500), exchange(404), exchange(200)]) == "LOST"
    assert worst_consequence([]) == "delivered"


def test_headers_are_found_case_insensitively() -> None:
    answered = exchange(200, response_headers=(("Server", "x"),))
    assert header(answered, "server") == "x"
    assert header(answered, "allow") == ""


def test_answers_are_counted_and_the_first_ones_listed() -> None:
    assert summarize_answers([exchange(401)]) == "401"
    assert summarize_answers([exchange(401)] * 2) == "401 to both"
    assert summarize_answers([exchange(401)] * 3 + [exchange(400)]) == "401 to 3, 400 to 1"
    named = [exchange(200, label=label) for label in "abcde"]
    assert list_answers(named) == "a: 200; b: 200; c: 200; and 2 more"
    assert list_answers(named[:1]) == "a: 200"
