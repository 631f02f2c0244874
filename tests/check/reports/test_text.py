import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from tests.check.samples import BROKEN, CAPPED, CLEAN, FORGED, TARGET, exchange, reports

from pivotal_sandbox.check.model import Report
from pivotal_sandbox.check.reports.text import render_text

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def plain(report: Report, width: int = 100) -> str:
    return render_text(report, color=False, width=width)


def test_first_line_is_the_grade_with_its_meaning() -> None:
    assert plain(BROKEN).startswith("Grade F  Forgeable: whoever knows the address")
    assert plain(CLEAN).startswith("Grade A  Clean")


def test_finding_shows_all_facts() -> None:
    text = plain(replace(BROKEN, results=(FORGED,)))
    finding = text.partition("Must be mended (1)\n\n")[2]
    assert finding == (
        """\
✗ sig-missing  An event without a signature is refused
  expected   4xx, and no effect
  observed   200, and the event was processed
  sent       POST /webhooks/pivotal HTTP/1.1
             pivotal-event: customer.at_risk
             pivotal-delivery-id: msg_1
             {"id":"evt_1","type":"customer.at_risk"}
  came back  200 in 12 ms: {"ok":true}\\n
  fate       delivered
  why        Anyone who finds the address can invent events (CVE-2026-33143: the webhook route
             checked nothing at all).
  mend       Refuse with 401 before reading the body when pivotal-signature is missing:
                 if header is None:
                     return Response(status=401)
  replay     pivotal-sandbox check http://127.0.0.1:8000/webhooks/pivotal --replay sig-missing
"""
    )


def test_deciding_request_is_shown_with_position_and_label() -> None:
    requests = (replace(exchange(b"first"), label="no t"), exchange(b"second"))
    text = plain(replace(BROKEN, results=(replace(FORGED, requests=requests),)))
    assert "sent       1 of 2: no t\n" in text
    assert "first" in text
    assert "second" not in text


def test_severities_are_in_order_and_counted() -> None:
    text = plain(BROKEN)
    titles = ["Must be mended (3)", "Should be mended (1)", "Good to know (1)", "Not tested (1)"]
    assert [text.index(title) for title in titles] == sorted(map(text.index, titles))


def test_followers_are_one_line_of_their_finding() -> None:
    text = plain(BROKEN)
    assert "with it    body-escapes (failed), body-tampered (inconclusive)" in text
    assert "✗ body-escapes" not in text


def test_error_has_its_own_symbol() -> None:
    assert "? burst" in plain(BROKEN)


def test_untested_checks_say_how_to_test_them() -> None:
    assert plain(CAPPED).endswith(
        """\
– retry-identical, out-of-order
  why        without a probe its effects cannot be seen
  test it    Give --probe-url http://127.0.0.1:8000/probe/{id}, which answers with a count.
"""
    )


def test_clean_report_shows_only_grade_and_facts() -> None:
    assert plain(CLEAN).splitlines()[1:] == [
        f"  target     {TARGET}",
        "  result     1 passed",
        "  extent     1 check, 1 request, 41 ms, seed 0",
    ]


def test_a_target_is_quoted_for_the_shell_in_the_replay() -> None:
    report = replace(BROKEN, target="http://h/a?b=$(id)")
    assert "check 'http://h/a?b=$(id)' --replay" in plain(report)


def test_color_does_not_change_the_text() -> None:
    coloured = render_text(BROKEN, color=True, width=100)
    bare = "".join(f"{line.rstrip()}\n" for line in ESCAPE.sub("", coloured).splitlines())
    assert bare == plain(BROKEN)


@pytest.mark.parametrize("width", [40, 79, 100, 200])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    for report in (BROKEN, CAPPED, CLEAN):
        assert max(map(cell_len, plain(report, width).splitlines())) <= width


@given(reports, st.integers(40, 120), st.booleans())
def test_any_report_fits_the_width_without_control_characters(
    report: Report, width: int, color: bool
) -> None:
    lines = render_text(report, color=color, width=width)
    bare = ESCAPE.sub("", lines) if color else lines
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", bare)
    assert all(cell_len(line) <= width for line in bare.split("\n"))
