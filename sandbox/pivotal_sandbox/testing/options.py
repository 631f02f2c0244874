"""What the sandbox of one test is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, Self

from pivotal_sandbox.common.durations import parse_duration
from pivotal_sandbox.domain.models import SignTime
from pivotal_sandbox.domain.retry_policy import TIMEOUT
from pivotal_sandbox.errors import InputError, did_you_mean
from pivotal_sandbox.signature import TOLERANCE

VARIABLE = "PIVOTAL_WEBHOOK_SECRET"


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a sandbox.

    `name` is the test's: with `seed`, each test has ids of its own, the same in every run.
    `sign_time` says whose time the signatures carry: the wall clock's or the sandbox's.
    `tolerance` is in seconds, `timeout` in ms. `allow_hosts` may be reached besides loopback.
    """

    name: str = ""
    secret: str | None = field(default=None, repr=False)
    seed: int | None = None
    sign_time: SignTime = "wall"
    tolerance: int = TOLERANCE
    timeout: int = TIMEOUT
    catalog: Path | None = None
    allow_hosts: tuple[str, ...] = ()

    def marked(self, given: Mapping[str, Any]) -> Self:
        """Return these with those of a `pivotal` mark on top. Raises `InputError`."""
        known = [field.name for field in fields(self) if field.name != "name"]
        for key in given:
            if key not in known:
                raise InputError(
                    f"The mark pivotal has no {key!r}; it has {', '.join(known)}."
                    f"{did_you_mean(key, known)}"
                )
        changes = dict(given)
        if "sign_time" in changes and changes["sign_time"] not in ("wall", "sandbox"):
            raise InputError('sign_time is "wall" or "sandbox".')
        if "timeout" in changes:
            changes["timeout"] = parse_duration(changes["timeout"])
        if changes.get("catalog"):
            changes["catalog"] = Path(changes["catalog"])
        if "allow_hosts" in changes:
            changes["allow_hosts"] = tuple(changes["allow_hosts"])
        return replace(self, **changes)

    def frozen(self) -> Self:
        """Return these with ids, secret, bytes and signatures that are the same in every run."""
        return replace(self, seed=self.seed or 0, sign_time="sandbox")

    @property
    def test_seed(self) -> int | None:
        """The seed of this test: another one for each, so that no two of them share an event id."""
        if self.seed is None:
            return None
        return int.from_bytes(blake2b(f"{self.seed}/{self.name}".encode(), digest_size=8).digest())


def read_options(
    name: str,
    ini: Mapping[str, str | None],
    mark: Mapping[str, Any],
    environment: Mapping[str, str],
) -> Options:
    """Return the options of a test: its mark's, else the environment's, else those of pytest's ini.

    Raises `InputError` for what is none.
    """
    options = Options(
        name=name,
        secret=environment.get(VARIABLE) or ini["secret"] or None,
        seed=_number(ini, "seed") if ini["seed"] else None,
        tolerance=_number(ini, "tolerance"),
    )
    return options.marked(mark) if mark else options


def _number(ini: Mapping[str, str | None], name: str) -> int:
    try:
        return int(ini[name] or "")
    except ValueError:
        raise InputError(
            f"The setting pivotal_{name} is {ini[name]!r}; right is a whole number."
        ) from None
