from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

from hypothesis import given
from tests.check.samples import BROKEN, CAPPED, CLEAN, FORGED, exchange, reports

from pivotal_sandbox.check.model import Report
from pivotal_sandbox.check.reports.html import render_html

_ELEMENTS = """
    html head meta title style body main header div h1 h2 h3 h4 p i section article span small dl dt
    dd b pre details summary ul li table tr th td footer code
"""
ELEMENTS = set(_ELEMENTS.split())


class Page(HTMLParser):
    """What a browser would make of a page: its elements, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data


def words(report: Report) -> str:
    return " ".join(Page(render_html(report)).text.split())


def test_grade_is_shown_and_explained() -> None:
    page = render_html(BROKEN)
    assert '<div class="grade F" role="img" aria-label="Grade F">F</div>' in page
    assert "Forgeable: whoever knows the address" in words(BROKEN)


def test_findings_are_grouped_by_severity_with_their_advice() -> None:
    text = words(BROKEN)
    titles = ["Must be mended 3", "sig-missing", "Should be mended 1", "Good to know 1"]
    assert [text.index(title) for title in titles] == sorted(map(text.index, titles))
    for fact in ("LOST: Pivotal does not retry a 4xx", "octokit/webhooks.js#71", "if header is N"):
        assert fact in text
    assert "2 checks more with the same cause" in text


def test_request_is_shown_with_the_command_that_repeats_it() -> None:
    text = words(BROKEN)
    assert '{"id":"evt_3","data":{"é":"\\u202e\\x1b[2J"}}\\xff' in text
    assert "curl -sS --globoff --path-as-is --http1.1 -X POST http://127.0.0.1:8000/webh" in text


def test_line_ends_are_visible_in_bodies_only() -> None:
    result = replace(FORGED, requests=(exchange(b"{\r\n}"),))
    page = Page(render_html(replace(BROKEN, results=(result,)))).text
    assert "\n{\\r\n}" in page
    assert "HTTP/1.1\nhost: 127.0.0.1:8000\n" in page


def test_an_answer_is_shown_with_its_headers() -> None:
    answered = replace(exchange(answer=b"no"), response_headers=(("Server", "x/1"),))
    text = words(replace(BROKEN, results=(replace(FORGED, requests=(answered,)),)))
    assert "401 in 12 ms Server: x/1 no" in text


def test_long_content_is_truncated_and_counted() -> None:
    large = replace(FORGED, requests=(exchange(b"x" * 100_000), *[exchange()] * 14))
    page = render_html(replace(BROKEN, results=(large,)))
    assert "34,464 bytes more" in page
    assert "and 3 requests more" in words(replace(BROKEN, results=(large,)))
    assert len(page) < 200_000


def test_untested_checks_say_how_to_test_them() -> None:
    text = words(CAPPED)
    assert "retry-identical, out-of-order Why without a probe its effects cannot be seen" in text
    assert "How to test it Give --probe-url" in text


def test_a_clean_report_lists_its_checks_and_no_finding() -> None:
    text = words(CLEAN)
    assert "✓ passed valid-accepted A genuine event is accepted 41 ms" in text
    assert "mended" not in text


def test_page_loads_nothing() -> None:
    page = render_html(BROKEN)
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert not Page(page).attributes & {"src", "href", "style", "onclick"}


@given(reports)
def test_any_report_renders_only_known_elements(report: Report) -> None:
    page = render_html(report)
    assert page.encode()
    assert "<script" not in page.lower()
    read = Page(page)
    assert read.open == []
    assert read.tags.keys() <= ELEMENTS
