from dataclasses import replace

from hypothesis import given
from tests.check.samples import (
    BROKEN,
    CAPPED,
    CLEAN,
    ERROR,
    FOLLOWER,
    FORGED,
    PASSED,
    RESERIALISED,
    SHOULD,
    SKIPPED,
    TARGET,
    VACUOUS,
    reports,
)

from pivotal_sandbox.check.findings import collect_findings, collect_untested
from pivotal_sandbox.check.model import Report, Result


def report(*results: Result) -> Report:
    return Report(TARGET, 0, "F", results)


def test_findings_are_sorted_by_severity_and_then_in_report_order() -> None:
    assert [(finding.severity, finding.cause.id) for finding in collect_findings(BROKEN)] == [
        ("must", "sig-missing"),
        ("must", "body-numbers"),
        ("must", "burst"),
        ("should", "future-timestamp"),
        ("info", "body-1m"),
    ]


def test_results_are_grouped_under_their_root_cause() -> None:
    [finding] = collect_findings(report(RESERIALISED, FOLLOWER, VACUOUS))
    assert finding.cause == RESERIALISED
    assert finding.followers == (FOLLOWER, VACUOUS)


def test_finding_has_the_highest_severity_of_its_group() -> None:
    mild = replace(RESERIALISED, severity="info")
    [finding] = collect_findings(report(mild, FOLLOWER))
    assert finding.severity == "must"
    [alone] = collect_findings(report(mild, replace(VACUOUS, caused_by=mild.id)))
    assert alone.severity == "info"


def test_missing_cause_hides_no_result() -> None:
    [finding] = collect_findings(report(FOLLOWER))
    assert finding.cause == FOLLOWER


def test_passed_cause_hides_no_result() -> None:
    [finding] = collect_findings(report(PASSED, replace(SHOULD, caused_by=PASSED.id)))
    assert finding.cause.id == SHOULD.id


def test_cyclic_causes_terminate() -> None:
    first, two = replace(FORGED, caused_by=SHOULD.id), replace(SHOULD, caused_by=FORGED.id)
    collect_findings(report(first, two))


def test_untested_checks_are_grouped_by_reason() -> None:
    [untested] = collect_untested(CAPPED)
    assert [result.id for result in untested.results] == ["retry-identical", "out-of-order"]
    assert (untested.why, untested.advice) == (SKIPPED.observed, SKIPPED.advice)


def test_inconclusive_result_without_a_cause_counts_as_untested() -> None:
    vacuous = replace(VACUOUS, caused_by=None)
    [untested] = collect_untested(report(PASSED, vacuous))
    assert untested.results == (vacuous,)
    assert collect_untested(BROKEN)[0].results == (SKIPPED,)


def test_passed_results_are_not_findings() -> None:
    assert collect_findings(CLEAN) == ()
    assert collect_untested(CLEAN) == ()


def test_error_is_a_finding() -> None:
    assert [finding.cause for finding in collect_findings(report(ERROR))] == [ERROR]


@given(reports)
def test_each_result_appears_only_once(report: Report) -> None:
    findings = collect_findings(report)
    shown = [finding.cause.id for finding in findings]
    shown += [follower.id for finding in findings for follower in finding.followers]
    shown += [result.id for group in collect_untested(report) for result in group.results]
    assert len(shown) == len(set(shown))
