"""The checks of the battery, each as a test."""

import asyncio
from collections.abc import Iterator

import pytest
from tests.testing.receivers import Answering

from pivotal_sandbox import testing
from pivotal_sandbox.check.registry import CASES
from pivotal_sandbox.testing.async_pivotal import AsyncPivotal
from pivotal_sandbox.testing.background import Background
from pivotal_sandbox.testing.case import BatteryCase, parameters
from pivotal_sandbox.testing.options import Options
from pivotal_sandbox.testing.pivotal import Pivotal

BY_ID = {case.id: case for case in CASES}


@pytest.fixture
def sandbox(background: Background) -> Iterator[Pivotal]:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        sandbox = Pivotal(AsyncPivotal(Options(), lambda: background), runner)
        yield sandbox
        sandbox.close()


def test_it_can_be_imported_for_annotations_without_the_battery_before() -> None:
    assert testing.BatteryCase is BatteryCase
    assert "BatteryCase" in testing.__all__
    with pytest.raises(AttributeError, match="'Batterycase'"):
        testing.Batterycase  # noqa: B018


def test_there_is_a_parameter_for_each_check_named_and_marked() -> None:
    made = {parameter.id: [mark.name for mark in parameter.marks] for parameter in parameters()}
    assert made == {case.id: [case.severity] for case in CASES}


def test_a_receiver_that_does_well_passes(sandbox: Pivotal) -> None:
    case = BatteryCase(BY_ID["valid-accepted"], sandbox)
    case.run(Answering(), secret="whsec_a")
    assert (case.id, case.group, case.severity) == ("valid-accepted", "contract", "must")
    assert repr(case) == "<BatteryCase valid-accepted>"
    assert case.title == BY_ID["valid-accepted"].title


def test_a_receiver_that_does_not_fails_the_test_with_all_that_is_known(sandbox: Pivotal) -> None:
    with pytest.raises(pytest.fail.Exception) as failed:
        BatteryCase(BY_ID["sig-missing"], sandbox).run(Answering(200, body=b"thanks\x1b"))
    lines = str(failed.value).splitlines()
    assert lines[0] == f"sig-missing: {BY_ID['sig-missing'].title}"
    starts = [line[2:12].strip() for line in lines[1:] if line[2] != " "]
    assert starts[:4] == ["observed", "expected", "sent", "came back"]
    assert {"why", "mend"} <= set(starts)
    assert "thanks\\x1b" in str(failed.value)


def test_what_can_say_nothing_fails_and_blames_the_control(sandbox: Pivotal) -> None:
    with pytest.raises(pytest.fail.Exception, match="because   valid-accepted: "):
        BatteryCase(BY_ID["sig-missing"], sandbox).run(Answering(401))


@pytest.mark.parametrize("id", ["retry-identical", "secret-rotation"])
def test_what_cannot_be_run_is_skipped_with_the_reason(sandbox: Pivotal, id: str) -> None:
    with pytest.raises(pytest.skip.Exception, match="not tested: "):
        BatteryCase(BY_ID[id], sandbox).run(Answering())


def test_what_is_only_good_to_know_is_an_expected_failure(sandbox: Pivotal) -> None:
    with pytest.raises(pytest.xfail.Exception):
        BatteryCase(BY_ID["method-not-post"], sandbox).run(Answering(204))


def test_what_judges_all_requests_is_run_with_telling_ones(sandbox: Pivotal) -> None:
    with pytest.raises(pytest.fail.Exception, match="reject-status"):
        BatteryCase(BY_ID["reject-status"], sandbox).run(Answering(500))
