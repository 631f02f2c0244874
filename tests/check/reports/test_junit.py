from xml.etree import ElementTree

from hypothesis import given
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase
from tests.check.samples import BROKEN, RESERIALISED, TARGET, reports

from pivotal_sandbox.check.model import Report
from pivotal_sandbox.check.reports.junit import render_junit


def cases(report: Report) -> dict[str, TestCase]:
    read = JUnitXml.fromstring(render_junit(report).encode())
    return {case.name: case for suite in read for case in suite}


def test_each_group_is_a_suite_and_each_check_a_case() -> None:
    read = JUnitXml.fromstring(render_junit(BROKEN).encode())
    assert [suite.name for suite in read] == list(dict.fromkeys(r.group for r in BROKEN.results))
    assert cases(BROKEN).keys() == {result.id for result in BROKEN.results}
    assert cases(BROKEN)["sig-missing"].classname == "check.authenticity"
    assert cases(BROKEN)["sig-missing"].time == 0.041


def test_suite_totals_match_the_cases() -> None:
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


def test_failed_must_is_a_failure_with_details() -> None:
    [failure] = cases(BROKEN)["body-numbers"].result
    assert isinstance(failure, Failure)
    assert (failure.message, failure.type) == ("401", "must")
    for words in (RESERIALISED.fate, RESERIALISED.reason, RESERIALISED.advice, '{"n":1e3}'):
        assert words in failure.text
    assert "because of: body-numbers" in cases(BROKEN)["body-escapes"].result[0].text


def test_error_result_is_an_error() -> None:
    [error] = cases(BROKEN)["burst"].result
    assert isinstance(error, Error)


def test_failed_should_passes_with_its_finding_as_output() -> None:
    case = cases(BROKEN)["future-timestamp"]
    assert case.result == []
    assert "Compare abs(now - t)" in case.system_out


def test_untested_check_is_skipped_with_its_reason() -> None:
    [skipped] = cases(BROKEN)["retry-identical"].result
    assert isinstance(skipped, Skipped)
    assert skipped.message == "not tested: without a probe its effects cannot be seen"
    [vacuous] = cases(BROKEN)["body-tampered"].result
    assert vacuous.message.startswith("inconclusive, because of body-escapes: ")


def test_each_suite_has_the_grade_as_properties() -> None:
    for suite in ElementTree.fromstring(render_junit(BROKEN)):
        properties = {
            element.get("name"): element.get("value") for element in suite.iter("property")
        }
        assert (properties["target"], properties["grade"]) == (TARGET, "F")


@given(reports)
def test_any_report_is_well_formed(report: Report) -> None:
    root = ElementTree.fromstring(render_junit(report).encode())
    assert len(root.findall("testsuite/testcase")) == len(report.results)
