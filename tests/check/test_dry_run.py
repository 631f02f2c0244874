"""The requests of a check, without a receiver."""

import pytest

from pivotal_sandbox.check.dry_run import dry_run
from pivotal_sandbox.check.options import CheckOptions, Waits
from pivotal_sandbox.check.registry import CASES
from pivotal_sandbox.check.session import Settings
from pivotal_sandbox.errors import InputError

SETTINGS = Settings(
    "http://127.0.0.1:1/hooks",
    "whsec_x",
    1,
    CheckOptions(
        timeout=1.0,
        previous_secret="p",
        revoked_secret="r",
        waits=Waits(settle_ms=0, quiet_ms=0, retry_after_ms=0, gone_pause_ms=0),
    ),
)
OWN = [case.id for case in CASES if case.stage != "last" or case.id == "still-alive"]


@pytest.mark.parametrize("id", OWN)
async def test_dry_run_returns_the_requests_of_every_check(id: str) -> None:
    exchanges = await dry_run(id, SETTINGS)
    assert exchanges
    assert all(exchange.sent.startswith((b"POST /hooks", b"GET /hooks")) for exchange in exchanges)
    assert all(exchange.label for exchange in exchanges)


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("reject-status", "has no own"),
        ("raw-body", "is a group"),
        ("sig-mising", "Did you mean"),
    ],
)
async def test_dry_run_rejects_checks_without_requests(id: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        await dry_run(id, SETTINGS)
