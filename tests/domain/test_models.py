"""The nouns, where they do more than hold."""

import pytest
from msgspec.structs import replace

from pivotal_sandbox.domain.models import Endpoint, Outcome, Response, Timing

NEW = Endpoint(id="ep_a", url="http://a.test", mode="test", secret="whsec_new", created_at=0)
ROTATED = replace(NEW, previous_secret="whsec_old", previous_secret_expires_at=1000)


@pytest.mark.parametrize(
    ("endpoint", "now", "secrets"),
    [
        (NEW, 0, ("whsec_new",)),
        (ROTATED, 0, ("whsec_new", "whsec_old")),
        (ROTATED, 999, ("whsec_new", "whsec_old")),
        (ROTATED, 1000, ("whsec_new",)),
        (ROTATED, 2000, ("whsec_new",)),
        (replace(NEW, previous_secret_expires_at=1000), 0, ("whsec_new",)),
        (replace(NEW, previous_secret="whsec_old"), 0, ("whsec_new",)),
    ],
)
def test_the_old_secret_signs_too_until_its_time_is_up(
    endpoint: Endpoint, now: int, secrets: tuple[str, ...]
) -> None:
    assert endpoint.secrets(now) == secrets


def test_secrets_are_not_shown_in_logs() -> None:
    assert "whsec" not in repr(ROTATED)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_a_success(status: int) -> None:
    assert Outcome(Timing(1), Response(status, (), b"")).ok


@pytest.mark.parametrize("status", [199, 300, 304, 400, 500])
def test_any_other_status_is_none(status: int) -> None:
    assert not Outcome(Timing(1), Response(status, (), b"")).ok


def test_no_answer_is_no_success() -> None:
    assert not Outcome(Timing(1), error="timeout").ok
