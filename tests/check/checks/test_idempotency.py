"""Broken receivers that the checks of idempotency.py have to notice."""

from typing import Any

import pytest
from tests.check.broken import NoDedupe
from tests.check.receiver import Receiver
from tests.check.receivers import run_one
from tests.check.server import Answer, Request


def test_checks_that_need_a_probe_are_skipped_without_one() -> None:
    report = run_one(NoDedupe(), only=["idempotency"])
    outcomes = {result.id: result.outcome for result in report.results}
    assert outcomes.pop("valid-accepted") == "passed"
    assert outcomes.pop("out-of-order") == "passed"  # which is about the answer alone
    assert set(outcomes.values()) == {"skipped"}


def test_fail_then_retry_is_skipped_if_the_handler_does_not_fail() -> None:
    class Faultless(Receiver):
        async def process(self, request: Request, event: dict[str, Any]) -> Answer:
            event["data"].pop("fault", None)
            return await super().process(request, event)

    receiver = Faultless()
    report = run_one(receiver, probe=receiver.probe, only=["fail-then-retry"])
    [result] = [result for result in report.results if result.id == "fail-then-retry"]
    assert result.outcome == "skipped"
    assert "data.fault" in result.advice


@pytest.mark.parametrize(("processes", "outcome"), [(2, "passed"), (9, "failed")])
def test_several_processes_may_each_fail_once(processes: int, outcome: str) -> None:
    class Several(Receiver):
        async def process(self, request: Request, event: dict[str, Any]) -> Answer:
            if event["data"].pop("fault", None) and self.state.get("failed", 0) < processes:
                self.state["failed"] = self.state.get("failed", 0) + 1
                return Answer(500)
            return await super().process(request, event)

    receiver = Several()
    report = run_one(receiver, probe=receiver.probe, only=["fail-then-retry"])
    [result] = [result for result in report.results if result.id == "fail-then-retry"]
    assert result.outcome == outcome
