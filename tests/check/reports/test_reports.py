import json
from xml.etree import ElementTree

import pytest
from tests.check.samples import BROKEN

from pivotal_sandbox.check.reports import FORMATS, render
from pivotal_sandbox.errors import InputError


@pytest.mark.parametrize("format", FORMATS)
def test_each_format_has_target_grade_and_finding(format: str) -> None:
    report = render(BROKEN, format)
    for word in (BROKEN.target, "F", "sig-missing"):
        assert word in report
    assert report.endswith("\n")


def test_each_format_parses_as_that_format() -> None:
    assert json.loads(render(BROKEN, "json"))["grade"] == "F"
    assert json.loads(render(BROKEN, "sarif"))["version"] == "2.1.0"
    assert ElementTree.fromstring(render(BROKEN, "junit")).tag == "testsuites"
    assert render(BROKEN, "html").startswith("<!doctype html>")
    assert render(BROKEN, "text").startswith("Grade F")


def test_color_and_width_apply_to_text() -> None:
    assert "\x1b[" in render(BROKEN, "text", color=True)
    assert max(map(len, render(BROKEN, "text", width=50).splitlines())) <= 50


def test_unknown_format_error_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match='no format "pdf"; right is one of text, json, junit'):
        render(BROKEN, "pdf")
