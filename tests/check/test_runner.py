"""The whole battery: correct receivers pass it, and what happens around it."""

import asyncio
import re
import socket
from typing import Any

import pytest
from tests.check.broken import DiesOnLength, NoVerify, RateLimit
from tests.check.correct import PREVIOUS, REVOKED, VARIANTS, Rotating, VerifiesLater
from tests.check.receiver import SECRET, Receiver
from tests.check.receivers import (
    Reports,
    find_failures,
    full_reports,
    report_of,
    run_one,
    variant_reports,
)
from tests.check.server import Answer, Dropped, Request, serving

from pivotal_sandbox.check.model import Report, Result
from pivotal_sandbox.check.options import CheckOptions
from pivotal_sandbox.check.probe import ProbeError
from pivotal_sandbox.check.registry import CASES
from pivotal_sandbox.check.runner import check
from pivotal_sandbox.check.session import MAX_REQUESTS
from pivotal_sandbox.errors import InputError, UnreachableError

GRADES = {
    "no-verify": "F",
    "empty-key": "F",
    "leaks-expected": "F",
    "json-stringify": "F",
    "plain-dumps": "D",
    "limit32-k": "D",
    "dies-on-length": "D",
    "crashes-on-length": "B",
    "bad-signature500": "B",
    "no-dedupe": "C",
    "race": "C",
}
ROOTS = {
    "no-verify": {"sig-wrong-secret"},
    "json-stringify": {"body-tampered"},
    "no-tolerance": {"replay-stale"},
    "no-dedupe": {"retry-identical"},
    "bad-signature500": {"sig-wrong-secret"},
    "crashes-on-malformed": {"sig-malformed"},
    "trailing-slash": {"no-redirect"},
    "secret-without-prefix": {"valid-accepted"},
    "dies-on-length": {"sig-malformed"},
    "body-only": {"mac-without-timestamp"},
}


@pytest.fixture(scope="module")
def reports() -> Reports:
    """Whole reports of some broken receivers."""
    return full_reports({*GRADES, *ROOTS})


@pytest.mark.parametrize("name", VARIANTS)
def test_correct_receiver_has_no_findings(name: str) -> None:
    assert find_failures(variant_reports()[name]) == {}
    assert variant_reports()[name].grade == "A"


@pytest.mark.parametrize("name", VARIANTS)
def test_run_stays_below_the_request_limit(name: str) -> None:
    results = variant_reports()[name].results
    assert len({id(request) for result in results for request in result.requests}) < MAX_REQUESTS


def test_grade_is_at_most_b_without_a_probe() -> None:
    report = run_one(Receiver())
    assert find_failures(report) == {}
    assert report.grade == "B"
    assert report.passed


@pytest.mark.parametrize("name", GRADES)
def test_broken_receiver_gets_its_grade(name: str, reports: Reports) -> None:
    report = reports[name]
    assert report.grade == GRADES[name]
    assert report.passed is not any(
        result.severity == "must" and result.outcome in ("failed", "error")
        for result in report.results
    )


@pytest.mark.parametrize("name", ROOTS)
def test_failures_are_grouped_under_their_root_cause(name: str, reports: Reports) -> None:
    found = {
        result.id
        for result in reports[name].results
        if result.outcome == "failed" and result.severity != "info" and result.caused_by is None
    }
    assert found - {"reject-status"} == ROOTS[name]


def test_crash_is_reported_once_with_the_request_that_caused_it() -> None:
    report = run_one(DiesOnLength())
    by_id = {result.id: result for result in report.results}
    assert "died of it" in by_id["sig-malformed"].observed
    assert by_id["sig-malformed"].requests[0].label in by_id["still-alive"].observed
    assert by_id["still-alive"].caused_by == "sig-malformed"
    unrun = [
        result for result in report.results if result.observed == "not run: the receiver had died"
    ]
    assert unrun
    assert {result.outcome for result in unrun} == {"skipped"}
    assert {result.caused_by for result in unrun} == {"sig-malformed"}


def test_dropped_connection_is_not_a_crash_of_the_receiver() -> None:
    class Drops(Receiver):
        async def __call__(self, request: Request) -> Answer:
            if request.get("pivotal-signature") == "garbage":
                raise Dropped
            return await super().__call__(request)

    report = run_one(Drops(), only=["sig-malformed"])
    [result] = [result for result in report.results if result.id == "sig-malformed"]
    assert result.outcome == "failed"
    assert result.severity == "should"
    assert "a closed connection" in result.observed


def test_run_ends_if_the_control_gets_no_answer() -> None:
    async def hang(request: Request) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    async def run() -> Report:
        async with serving(hang) as url:
            return await check(url, SECRET, CheckOptions(timeout=0.2))

    report = asyncio.run(run())
    by_id = {result.id: result for result in report.results}
    assert by_id["valid-accepted"].outcome == "failed"
    assert by_id["valid-accepted"].fate == "retried"
    assert {result.outcome for result in report.results if result.id != "valid-accepted"} == {
        "skipped"
    }


def test_refused_connection_is_unreachable() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/"
        with pytest.raises(UnreachableError, match="Nobody listens"):
            asyncio.run(check(url, SECRET))


def test_hosts_other_than_loopback_have_to_be_allowed() -> None:
    with pytest.raises(InputError, match="--allow-host"):
        asyncio.run(check("http://192.0.2.1/", SECRET))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"secret": ""}, "secret is empty"),
        ({"timeout": 0}, "greater than 0"),
        ({"pace": 0}, "greater than 0"),
        ({"only": ("sig-misssing",)}, 'Did you mean "sig-missing"'),
        ({"skip": ("raw",)}, "There is no check"),
        ({"target": "127.0.0.1"}, "does not begin with"),
    ],
)
def test_invalid_arguments_are_rejected(options: dict[str, Any], message: str) -> None:
    arguments = {"target": "http://127.0.0.1:1/", "secret": SECRET, **options}
    target, secret = arguments.pop("target"), arguments.pop("secret")
    with pytest.raises(InputError, match=message):
        asyncio.run(check(target, secret, CheckOptions(**arguments)))


def test_only_and_skip_select_checks_and_groups() -> None:
    report = run_one(Receiver(), only=["raw-body", "sig-missing"], skip=["body-64k"])
    never = sum(bool({"previous_secret", "revoked_secret", "start"} & {*c.needs}) for c in CASES)
    assert report.left_out == len(CASES) - never - len(report.results)
    ids = [result.id for result in report.results]
    assert "valid-accepted" in ids  # what the others are compared with
    assert "sig-missing" in ids
    assert "body-keys" in ids
    assert "body-64k" not in ids
    assert "ping-accepted" not in ids


def test_same_seed_sends_the_same_requests_except_for_the_time() -> None:
    def sent(report: Report) -> dict[str, list[bytes]]:
        # Eight characters of an id are the time, and so is a signature.
        times = re.compile(
            rb"(?<=evt_|msg_|cus_).{8}|t=\d+|sig=[^,\r]+|[\d-]{10}T[\d:.]+Z|127.0.0.1:\d+"
        )
        return {
            result.id: sorted(times.sub(b"", request.sent) for request in result.requests)
            for result in report.results
        }

    only = ["sig-truncated", "body-numbers", "wrong-algorithm", "header-case"]
    first, again, other = (run_one(Receiver(), only=only, seed=seed) for seed in (5, 5, 6))
    assert sent(first) == sent(again)
    assert sent(first) != sent(other)
    assert first.seed == 5


def test_run_without_a_seed_reports_the_seed_it_drew() -> None:
    first, second = (run_one(Receiver(), only=["sig-missing"], seed=None) for _ in range(2))
    assert first.seed != second.seed


def test_pace_limits_the_request_rate() -> None:
    async def run() -> float:
        began = asyncio.get_running_loop().time()
        await report_of(Receiver(), only=["sig-empty", "header-case"], pace=40)
        return asyncio.get_running_loop().time() - began

    assert asyncio.run(run()) >= 6 / 40  # seven requests and a bit


def test_on_result_gets_each_result() -> None:
    seen: list[Result] = []
    report = run_one(Receiver(), only=["authenticity"], on_result=seen.append)
    assert seen[0].id == "valid-accepted"
    assert {item.id for item in seen} == {result.id for result in report.results}


def test_rotation_secrets_are_tested_if_given() -> None:
    only = ["secret-rotation", "secret-revoked"]
    given = {"previous_secret": PREVIOUS, "revoked_secret": REVOKED}
    assert find_failures(run_one(Rotating(), only=only, **given)) == {}
    assert set(find_failures(run_one(Receiver(), only=only, **given))) == {"secret-rotation"}

    class Forgetful(Rotating):
        secrets = (SECRET, PREVIOUS, REVOKED)

    assert set(find_failures(run_one(Forgetful(), only=only, **given))) == {"secret-revoked"}
    asked_for = {result.id: result.observed for result in run_one(Receiver(), only=only).results}
    assert asked_for["secret-rotation"] == "it needs the previous secret"
    assert asked_for["secret-revoked"] == "it needs the revoked secret"
    whole_group = run_one(Receiver(), only=["contract"]).results
    assert not {"secret-rotation", "secret-revoked"} & {result.id for result in whole_group}


def test_probe_excuses_forgeries_acknowledged_by_async_verification() -> None:
    receiver = VerifiesLater()
    report = run_one(receiver, probe=receiver.probe, verifies_async=True)
    assert report.grade == "B"
    assert {result.severity for result in find_failures(report).values()} == {"should"}
    blind = run_one(VerifiesLater(), verifies_async=True)
    assert blind.grade == "F"

    forgeable = NoVerify()
    report = run_one(forgeable, probe=forgeable.probe, verifies_async=True, only=["sig-missing"])
    assert report.grade == "F"
    assert "acted on" in find_failures(report)["sig-missing"].observed


def test_rate_limit_is_a_finding_and_not_a_refusal() -> None:
    class Always(RateLimit):
        async def __call__(self, request: Request) -> Answer:
            self.busy += 1
            return Answer(429) if self.busy > 3 else Answer(200)

    report = run_one(Always(), only=["sig-truncated", "burst"])
    by_id = {result.id: result for result in report.results}
    assert by_id["burst"].outcome == "failed"
    assert by_id["sig-truncated"].outcome in ("vacuous", "failed")
    assert by_id["burst"].fate == "LOST"


def test_failing_probe_is_an_error() -> None:
    async def broken(id: str) -> int:
        raise ProbeError("the database is gone")

    report = run_one(Receiver(), probe=broken, only=["idempotency"])
    [first] = [result for result in report.results if result.id == "valid-accepted"]
    assert first.outcome == "error"
    assert "the database is gone" in first.observed
    assert report.grade == "B"
    assert not report.passed


def test_probe_failing_during_the_run_fails_the_checks_that_need_it() -> None:
    asked: list[str] = []

    def once(id: str) -> int:
        asked.append(id)
        if len(asked) > 2:
            raise ProbeError("too many questions")
        return 1

    report = run_one(Receiver(), probe=once, only=["sig-missing", "retry-identical"])
    by_id = {result.id: result for result in report.results}
    assert by_id["sig-missing"].outcome == "error"
    assert by_id["retry-identical"].outcome == "error"


def test_every_check_has_title_reason_and_expectation() -> None:
    for case in CASES:
        assert not case.title[0].islower(), case.id
        assert case.reason.endswith("."), case.id
        assert case.expected, case.id
