"""The options of a run of the battery."""

from dataclasses import dataclass

from pivotal_sandbox.domain.retry_policy import TIMEOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long a run waits, in ms.

    `settle_ms` is how long an accepted event may take to have its effect, `quiet_ms` the least time
    to look for a second effect, `retry_after_ms` the time before a retry (a sender never retries at
    once, and the receiver may still hold a lock), and `gone_pause_ms` the time between two attempts
    to reach a receiver that stopped answering.
    """

    settle_ms: float = 3_000
    quiet_ms: float = 300
    retry_after_ms: float = 350
    gone_pause_ms: float = 250


_WAITS = Waits()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """The options of a run.

    `only` and `skip` hold ids of checks and names of groups. `pace` is in requests per second,
    `timeout` and `max_skew` are in seconds. The same `seed` sends the same requests, except for the
    time in ids and signatures. `verifies_async` is for receivers that acknowledge first and verify
    later. `allow_host` names the hosts that may be reached besides loopback.
    """

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    seed: int | None = None
    pace: float | None = None
    timeout: float = TIMEOUT / 1000
    max_skew: int = 300
    previous_secret: str | None = None
    revoked_secret: str | None = None
    verifies_async: bool = False
    allow_host: tuple[str, ...] = ()
    waits: Waits = _WAITS
