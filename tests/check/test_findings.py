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


def test_the_gravest_come_first_and_then_the_order_of_the_battery() -> None:
    assert [(finding.severity, finding.cause.id) for finding in collect_findings(BROKEN)] == [
        ("must", "sig-missing"),
        ("must", "body-numbers"),
        ("must", "burst"),
        ("should", "future-timestamp"),
        ("info", "body-1m"),
    ]


def test_what_follows_is_folded_under_its_first_cause() -> None:
    [finding] = collect_findings(report(RESERIALISED, FOLLOWER, VACUOUS))
    assert finding.cause == RESERIALISED
    assert finding.followers == (FOLLOWER, VACUOUS)


def test_a_cause_is_as_grave_as_the_gravest_that_it_spoils() -> None:
    mild = replace(RESERIALISED, severity="info")
    [finding] = collect_findings(report(mild, FOLLOWER))
    assert finding.severity == "must"
    [alone] = collect_findings(report(mild, replace(VACUOUS, caused_by=mild.id)))
    assert alone.severity == "info"


def test_a_cause_that_is_not_in_the_report_hides_nothing() -> None:
    [finding] = collect_findings(report(FOLLOWER))
    assert finding.cause == FOLLOWER


def test_a_cause_that_passed_hides_nothing() -> None:
    [finding] = collect_findings(report(PASSED, replace(SHOULD, caused_by=PASSED.id)))
    assert finding.cause.id == SHOULD.id


def test_causes_in_a_ring_end() -> None:
    first, two = replace(FORGED, caused_by=SHOULD.id), replace(SHOULD, caused_by=FORGED.id)
    collect_findings(report(first, two))


def test_what_was_not_tested_for_one_reason_is_said_once() -> None:
    [untested] = collect_untested(CAPPED)
    assert [result.id for result in untested.results] == ["retry-identical", "out-of-order"]
    assert (untested.why, untested.advice) == (SKIPPED.observed, SKIPPED.advice)


def test_what_says_nothing_for_no_finding_s_sake_counts_as_not_tested() -> None:
    vacuous = replace(VACUOUS, caused_by=None)
    [untested] = collect_untested(report(PASSED, vacuous))
    assert untested.results == (vacuous,)
    assert collect_untested(BROKEN)[0].results == (SKIPPED,)


def test_nothing_is_wrong_with_what_passed() -> None:
    assert collect_findings(CLEAN) == ()
    assert collect_untested(CLEAN) == ()


def test_what_could_not_be_judged_is_a_finding() -> None:
    assert [finding.cause for finding in collect_findings(report(ERROR))] == [ERROR]


@given(reports)
def test_each_result_is_in_one_place_only(report: Report) -> None:
    findings = collect_findings(report)
    shown = [finding.cause.id for finding in findings]
    shown += [follower.id for finding in findings for follower in finding.followers]
    shown += [result.id for group in collect_untested(report) for result in group.results]
    assert len(shown) == len(set(shown))
