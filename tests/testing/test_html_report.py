"""The report of failed tests, as one HTML file."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.testing.failure_report import (
    KEPT,
    AttemptText,
    DeliveryText,
    Report,
    render_report,
)


def delivery(text: str = "x") -> DeliveryText:
    attempt: AttemptText = {
        "number": 1,
        "when": "2026-01-01 00:00:00",
        "took": "1 ms",
        "came_back": text,
        "request": text,
        "response": text,
        "verdict": text,
        "explanation": text,
    }
    return {
        "event": text,
        "status": "failed",
        "said": text,
        "url": text,
        "ids": text,
        "fault": text,
        "attempts": [attempt],
    }


class Tags(HTMLParser):
    """Collects the elements of a page, with their attributes, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}


def tags(page: str) -> Tags:
    parser = Tags()
    parser.feed(page)
    return parser


PLAIN = tags(render_report([("t.py::test", [delivery()])]))


@given(
    st.text()
    | st.sampled_from(
        ["<script>alert(1)</script>", '"><img src=x onerror=y>', "</pre><b>", "\ud800"]
    )
)
def test_nothing_that_a_stranger_says_becomes_markup(text: str) -> None:
    page = render_report([(text, [delivery(text)])])
    assert "<script" not in page.lower()
    parsed = tags(page)
    assert parsed.seen <= PLAIN.seen
    assert parsed.attributes <= PLAIN.attributes
    page.encode()


def test_the_page_loads_nothing() -> None:
    page = render_report([("t.py::test", [delivery()])])
    assert "default-src 'none'" in page
    assert PLAIN.seen.isdisjoint({"script", "link", "img", "iframe"})
    assert PLAIN.attributes.isdisjoint({"src", "href"})


def test_what_tests_report_is_gathered_and_written_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "reports" / "pivotal.html"
    report = Report(str(path))
    failed = pytest.TestReport("t.py::a", ("t.py", 1, "a"), {}, "failed", None, "call")
    setattr(failed, KEPT, [delivery("the answer")])
    passed = pytest.TestReport("t.py::b", ("t.py", 2, "b"), {}, "passed", None, "call")
    for test_report in (failed, passed):
        report.pytest_runtest_logreport(test_report)
    report.pytest_sessionfinish()
    page = path.read_text("utf-8")
    assert "t.py::a" in page
    assert "the answer" in page
    assert "t.py::b" not in page
    assert "1 failed test with webhooks" in page


def test_where_nothing_failed_the_page_says_so() -> None:
    assert "0 failed tests with webhooks" in render_report([])
