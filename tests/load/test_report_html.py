import re
from html.parser import HTMLParser

from tests.load.samples import report

from pivotal_sandbox.load.report import Report
from pivotal_sandbox.load.report_html import render_html

VOID = {"meta", "line", "polyline", "circle", "rect"}


class Balanced(HTMLParser):
    """Collects the tags that are open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open.pop() == tag


def parsed(given: Report) -> tuple[str, Balanced]:
    page, parser = render_html(given), Balanced()
    parser.feed(page)
    assert parser.open == []
    return page, parser


def test_it_has_two_plots_and_loads_nothing() -> None:
    page, parser = parsed(report(*[("204", 8.0)] * 18, ("503", 1_500), unsent=3))
    assert parser.seen.count("svg") == 2
    assert parser.seen.count("polyline") == 2
    assert parser.seen.count("circle") == 1
    assert "rect" in parser.seen
    assert not {"script", "link", "img", "iframe"} & set(parser.seen)
    assert not re.search(r"(?:src|href)=|url\(", page)
    assert "default-src 'none'" in page


def test_it_says_what_the_text_says() -> None:
    page, _ = parsed(report(("204", 8.0), ("401", 1_500), unsent=3))
    for said in ("200 a second wanted", "p99.9", "1.50 s", "LOST: Pivotal", "3 were due"):
        assert said in page, said


def test_a_url_is_text_and_never_markup() -> None:
    page, _ = parsed(report(("204", 8.0)))
    assert "<hook>" not in page
    assert "&lt;hook&gt;" in page


def test_of_nothing_it_is_a_page_all_the_same() -> None:
    page, _ = parsed(report(rate=None, stopped=True))
    assert "As fast as answers come" in page
    assert "stopped early" in page
