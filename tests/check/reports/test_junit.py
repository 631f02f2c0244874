from xml.etree import ElementTree

from hypothesis import given
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase
from tests.check.samples import BROKEN, RESERIALISED, TARGET, reports

from pivotal_sandbox.check.model import Report
from pivotal_sandbox.check.reports.junit import render_junit


def cases(report: Report) -> dict[str, TestCase]:
    read = JUnitXml.fromstring(render_junit(report).encode())
    return {case.name: case for suite in read for case in suite}


def test_a_reader_finds_a_suite_for_each_group_and_a_case_for_each_check() -> None:
    read = JUnitXml.fromstring(render_junit(BROKEN).encode())
    assert [suite.name for suite in read] == list(dict.fromkeys(r.group for r in BROKEN.results))
    assert cases(BROKEN).keys() == {result.id for result in BROKEN.results}
    assert cases(BROKEN)["sig-missing"].classname == "check.authenticity"
    assert cases(BROKEN)["sig-missing"].time == 0.041


def test_the_numbers_are_those_that_a_reader_counts_itself() -> None:
    read = JUnitXml.fromstring(render_junit(BROKEN).encode())
    for suite in read:
        kinds = [type(result) for case in suite for result in case.result]
        assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (
            len(list(suite)),
            kinds.count(Failure),
            kinds.count(Error),
            kinds.count(Skipped),
        )
    assert (read.tests, read.failures, read.errors, read.skipped) == (9, 3, 1, 2)


def test_a_must_is_red_with_its_whole_story() -> None:
    [failure] = cases(BROKEN)["body-numbers"].result
    assert isinstance(failure, Failure)
    assert (failure.message, failure.type) == ("401", "must")
    for words in (RESERIALISED.fate, RESERIALISED.reason, RESERIALISED.advice, '{"n":1e3}'):
        assert words in failure.text
    assert "because of: body-numbers" in cases(BROKEN)["body-escapes"].result[0].text


def test_what_could_not_be_judged_is_an_error() -> None:
    [error] = cases(BROKEN)["burst"].result
    assert isinstance(error, Error)


def test_a_should_breaks_no_build_and_is_told_all_the_same() -> None:
    case = cases(BROKEN)["future-timestamp"]
    assert case.result == []
    assert "Compare abs(now - t)" in case.system_out


def test_what_was_not_tested_is_skipped_with_its_reason() -> None:
    [skipped] = cases(BROKEN)["retry-identical"].result
    assert isinstance(skipped, Skipped)
    assert skipped.message == "not tested: without a probe its effects cannot be seen"
    [vacuous] = cases(BROKEN)["body-tampered"].result
    assert vacuous.message.startswith("inconclusive, because of body-escapes: ")


def test_each_suite_says_what_was_graded_and_how() -> None:
    for suite in ElementTree.fromstring(render_junit(BROKEN)):
        properties = {
            element.get("name"): element.get("value") for element in suite.iter("property")
        }
        assert (properties["target"], properties["grade"]) == (TARGET, "F")


@given(reports)
def test_any_report_is_well_formed(report: Report) -> None:
    root = ElementTree.fromstring(render_junit(report).encode())
    assert len(root.findall("testsuite/testcase")) == len(report.results)
