"""The stories that are shipped: each holds, each time the same, unless the sandbox is broken."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs
from tests.scenarios.running import telling

from pivotal_sandbox.domain.models import Endpoint
from pivotal_sandbox.faults.registry import get_fault
from pivotal_sandbox.receiver.verification import Verdict
from pivotal_sandbox.scenarios.library import load_scenario, scenario_names

NAMES = scenario_names()
WIRED = "timeout-but-done"  # has a fault of the transport, and with it a port that may be any


@pytest.mark.parametrize("name", NAMES)
async def test_a_story_holds_and_is_the_same_to_the_byte_each_time(name: str) -> None:
    story = load_scenario(name)
    first, same = await telling(story), await telling(story)
    assert first.failed == []
    assert first.summary.held >= 5
    assert not first.skipped
    assert first.lines == same.lines
    if name != WIRED:
        assert first.json == same.json


async def test_another_seed_makes_other_bytes_of_the_same_story() -> None:
    story = load_scenario("churn")
    first, other = await telling(story), await telling(replace(story, seed=99))
    assert other.failed == []
    for mine, theirs in zip(first.json, other.json, strict=True):
        assert mine["type"] == theirs["type"]
        assert mine["type"] != "event" or mine["event"]["id"] != theirs["event"]["id"]


@pytest.mark.parametrize("name", NAMES)
def test_a_story_says_what_it_is_about(name: str) -> None:
    story = load_scenario(name)
    assert len(story.description) > 60
    assert story.start is not None
    assert story.title != name


async def test_three_months_pass_on_the_virtual_clock_within_the_deadline_of_the_helper() -> None:
    told = await telling(load_scenario("slow-quarter"))
    assert told.summary.took > 80 * 24 * 3600 * 1000


# A story that holds whatever the sandbox does tells nothing: here is what each would notice.

Break = Callable[[pytest.MonkeyPatch], None]


def replaced(target: str, value: Any) -> Break:
    """Return what puts `value` in the place of what is at the dotted path."""
    return lambda patch: patch.setattr(f"pivotal_sandbox.{target}", value)


def _smaller_burst(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        "pivotal_sandbox.faults.traffic.get_fault", lambda name: replace(get_fault(name), events=19)
    )


def _signs_with_the_new_secret_only(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Endpoint, "secrets", lambda self, now: (self.secret,))


def _signs_with_the_old_secret_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        Endpoint,
        "secrets",
        lambda self, now: tuple(filter(None, (self.secret, self.previous_secret))),
    )


def _retries_go_to_the_new_url(patch: pytest.MonkeyPatch) -> None:
    from pivotal_sandbox.sender.dispatcher import Dispatcher

    attempt = Dispatcher._make_attempt

    async def moved(self: Any, job: Any) -> Any:
        endpoint = self._delivery_log.find_endpoint(job.delivery.endpoint_id)
        job.delivery = structs.replace(job.delivery, url=endpoint.url)
        return await attempt(self, job)

    patch.setattr(Dispatcher, "_make_attempt", moved)


def _cancels_nothing(patch: pytest.MonkeyPatch) -> None:
    from pivotal_sandbox.sender.dispatcher import Dispatcher

    async def nothing(self: Any, endpoint_id: str) -> None:
        return None

    patch.setattr(Dispatcher, "cancel", nothing)


def _verified(*args: Any, **kwargs: Any) -> Verdict:
    return Verdict(True, True, None, "Signature valid.")


def _never(*args: Any, **kwargs: Any) -> bool:
    return False


def _always(*args: Any, **kwargs: Any) -> bool:
    return True


def _nothing(*args: Any, **kwargs: Any) -> list[str]:
    return []


def _patience(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("pivotal_sandbox.scenarios.environment.PATIENCE_MS", 100)


def _forgets_the_mode(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        "pivotal_sandbox.sandbox.outbox.subscribed",
        lambda endpoint, event: endpoint.enabled,
    )


BROKEN: list[tuple[str, str, Break]] = [
    (
        "first-ping",
        "everybody is sent everything",
        replaced("sandbox.outbox.subscribed", _always),
    ),
    ("first-ping", "nothing is sent", replaced("sandbox.outbox.subscribed", _never)),
    ("onboarding", "no flip fires", replaced("records.record_store.fired", _nothing)),
    ("onboarding", "nothing follows", replaced("records.record_store.settle", _nothing)),
    ("slow-quarter", "the filter lets all pass", replaced("domain.catalog.paths_overlap", _always)),
    (
        "slow-quarter",
        "the filter lets nothing pass",
        replaced("domain.catalog.paths_overlap", _never),
    ),
    ("at-risk-and-recovered", "no flip fires", replaced("records.record_store.fired", _nothing)),
    (
        "at-risk-and-recovered",
        "a flip fires whenever the state is there",
        replaced("records.record_store.fired", lambda *_: ["customer.at_risk"]),
    ),
    ("churn", "live and test cross", _forgets_the_mode),
    ("churn", "what belongs to it stays", replaced("records.record_store.LINKS", {})),
    ("receiver-outage", "nothing is retried", replaced("domain.retry_policy.is_retried", _never)),
    ("receiver-outage", "a 400 is retried", replaced("domain.retry_policy.is_retried", _always)),
    ("receiver-outage", "no backoff", replaced("domain.retry_policy.backoff", lambda *_: 60_000)),
    ("secret-rotation", "no overlap", _signs_with_the_new_secret_only),
    ("secret-rotation", "no end of it", _signs_with_the_old_secret_for_ever),
    ("duplicate-storm", "a smaller burst", _smaller_burst),
    ("timeout-but-done", "no timeout", replaced("scenarios.in_memory_bins.TIMEOUT", 60_000)),
    ("timeout-but-done", "nothing is retried", replaced("domain.retry_policy.is_retried", _never)),
    ("forgeries", "everything is verified", replaced("receiver.capture.verify_request", _verified)),
    ("moved-endpoint", "retries go to the new URL", _retries_go_to_the_new_url),
    ("moved-endpoint", "nothing is cancelled", _cancels_nothing),
    ("moved-endpoint", "a shorter window", replaced("domain.retry_policy.RETRY_WINDOW", 3_600_000)),
    ("demo", "one attempt more or less", replaced("domain.retry_policy.BACKOFF_FIRST", 60_000)),
    ("demo", "everything is verified", replaced("receiver.capture.verify_request", _verified)),
]


@pytest.mark.parametrize(
    ("name", "broken"),
    [pytest.param(name, broken, id=f"{name}: {how}") for name, how, broken in BROKEN],
)
async def test_a_story_fails_where_the_sandbox_is_broken(
    name: str, broken: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    _patience(monkeypatch)
    broken(monkeypatch)
    told = await telling(load_scenario(name))
    assert told.failed


def test_each_story_is_among_those_that_something_breaks() -> None:
    assert {name for name, _, _ in BROKEN} == set(NAMES)
